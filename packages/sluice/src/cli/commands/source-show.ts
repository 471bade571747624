import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { arrivalLines } from '../render/arrival.ts'

/** `sluice source show`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const arrival = await client.call('arrivals.show', { params: { arrival: input.args[0] ?? '' } })
    if (cli.globals.json) cli.json({ arrival })
    else for (const line of arrivalLines(arrival, cli.style)) cli.print(line)
    return 0
  })
