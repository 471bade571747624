import { type Command, flagOption, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { followRun, freshKey } from './follow.ts'
import { required } from './which.ts'

/** `sluice runs retry`: a new run of the same commit with the same plan; with `--failed`, without what succeeded in that one. */
export const command: Command = (cli, input) =>
  withClient(cli, 'work', async (client, kind) => {
    const earlier = await client.call('runs.show', { params: { run: required(input.args[0], 'the id of a run') } })
    const failedOf = flagOption(input, 'failed') ? earlier.id : null
    const body = { retryOf: earlier.id, failedOf, reason: textOption(input, 'message') }
    const { run } = await client.call('runs.start', { body, idempotencyKey: freshKey() })
    return followRun(cli, { client, id: run, timeoutMs: null, isHere: kind === 'inProcess' })
  })
