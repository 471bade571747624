import { roles } from '../../core/identity/permissions.ts'
import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { grantWords } from './identity.ts'
import { noteMore, pageFor, valueOf, wordOf } from './list-page.ts'

/** `sluice user ls`. */
export const command: Command = (cli, input) => {
  const filter = { role: valueOf(input, 'role', roles), search: wordOf(input, 'search') }
  return withClient(cli, 'read', async (client) => {
    const page = await pageFor(input, (query) => client.call('people.list', { query: { ...filter, ...query } }))
    const { items, next } = page
    if (cli.globals.json) {
      cli.json({ people: items, next })
      return 0
    }
    const rows = items.map(({ name, grants, groups, issuer }) => [
      name,
      grants.map(grantWords).join('; ') || '-',
      groups.join(', ') || '-',
      issuer ?? 'a password here',
    ])
    for (const line of tableLines(['name', 'roles', 'groups', 'signs in at'], rows, cli.style)) cli.print(line)
    noteMore(cli, page)
    return 0
  })
}
