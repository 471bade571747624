import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { grantOption, grantWords, newPasswordOf } from './identity.ts'
import { required } from './which.ts'

/** `sluice user add`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const name = required(input.args[0], 'a name')
    const grant = grantOption(input)
    const reason = textOption(input, 'message')
    const password = await newPasswordOf(cli, input)
    const added = await client.call('people.add', { body: { name, password, reason } })
    const person =
      grant === null
        ? added
        : await client.call('people.grant', {
            params: { person: name, role: grant.role },
            body: { environments: grant.environments, reason },
          })
    if (cli.globals.json) cli.json({ person })
    else
      cli.print(
        `${cli.style.mark('done')} added ${name}, ${person.grants.map(grantWords).join('; ') || 'with no role yet: sluice user role'}`,
      )
    return 0
  })
