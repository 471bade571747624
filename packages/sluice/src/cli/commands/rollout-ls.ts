import { isoTime } from '../../core/iso-time.ts'
import { rolloutStatuses } from '../../http/client/list-filters.ts'
import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { begunIn, isAny, noteMore, pageFor, valueOf, wordOf } from './list-page.ts'

/** `sluice rollout ls`. */
export const command: Command = (cli, input) => {
  const filter = {
    environment: cli.globals.environment ?? undefined,
    service: wordOf(input, 'service'),
    status: valueOf(input, 'status', rolloutStatuses),
    ...begunIn(input),
  }
  return withClient(cli, 'read', async (client) => {
    const page = await pageFor(input, (query) => client.call('rollouts.list', { query: { ...filter, ...query } }))
    if (cli.globals.json) cli.json(page)
    else if (page.items.length === 0) cli.print(isAny(filter) ? 'no such rollouts' : 'no rollouts yet')
    else {
      const rows = page.items.map((one) => [
        one.id,
        one.environment,
        `${one.from?.version ?? 'nothing'} ${cli.style.arrow} ${one.to.version}`,
        `${one.status.replace('_', ' ')}${one.hotfix === null ? '' : ', hotfix'}`,
        isoTime(one.startedAt),
        one.by.name,
      ])
      for (const line of tableLines(['rollout', 'environment', 'releases', 'status', 'started', 'by'], rows, cli.style))
        cli.print(line)
      noteMore(cli, page)
    }
    return 0
  })
}
