import { isoTime } from '../../core/iso-time.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { limitOf } from './which.ts'

/** `sluice releases ls`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const page = await client.call('releases.list', { query: { limit: limitOf(textOption(input, 'limit')) } })
    if (cli.globals.json) cli.json(page)
    else if (page.items.length === 0) cli.print('no releases yet: sluice run')
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
    }
    return 0
  })
