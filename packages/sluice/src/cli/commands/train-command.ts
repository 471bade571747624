import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { trainLines } from '../render/train.ts'
import { freshKey } from './follow.ts'

/** `sluice train abort` and `sluice train retry`. */
export const commandFor =
  (name: 'abort' | 'retry'): Command =>
  (cli, input) =>
    withClient(cli, 'server', async (client) => {
      const train = await client.call('trains.command', {
        params: { train: input.args[0] ?? '' },
        body: { command: name, reason: textOption(input, 'message') },
        idempotencyKey: freshKey(),
      })
      if (cli.globals.json) cli.json({ train })
      else for (const line of trainLines(train, cli.style)) cli.print(line)
      return 0
    })
