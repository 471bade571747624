import { type Command, flagOption, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { freshKey } from './follow.ts'
import { environmentsOf, grantWords, roleNamed } from './identity.ts'
import { required } from './which.ts'

/** `sluice user role`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const params = { person: required(input.args[0], 'a name'), role: roleNamed(required(input.args[1], 'a role')) }
    const reason = textOption(input, 'message')
    const asked = { params, idempotencyKey: freshKey() }
    const person = flagOption(input, 'remove')
      ? await client.call('people.revoke', { ...asked, body: { reason } })
      : await client.call('people.grant', { ...asked, body: { environments: environmentsOf(input), reason } })
    if (cli.globals.json) cli.json({ person })
    else cli.print(`${cli.style.mark('done')} ${person.name}: ${person.grants.map(grantWords).join('; ') || 'no role'}`)
    return 0
  })
