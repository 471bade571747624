import { SluiceError } from '../../core/errors.ts'
import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'

/** `sluice ledger export`: JSON lines on stdout, with or without --json. */
export const command: Command = (cli, input) => {
  const text = textOption(input, 'after')
  const after = text === null ? 0 : Number(text)
  if (!Number.isSafeInteger(after) || after < 0)
    throw new SluiceError('usage_invalid', { detail: `--after ${text ?? ''} is not a row number`, hint: '--after 120' })
  return withClient(cli, 'read', async (client) => {
    try {
      for await (const piece of client.exportLedger(after, cli.interrupted)) {
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
