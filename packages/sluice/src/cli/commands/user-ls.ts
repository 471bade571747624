import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { grantWords } from './identity.ts'
import { limitOf } from './which.ts'

/** `sluice user ls`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const { items } = await client.call('people.list', { query: { limit: limitOf(textOption(input, 'limit')) } })
    if (cli.globals.json) {
      cli.json({ people: items })
      return 0
    }
    const rows = items.map(({ name, grants, groups, issuer }) => [
      name,
      grants.map(grantWords).join('; ') || '-',
      groups.join(', ') || '-',
      issuer ?? 'a password here',
    ])
    for (const line of tableLines(['name', 'roles', 'groups', 'signs in at'], rows, cli.style)) cli.print(line)
    return 0
  })
