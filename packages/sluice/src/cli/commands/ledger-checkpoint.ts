import { type Command, flagOption, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { rowNumber } from './ledger-filter.ts'

/** `sluice ledger checkpoint`: the signed note on stdout, as it is. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const size = rowNumber(textOption(input, 'size'), '--size')
    const checkpoint = await client.call('ledger.checkpoint', { query: size === null ? {} : { size } })
    if (cli.globals.json) cli.json({ ...checkpoint })
    else if (flagOption(input, 'publicKey')) cli.stdout.write(`${checkpoint.key}\n`)
    else {
      cli.stdout.write(checkpoint.note)
      cli.note(`${cli.noteStyle.mark('done')} signed by ${checkpoint.key}`)
      cli.note(
        '  kept elsewhere, it shows later that nothing of it was changed: sluice ledger verify --checkpoint <file>',
      )
    }
    return 0
  })
