import { SluiceError } from '../../core/errors.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { reasonOf } from './door.ts'
import { freshKey } from './follow.ts'
import { momentOf } from './ledger-filter.ts'

/** `sluice ledger prune`. */
export const command: Command = (cli, input) => {
  const before = momentOf(textOption(input, 'before'), '--before')
  if (before === null)
    throw new SluiceError('usage_invalid', {
      detail: 'sluice ledger prune wants to know before when',
      hint: 'sluice ledger prune --before 400d -m "kept for 400 days"',
    })
  const reason = reasonOf(input, 'ledger prune')
  return withClient(cli, 'work', async (client) => {
    const body = { before: Math.floor(before), reason }
    const pruned = await client.call('ledger.prune', { body, idempotencyKey: freshKey(), timeoutMs: 600_000 })
    if (cli.globals.json) cli.json({ ...pruned })
    else {
      cli.print(
        `${cli.style.mark('done')} ${pruned.rows.toLocaleString('en')} rows up to row ${pruned.until} have no text any more; their hashes stay`,
      )
      cli.note('  rows of what is not over keep theirs; sluice ledger verify counts what was pruned')
    }
    return 0
  })
}
