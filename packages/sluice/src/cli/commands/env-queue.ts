import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { queueLines } from '../render/queue.ts'
import { chosenEnvironment } from './which.ts'

/** `sluice env queue`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const environment = await chosenEnvironment(cli, client, { given: input.args[0], words: 'env queue' })
    const queue = await client.call('environments.queue', { params: { environment } })
    if (cli.globals.json) cli.json({ queue })
    else for (const line of queueLines(queue, Date.now(), cli.style)) cli.print(line)
    return 0
  })
