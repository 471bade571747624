import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { freshKey } from './follow.ts'
import { grantOption, grantWords, newPasswordOf } from './identity.ts'
import { required } from './which.ts'

/** `sluice user add`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const name = required(input.args[0], 'a name')
    const grant = grantOption(input)
    const reason = textOption(input, 'message')
    const password = await newPasswordOf(cli, input)
    const person = await client.call('people.add', {
      body: { name, password, grant, reason },
      idempotencyKey: freshKey(),
    })
    if (cli.globals.json) cli.json({ person })
    else
      cli.print(
        `${cli.style.mark('done')} added ${name}, ${person.grants.map(grantWords).join('; ') || 'with no role yet: sluice user role'}`,
      )
    return 0
  })
