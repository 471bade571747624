import { SluiceError } from '../../core/errors.ts'
import { isoTime } from '../../core/iso-time.ts'
import type { LedgerRowView } from '../../http/client/ledger-views.ts'
import { type Command, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { ledgerFilterOf, rowNumber } from './ledger-filter.ts'

const rowsDefault = 50

/** `sluice ledger ls`: rows that are meant, the newest first; after a row, in their order. */
export const command: Command = (cli, input) => {
  const filter = ledgerFilterOf(cli, input)
  const wanted = rowNumber(textOption(input, 'limit'), '--limit') ?? rowsDefault
  const start = startOf(input)
  return withClient(cli, 'read', async (client) => {
    const rows: LedgerRowView[] = []
    let place = start.place
    do {
      const limit = Math.min(wanted - rows.length, 500)
      const from = start.order === 'oldest' ? { after: place ?? undefined } : { before: place ?? undefined }
      const page = await client.call('ledger.page', { query: { ...filter, limit, order: start.order, ...from } })
      rows.push(...page.rows)
      place = page.next
    } while (place !== null && rows.length < wanted)
    if (cli.globals.json) cli.json({ rows, next: place })
    else if (rows.length === 0) cli.print('no such rows')
    else {
      const head = ['row', 'time', 'who', 'what', 'of', 'from', 'why']
      for (const line of tableLines(head, rows.map(cellsOf), cli.style)) cli.print(line)
      if (place !== null) cli.note(`  more  --${start.order === 'oldest' ? 'after' : 'before'} ${place}`)
    }
    return 0
  })
}

/** From where on, and in which order. `usage_invalid`. */
const startOf = (input: Input): { readonly order: 'oldest' | 'newest'; readonly place: number | null } => {
  const after = rowNumber(textOption(input, 'after'), '--after')
  const before = rowNumber(textOption(input, 'before'), '--before')
  if (after === null) return { order: 'newest', place: before }
  if (before === null) return { order: 'oldest', place: after }
  throw new SluiceError('usage_invalid', {
    detail: '--after begins with the oldest row and --before with the newest',
    hint: 'give one of them, and --limit',
  })
}

const cellsOf = ({ seq, at, actor, type, key, where, reason }: LedgerRowView): readonly string[] => [
  String(seq),
  isoTime(at),
  actor.name,
  type,
  `${key.kind} ${key.id}`,
  where?.address ?? where?.client ?? '',
  reason ?? '',
]
