import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { trainLines } from '../render/train.ts'
import { whyLines } from '../render/why.ts'
import { required } from './which.ts'

/** `sluice why`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const id = required(input.args[0], 'the id of a rollout or a train')
    if (id.startsWith('tra_')) {
      const train = await client.call('trains.show', { params: { train: id } })
      if (cli.globals.json) cli.json({ train })
      else for (const line of trainLines(train, cli.style)) cli.print(line)
      return 0
    }
    const why = await client.call('rollouts.why', { params: { rollout: id } })
    if (cli.globals.json) cli.json({ ...why })
    else for (const line of whyLines(why, cli.style, cli.stdout.columns)) cli.print(line)
    return 0
  })
