import { SluiceError } from '../../core/errors.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { ledgerFilterOf, rowNumber } from './ledger-filter.ts'

/** `sluice ledger export`: JSON lines or CSV on stdout, with or without --json. */
export const command: Command = async (cli, input) => {
  const after = rowNumber(textOption(input, 'after'), '--after') ?? 0
  const format = formatOf(textOption(input, 'format'))
  const query = { ...ledgerFilterOf(cli, input), after, format }
  return withClient(cli, 'read', async (client) => {
    try {
      for await (const piece of client.exportLedger(query, cli.interrupted)) {
        cli.stdout.write(piece)
        await cli.stdout.flushed()
      }
    } catch (error) {
      if (!cli.interrupted.aborted) throw error
    }
    // What was called off lacks its last line, by which an export is known to be whole.
    return cli.interrupted.aborted ? 130 : 0
  })
}

const formatOf = (text: string | null): 'jsonl' | 'csv' => {
  if (text === null || text === 'jsonl') return 'jsonl'
  if (text === 'csv') return 'csv'
  throw new SluiceError('usage_invalid', { detail: `there is no form ${text}`, hint: '--format jsonl | csv' })
}
