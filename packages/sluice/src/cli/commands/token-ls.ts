import { isoTime } from '../../core/iso-time.ts'
import { tokenStatuses } from '../../http/client/list-filters.ts'
import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { agoOf } from '../render/times.ts'
import { grantWords } from './identity.ts'
import { noteMore, pageFor, valueOf, wordOf } from './list-page.ts'

/** `sluice token ls`. */
export const command: Command = (cli, input) => {
  const filter = { owner: wordOf(input, 'owner'), status: valueOf(input, 'status', tokenStatuses) }
  return withClient(cli, 'read', async (client) => {
    const page = await pageFor(input, (query) => client.call('tokens.list', { query: { ...filter, ...query } }))
    const { items, next } = page
    if (cli.globals.json) {
      cli.json({ tokens: items, next })
      return 0
    }
    const now = Date.now()
    const rows = items.map(({ id, label, owner, kind, scope, status, usedAt, expiresAt }) => [
      id,
      label,
      owner ?? (kind === 'wif' ? 'a CI job' : 'a program'),
      scope === null ? 'all that its owner may' : scope.map(grantWords).join('; '),
      status,
      usedAt === null ? 'never' : agoOf(usedAt, now),
      isoTime(expiresAt),
    ])
    for (const line of tableLines(['token', 'for', 'of', 'may', 'state', 'used', 'until'], rows, cli.style))
      cli.print(line)
    noteMore(cli, page)
    return 0
  })
}
