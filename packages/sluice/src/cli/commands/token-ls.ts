import { isoTime } from '../../core/iso-time.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { agoOf } from '../render/times.ts'
import { grantWords } from './identity.ts'
import { limitOf } from './which.ts'

/** `sluice token ls`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const { items } = await client.call('tokens.list', { query: { limit: limitOf(textOption(input, 'limit')) } })
    if (cli.globals.json) {
      cli.json({ tokens: items })
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
    return 0
  })
