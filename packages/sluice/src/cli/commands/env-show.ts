import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { environmentLines } from '../render/environment.ts'
import { chosenEnvironment } from './which.ts'

/** `sluice env show`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const name = await chosenEnvironment(cli, client, { given: input.args[0], words: 'env show' })
    const environment = await client.call('environments.show', { params: { environment: name } })
    if (cli.globals.json) cli.json({ environment })
    else for (const line of environmentLines(environment, Date.now(), cli.style)) cli.print(line)
    return 0
  })
