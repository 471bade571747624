import { isoTime } from '../../core/iso-time.ts'
import { trainStatuses } from '../../http/client/list-filters.ts'
import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { begunIn, noteMore, pageFor, valueOf } from './list-page.ts'

/** `sluice train ls`. */
export const command: Command = (cli, input) => {
  const filter = { status: valueOf(input, 'status', trainStatuses), ...begunIn(input) }
  return withClient(cli, 'read', async (client) => {
    const page = await pageFor(input, (query) => client.call('trains.list', { query: { ...filter, ...query } }))
    const { items, next } = page
    if (cli.globals.json) {
      cli.json({ trains: items, next })
      return 0
    }
    const rows = items.map(({ id, status, startedAt, by, members }) => [
      id,
      status.replace('_', ' '),
      members.map(({ service, environment, release }) => `${service}/${environment}@${release.version}`).join(' '),
      by.name,
      isoTime(startedAt),
    ])
    for (const line of tableLines(['train', 'state', 'releases', 'by', 'since'], rows, cli.style)) cli.print(line)
    noteMore(cli, page)
    return 0
  })
}
