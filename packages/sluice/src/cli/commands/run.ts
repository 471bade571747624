import { type Command, flagOption, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { noteText } from '../../core/pipeline/notes.ts'
import { followRun, freshKey, timeoutOf } from './follow.ts'
import { pipelineOf } from './foreign.ts'

/** `sluice run`. Without a server the run happens in this process, and Ctrl-C calls it off. */
export const command: Command = (cli, input) => {
  const waits = input.options['wait'] !== false
  const timeoutMs = timeoutOf(input)
  const pipeline = pipelineOf(cli, input)
  const need = { need: waits ? 'work' : 'server', isBare: pipeline !== null } as const
  return withClient(cli, need, async (client, kind) => {
    const jobs = jobsOf(input)
    const body = { ref: input.args[0] ?? 'HEAD', jobs, reason: textOption(input, 'message'), pipeline }
    const { run, notes } = await client.call('runs.start', { body, idempotencyKey: freshKey() })
    for (const note of notes) cli.note(`${cli.noteStyle.mark('warn')} ${noteText(note)}`)
    if (!waits) {
      if (cli.globals.json) cli.json({ run, notes })
      else cli.print(run)
      return 0
    }
    if (flagOption(input, 'verbose'))
      cli.note(kind === 'server' ? `on the control plane at ${client.url}` : 'in this process: no control plane runs')
    return followRun(cli, { client, id: run, timeoutMs, isHere: kind === 'inProcess' })
  })
}

const jobsOf = ({ options }: Input): readonly string[] | null =>
  Array.isArray(options['job']) ? options['job'].map(String) : null
