import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { freshKey } from './follow.ts'
import { required } from './which.ts'

/** `sluice releases unhold`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const release = required(input.args[0], 'a release')
    const body = { reason: textOption(input, 'message') }
    await client.call('releases.unhold', { params: { release }, body, idempotencyKey: freshKey() })
    if (cli.globals.json) cli.json({ release, held: false })
    else cli.print(`${cli.style.mark('done')} ${release} is no longer held`)
    return 0
  })
