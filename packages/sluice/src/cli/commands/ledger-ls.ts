import { isoTime } from '../../core/iso-time.ts'
import type { LedgerRowView } from '../../http/client/ledger-views.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { ledgerFilterOf, rowNumber } from './ledger-filter.ts'

const rowsDefault = 50

/** `sluice ledger ls`: rows that are meant, in their order. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const filter = ledgerFilterOf(cli, input)
    const wanted = rowNumber(textOption(input, 'limit'), '--limit') ?? rowsDefault
    const rows: LedgerRowView[] = []
    let after = rowNumber(textOption(input, 'after'), '--after')
    do {
      const limit = Math.min(wanted - rows.length, 500)
      const page = await client.call('ledger.page', {
        query: { ...filter, limit, ...(after === null ? {} : { after }) },
      })
      rows.push(...page.rows)
      after = page.next
    } while (after !== null && rows.length < wanted)
    if (cli.globals.json) cli.json({ rows, next: after })
    else if (rows.length === 0) cli.print('no such rows')
    else {
      const head = ['row', 'time', 'who', 'what', 'of', 'from', 'why']
      for (const line of tableLines(head, rows.map(cellsOf), cli.style)) cli.print(line)
      if (after !== null) cli.note(`  more  --after ${after}`)
    }
    return 0
  })

const cellsOf = ({ seq, at, actor, type, key, where, reason }: LedgerRowView): readonly string[] => [
  String(seq),
  isoTime(at),
  actor.name,
  type,
  `${key.kind} ${key.id}`,
  where?.address ?? where?.client ?? '',
  reason ?? '',
]
