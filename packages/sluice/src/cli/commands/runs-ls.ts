import { isoTime } from '../../core/iso-time.ts'
import { spanOf } from '../../http/client/words.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { limitOf } from './which.ts'

/** `sluice runs ls`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const page = await client.call('runs.list', { query: { limit: limitOf(textOption(input, 'limit')) } })
    if (cli.globals.json) cli.json(page)
    else if (page.items.length === 0) cli.print('no runs yet: sluice run')
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
    }
    return 0
  })
