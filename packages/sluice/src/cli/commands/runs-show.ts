import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { wholeEvidenceLines } from '../render/evidence.ts'
import { isRunOver, runLines, runReport } from '../render/run.ts'
import { evidenceOf } from './evidence-of.ts'
import { required } from './which.ts'

/** `sluice runs show`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const run = await client.call('runs.show', { params: { run: required(input.args[0], 'the id of a run') } })
    const evidence = await evidenceOf(cli, client, run.id)
    if (cli.globals.json) cli.json({ run, evidence })
    else {
      const shown = wholeEvidenceLines(evidence, run, cli.style)
      const over = isRunOver(run) ? runReport(run, null, cli.style) : []
      const space = shown.length === 0 ? [] : ['']
      for (const line of [...runLines(run, cli.style), ...space, ...shown, ...over]) cli.print(line)
    }
    return 0
  })
