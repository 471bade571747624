import { SluiceError } from '../../core/errors.ts'
import { type Command, flagOption, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { followRun, freshKey, timeoutOf } from './follow.ts'

/** `sluice run`. Without a server the run happens in this process, and Ctrl-C calls it off. */
export const command: Command = (cli, input) => {
  const waits = input.options['wait'] !== false
  const timeoutMs = timeoutOf(input)
  return withClient(cli, waits ? 'work' : 'server', async (client, kind) => {
    const jobs = jobsOf(input)
    const body = { ref: input.args[0] ?? 'HEAD', jobs, reason: textOption(input, 'message') }
    const { run } = await client.call('runs.start', { body, idempotencyKey: freshKey() })
    if (!waits) {
      if (cli.globals.json) cli.json({ run })
      else cli.print(run)
      return 0
    }
    if (flagOption(input, 'verbose'))
      cli.note(kind === 'server' ? `on the control plane at ${client.url}` : 'in this process: no control plane runs')
    const code = await followRun(cli, { client, id: run, timeoutMs })
    if (code !== 130 || kind === 'server') return code
    return callOff()

    async function callOff(): Promise<number> {
      cli.note('calling it off, because it runs in this process (Ctrl-C again: leave at once)')
      await client.call('runs.cancel', { params: { run }, body: { reason: 'Ctrl-C' } }).catch((error: unknown) => {
        if (!(error instanceof SluiceError) || error.code !== 'command_conflict') throw error
      })
      for (;;) {
        const { status } = await client.call('runs.show', { params: { run } })
        if (status !== 'running' && status !== 'stopping' && status !== 'cutting') return 130
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  })
}

const jobsOf = ({ options }: Input): readonly string[] | null =>
  Array.isArray(options['job']) ? options['job'].map(String) : null
