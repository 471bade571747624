import { isoTime } from '../../core/iso-time.ts'
import type { Command, Input } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { begunIn, isAny, noteMore, pageFor, wordOf } from './list-page.ts'

/** `sluice releases ls`. */
export const command: Command = (cli, input) => {
  const filter = {
    service: wordOf(input, 'service'),
    version: wordOf(input, 'release'),
    commit: wordOf(input, 'commit'),
    serves: wordOf(input, 'serves'),
    held: heldOf(input),
    ...begunIn(input),
  }
  return withClient(cli, 'read', async (client) => {
    const page = await pageFor(input, (query) => client.call('releases.list', { query: { ...filter, ...query } }))
    if (cli.globals.json) cli.json(page)
    else if (page.items.length === 0) cli.print(isAny(filter) ? 'no such releases' : 'no releases yet: sluice run')
    else {
      const rows = page.items.map((one) => [
        one.version,
        one.id.slice(0, 16),
        isoTime(one.cutAt),
        one.commit.id.slice(0, 12),
        one.hold === null ? one.serves.join(', ') : [...one.serves, 'held'].join(', '),
        one.commit.subject,
      ])
      for (const line of tableLines(['version', 'release', 'cut', 'commit', 'serves', 'subject'], rows, cli.style))
        cli.print(line)
      noteMore(cli, page)
    }
    return 0
  })
}

/** `--held` and `--no-held`: neither means both. */
const heldOf = ({ options }: Input): 'true' | 'false' | undefined => {
  if (options['held'] === true) return 'true'
  return options['held'] === false ? 'false' : undefined
}
