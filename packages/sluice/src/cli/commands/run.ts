import { type Command, flagOption, type Input, textOption } from '../cli.ts'
import { SluiceError } from '../../core/errors.ts'
import type { RunEventName } from '../../http/client/run-views.ts'
import { withClient } from '../connect.ts'
import { followRun, freshKey, timeoutOf } from './follow.ts'

/** `sluice run`. Without a server the run happens in this process, and Ctrl-C calls it off. */
export const command: Command = (cli, input) => {
  const waits = input.options['wait'] !== false
  const timeoutMs = timeoutOf(input)
  return withClient(cli, waits ? 'work' : 'server', async (client, kind) => {
    const jobs = jobsOf(input)
    const isTree = flagOption(input, 'here')
    if (isTree && input.args[0] !== undefined)
      throw new SluiceError('usage_invalid', {
        detail: '--here runs the working tree, and a commit was named, too',
        hint: 'sluice run --here',
      })
    const body = {
      ...{ ref: input.args[0] ?? 'HEAD', jobs, reason: textOption(input, 'message') },
      ...{ event: eventOf(input), of: isTree ? ('tree' as const) : null },
    }
    const { run } = await client.call('runs.start', { body, idempotencyKey: freshKey() })
    if (isTree) cli.note('the working tree as it is: this run cuts no release')
    const { left } = await client.call('runs.show', { params: { run } })
    for (const { job, because } of left) cli.note(`not in this run: ${job}: ${because}`)
    if (!waits) {
      if (cli.globals.json) cli.json({ run })
      else cli.print(run)
      return 0
    }
    if (flagOption(input, 'verbose'))
      cli.note(kind === 'server' ? `on the control plane at ${client.url}` : 'in this process: no control plane runs')
    return followRun(cli, { client, id: run, timeoutMs, isHere: kind === 'inProcess' })
  })
}

const events = ['manual', 'push', 'pull_request', 'tag', 'schedule'] as const

const eventOf = (input: Input): RunEventName | null => {
  const text = textOption(input, 'event')
  const event = events.find((one) => one === text)
  if (text === null || event !== undefined) return event ?? null
  throw new SluiceError('usage_invalid', {
    detail: `--event ${text} is none of ${events.join(', ')}`,
    hint: 'sluice run --event push',
  })
}

const jobsOf = ({ options }: Input): readonly string[] | null =>
  Array.isArray(options['job']) ? options['job'].map(String) : null
