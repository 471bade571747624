import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { isRunOver, runLines, runReport } from '../render/run.ts'
import { required } from './which.ts'

/** `sluice runs show`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const run = await client.call('runs.show', { params: { run: required(input.args[0], 'the id of a run') } })
    if (cli.globals.json) cli.json({ run })
    else
      for (const line of [...runLines(run, cli.style), ...(isRunOver(run) ? runReport(run, null, cli.style) : [])])
        cli.print(line)
    return 0
  })
