import { bytesText } from '../../core/evidence/gates/numbers.ts'
import type { Command } from '../cli.ts'
import { tableLines } from '../render/table.ts'
import { agoOf } from '../render/times.ts'

/** `sluice cache ls`: what this project's state directory keeps. */
export const command: Command = async (cli) => {
  const entries = await cli.host.cachedThings(cli.globals.stateDir)
  if (cli.globals.json) {
    cli.json({ entries })
    return 0
  }
  if (entries.length === 0) {
    cli.note('nothing is in the cache')
    return 0
  }
  const now = Date.now()
  const rows = entries.map(({ scope, kind, name, madeBy, createdAt, bytes }) => [
    kind,
    name,
    scope,
    bytesText(bytes),
    agoOf(createdAt, now),
    madeBy,
  ])
  for (const line of tableLines(['kind', 'name', 'scope', 'size', 'made', 'by'], rows, cli.style)) cli.print(line)
  return 0
}
