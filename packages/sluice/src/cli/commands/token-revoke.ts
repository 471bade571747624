import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { freshKey } from './follow.ts'
import { required } from './which.ts'

/** `sluice token revoke`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const token = required(input.args[0], 'a token (its id: sluice token ls)')
    await client.call('tokens.revoke', {
      params: { token },
      body: { reason: textOption(input, 'message') },
      idempotencyKey: freshKey(),
    })
    if (cli.globals.json) cli.json({ token, revoked: true })
    else cli.print(`${cli.style.mark('done')} ${token} is revoked`)
    return 0
  })
