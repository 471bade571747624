import { SluiceError } from '../../core/errors.ts'
import type { Client } from '../../http/client/client.ts'
import type { RunEventName } from '../../http/client/run-views.ts'
import { type Cli, type Command, flagOption, type Input, textOption } from '../cli.ts'
import { type Connection, withClient } from '../connect.ts'
import { cacheReasons, reasonText } from './cache-explain.ts'
import { noteText } from '../../core/pipeline/notes.ts'
import { followRun, freshKey, timeoutOf } from './follow.ts'
import { pairsOf, pipelineOf } from './foreign.ts'

/** `sluice run`. Without a server the run happens in this process, and Ctrl-C calls it off. */
export const command: Command = async (cli, input) => {
  const waits = input.options['wait'] !== false
  const isWatching = flagOption(input, 'watch')
  const isTree = isWatching || flagOption(input, 'here')
  if (isTree && input.args[0] !== undefined) throw contrary('--here runs the working tree, and a commit was named, too')
  if (isWatching && !waits) throw contrary('--watch waits, and --no-wait does not')
  const pipeline = pipelineOf(cli, input)
  // What is affected changes with the tree: where that is watched, each run asks anew.
  const jobs = isWatching ? null : await jobsOf(cli, input)
  if (jobs?.length === 0) return nothingConcerned(cli)
  const runOf = isTree ? {} : { runOf: input.args[0] ?? 'HEAD' }
  const need = { need: waits ? ('work' as const) : ('server' as const), isBare: pipeline !== null, ...runOf }
  return withClient(cli, need, async (client, kind) => {
    if (waits && flagOption(input, 'verbose'))
      cli.note(kind === 'server' ? `on the control plane at ${client.url}` : 'in this process: no control plane runs')
    const once = (of: Running['jobs']): Promise<number> =>
      runOnce(cli, input, { client, kind, jobs: of, pipeline, isTree, waits })
    if (!isWatching) return once(jobs)
    const { watchTree } = await import('./run-watch.ts')
    return watchTree(cli, async () => {
      const now = await jobsOf(cli, input)
      return now?.length === 0 ? nothingConcerned(cli) : once(now)
    })
  })
}

const nothingConcerned = (cli: Cli): number => {
  if (cli.globals.json) cli.json({ run: null })
  else cli.print(`${cli.style.mark('done')} nothing changed that concerns any job`)
  return 0
}

type Running = {
  readonly client: Client
  readonly kind: Connection['kind']
  readonly jobs: readonly string[] | null
  readonly pipeline: ReturnType<typeof pipelineOf>
  readonly isTree: boolean
  readonly waits: boolean
}

const runOnce = async (
  cli: Cli,
  input: Input,
  { client, kind, jobs, pipeline, isTree, waits }: Running,
): Promise<number> => {
  const body = {
    ref: input.args[0] ?? 'HEAD',
    jobs,
    affected: textOption(input, 'affected') !== null,
    reason: textOption(input, 'message'),
    of: isTree ? ('tree' as const) : null,
    cache: input.options['cache'] !== false,
    pipeline,
    ...(pipeline === null ? { inputs: pairsOf(input, 'input'), event: eventOf(input) } : {}),
  }
  const { run, notes } = await client.call('runs.start', { body, idempotencyKey: freshKey() })
  for (const note of notes) cli.note(`${cli.noteStyle.mark('warn')} ${noteText(note)}`)
  if (isTree) cli.note('the working tree as it is: this run cuts no release')
  const { left } = await client.call('runs.show', { params: { run } })
  for (const { job, because } of left) cli.note(`not in this run: ${job}: ${because}`)
  if (!waits) {
    if (cli.globals.json) cli.json({ run, notes })
    else cli.print(run)
    return 0
  }
  const code = await followRun(cli, { client, id: run, timeoutMs: timeoutOf(input), isHere: kind === 'inProcess' })
  if (flagOption(input, 'why')) await sayWhy(cli, client, run)
  return code
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

/** Null: all. */
const jobsOf = async (cli: Cli, input: Input): Promise<readonly string[] | null> => {
  const { options } = input
  const named = Array.isArray(options['job']) ? options['job'].map(String) : null
  const base = textOption(input, 'affected')
  if (base === null) return named
  if (named !== null)
    throw new SluiceError('usage_invalid', {
      detail: '--job and --affected each say which jobs to run',
      hint: 'give one of them',
    })
  const { projectDir } = cli.globals
  const { settings } = await cli.host.loadConfig(projectDir, cli.interrupted)
  const { affected } = await cli.host.affected({ directory: projectDir, base, settings }, cli.interrupted)
  for (const [job, because] of affected) cli.note(`${job}: ${because}`)
  // A leg of a matrix is asked for by the name of the job.
  return [...new Set([...affected.keys()].map((name) => name.replace(/ \(.*$/, '')))]
}

/** One line for each job, beside the report. */
const sayWhy = async (cli: Cli, client: Client, run: string): Promise<void> => {
  const { jobs } = await client.call('runs.show', { params: { run } })
  for (const { name, startedAt } of jobs) {
    if (startedAt !== null) cli.note(`${name}: ${reasonText(await cacheReasons(client, { run, job: name }))}`)
  }
}
