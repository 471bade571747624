import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { freshKey } from './follow.ts'
import { pairsOf } from './foreign.ts'
import { required } from './which.ts'

/** `sluice runs play`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const run = required(input.args[0], 'the id of a run')
    const job = required(input.args[1], 'the name of a job')
    const body = { job, inputs: pairsOf(input, 'input'), reason: textOption(input, 'message') }
    await client.call('runs.play', { params: { run }, body, idempotencyKey: freshKey() })
    if (cli.globals.json) cli.json({ run, job })
    else cli.note(`${cli.noteStyle.mark('done')} ${job} of ${run} starts   sluice runs logs ${run} ${job} --follow`)
    return 0
  })
