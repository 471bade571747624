import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { freshKey } from './follow.ts'
import { required } from './which.ts'

/** `sluice user rm`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const name = required(input.args[0], 'a name')
    await client.call('people.remove', {
      params: { person: name },
      body: { reason: textOption(input, 'message') },
      idempotencyKey: freshKey(),
    })
    if (cli.globals.json) cli.json({ person: name, removed: true })
    else cli.print(`${cli.style.mark('done')} ${name} is removed; sessions and tokens of that name are over`)
    return 0
  })
