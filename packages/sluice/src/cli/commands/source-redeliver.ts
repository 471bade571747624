import { type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { arrivalLines } from '../render/arrival.ts'
import { freshKey } from './follow.ts'

/** `sluice source redeliver`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const arrival = await client.call('arrivals.redeliver', {
      params: { arrival: input.args[0] ?? '' },
      body: { reason: textOption(input, 'message') },
      idempotencyKey: freshKey(),
    })
    if (cli.globals.json) cli.json({ arrival })
    else for (const line of arrivalLines(arrival, cli.style)) cli.print(line)
    return 0
  })
