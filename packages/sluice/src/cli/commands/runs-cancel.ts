import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { freshKey } from './follow.ts'
import { required } from './which.ts'

/** `sluice runs cancel`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const run = required(input.args[0], 'the id of a run')
    await client.call('runs.cancel', {
      params: { run },
      body: { reason: textOption(input, 'message') },
      idempotencyKey: freshKey(),
    })
    if (cli.globals.json) cli.json({ run, cancelling: true })
    else cli.print(`${cli.style.mark('done')} ${run} is being called off   sluice runs show ${run}`)
    return 0
  })
