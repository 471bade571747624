import { isoTime } from '../../core/iso-time.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { limitOf } from './which.ts'

/** `sluice train ls`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const limit = limitOf(textOption(input, 'limit'))
    const { items } = await client.call('trains.list', { query: { limit } })
    if (cli.globals.json) {
      cli.json({ trains: items })
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
    return 0
  })
