import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { followRun, freshKey } from './follow.ts'
import { required } from './which.ts'

/** `sluice runs retry`: a new run of the same commit, and of the whole pipeline. */
export const command: Command = (cli, input) =>
  withClient(cli, 'work', async (client, kind) => {
    const { commit } = await client.call('runs.show', { params: { run: required(input.args[0], 'the id of a run') } })
    const body = { ref: commit.id, reason: textOption(input, 'message') }
    const { run } = await client.call('runs.start', { body, idempotencyKey: freshKey() })
    return followRun(cli, { client, id: run, timeoutMs: null, isHere: kind === 'inProcess' })
  })
