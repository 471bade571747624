import { type Cli, type Command, flagOption, type Input, textOption } from '../cli.ts'
import { SluiceError } from '../../core/errors.ts'
import type { RunEventName } from '../../http/client/run-views.ts'
import type { Client } from '../../http/client/client.ts'
import { type Connection, withClient } from '../connect.ts'
import { followRun, freshKey, timeoutOf } from './follow.ts'

/** `sluice run`. Without a server the run happens in this process, and Ctrl-C calls it off. */
export const command: Command = (cli, input) => {
  const waits = input.options['wait'] !== false
  const isWatching = flagOption(input, 'watch')
  const isTree = isWatching || flagOption(input, 'here')
  if (isTree && input.args[0] !== undefined) throw contrary('--here runs the working tree, and a commit was named, too')
  if (isWatching && !waits) throw contrary('--watch waits, and --no-wait does not')
  return withClient(cli, waits ? 'work' : 'server', async (client, kind) => {
    if (flagOption(input, 'verbose'))
      cli.note(kind === 'server' ? `on the control plane at ${client.url}` : 'in this process: no control plane runs')
    const once = (): Promise<number> => runOnce(cli, input, { client, kind, isTree, waits })
    if (!isWatching) return once()
    const { watchTree } = await import('./run-watch.ts')
    return watchTree(cli, once)
  })
}

type Running = {
  readonly client: Client
  readonly kind: Connection['kind']
  readonly isTree: boolean
  readonly waits: boolean
}

const runOnce = async (cli: Cli, input: Input, { client, kind, isTree, waits }: Running): Promise<number> => {
  const body = {
    ...{ ref: input.args[0] ?? 'HEAD', jobs: jobsOf(input), reason: textOption(input, 'message') },
    ...{ event: eventOf(input), of: isTree ? ('tree' as const) : null },
  }
  const { run } = await client.call('runs.start', { body, idempotencyKey: freshKey() })
  if (isTree) cli.note('the working tree as it is: this run cuts no release')
  const { left } = await client.call('runs.show', { params: { run } })
  for (const { job, because } of left) cli.note(`not in this run: ${job}: ${because}`)
  if (waits) return followRun(cli, { client, id: run, timeoutMs: timeoutOf(input), isHere: kind === 'inProcess' })
  if (cli.globals.json) cli.json({ run })
  else cli.print(run)
  return 0
}

const contrary = (detail: string): SluiceError =>
  new SluiceError('usage_invalid', { detail, hint: 'sluice run --help' })

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
