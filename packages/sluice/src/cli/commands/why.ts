import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { whyLines } from '../render/why.ts'
import { required } from './which.ts'

/** `sluice why`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const why = await client.call('rollouts.why', {
      params: { rollout: required(input.args[0], 'the id of a rollout') },
    })
    if (cli.globals.json) cli.json({ ...why })
    else for (const line of whyLines(why, cli.style, cli.stdout.columns)) cli.print(line)
    return 0
  })
