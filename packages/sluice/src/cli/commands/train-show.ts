import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { trainLines } from '../render/train.ts'

/** `sluice train show`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const train = await client.call('trains.show', { params: { train: input.args[0] ?? '' } })
    if (cli.globals.json) cli.json({ train })
    else for (const line of trainLines(train, cli.style)) cli.print(line)
    return 0
  })
