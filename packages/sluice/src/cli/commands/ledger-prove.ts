import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { rowNumber } from './ledger-filter.ts'
import { required } from './which.ts'

/** `sluice ledger prove`: the proof as a file on stdout. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const seq = rowNumber(required(input.args[0], 'the number of a row'), 'the number of a row') ?? 0
    const size = rowNumber(textOption(input, 'size'), '--size')
    const found = await client.call('ledger.inclusion', { query: { seq, ...(size === null ? {} : { size }) } })
    if (cli.globals.json) cli.json({ ...found })
    else {
      cli.stdout.write(found.proof)
      cli.note(`${cli.noteStyle.mark('done')} row ${seq} of ${found.size}, signed by ${found.checkpoint.key}`)
    }
    return 0
  })
