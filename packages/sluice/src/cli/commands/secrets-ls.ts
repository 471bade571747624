import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { agoOf } from '../render/times.ts'

/** `sluice secrets ls`. */
export const command: Command = (cli) =>
  withClient(cli, 'read', async (client) => {
    const { secrets } = await client.call('secrets.list', {})
    if (cli.globals.json) {
      cli.json({ secrets })
      return 0
    }
    if (secrets.length === 0) {
      cli.print('no secret is kept here   sluice secrets set <name>')
      return 0
    }
    const now = Date.now()
    const rows = secrets.map(({ name, version, versions, setAt, setBy }) => [
      name,
      version,
      String(versions),
      setAt === null ? 'not from here' : agoOf(setAt, now),
      setBy?.name ?? '',
    ])
    for (const line of tableLines(['secret', 'version', 'kept', 'set', 'by'], rows, cli.style)) cli.print(line)
    return 0
  })
