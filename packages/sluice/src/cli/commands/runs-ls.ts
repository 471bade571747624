import { isoTime } from '../../core/iso-time.ts'
import { runEvents, runPipelines, runStatuses } from '../../http/client/list-filters.ts'
import { spanOf } from '../../http/client/words.ts'
import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { begunIn, isAny, noteMore, pageFor, valueOf, wordOf } from './list-page.ts'

/** `sluice runs ls`. */
export const command: Command = (cli, input) => {
  const filter = {
    status: valueOf(input, 'status', runStatuses),
    branch: wordOf(input, 'branch'),
    commit: wordOf(input, 'commit'),
    event: valueOf(input, 'event', runEvents),
    pipeline: valueOf(input, 'pipeline', runPipelines),
    service: wordOf(input, 'service'),
    ...begunIn(input),
  }
  return withClient(cli, 'read', async (client) => {
    const page = await pageFor(input, (query) => client.call('runs.list', { query: { ...filter, ...query } }))
    if (cli.globals.json) cli.json(page)
    else if (page.items.length === 0) cli.print(isAny(filter) ? 'no such runs' : 'no runs yet: sluice run')
    else {
      const rows = page.items.map((run) => [
        run.id,
        run.status,
        run.commit.id.slice(0, 12),
        run.release?.version ?? '',
        isoTime(run.startedAt),
        run.settledAt === null ? '' : spanOf(run.settledAt - run.startedAt),
        run.commit.subject,
      ])
      for (const line of tableLines(
        ['run', 'status', 'commit', 'release', 'started', 'took', 'subject'],
        rows,
        cli.style,
      ))
        cli.print(line)
      noteMore(cli, page)
    }
    return 0
  })
}
