/**
 * The processes of one job: started in its namespaces where there are some, in process groups otherwise, and all of them gone when the job ends.
 * A process that a step leaves in the background lives on for the steps after it.
 */
import { existsSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { limits } from '../core/limits.ts'
import { endMarked, newestPid } from '../lib/marked-processes.ts'
import { findProgram } from '../lib/processes/find-program.ts'
import type { ProcessEnd, Started, Starter, Unstartable } from '../lib/processes/started.ts'
import { endGroup, groupBegun, isGroupAlive, signalMembers } from '../lib/process-group.ts'
import type { ExecutionEnd } from '../ports/dialect.ts'
import type { RunAs } from './isolation/launcher.ts'
import type { Namespace } from './isolation/namespace.ts'

/** Takes output; no more comes before the promise, where there is one, is settled. */
export type OnOutput = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => Promise<void> | null

/** What a process is started with. */
export type Order = {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Absolute. */
  readonly directory: string
  readonly timeoutMs: number | null
  /** Null: as we are. Only root may ask for another. */
  readonly as: RunAs | null
  readonly onOutput: OnOutput
}

/** What the processes of a job have in common. */
export type ProcessesOptions = {
  readonly namespace: Namespace | null
  readonly starter: Starter
  /** `NAME=value` that every process of the job has in its environment. */
  readonly mark: string
  readonly graceMs: number
  /** Called with each group outside of namespaces, where marks cannot be read (macOS). */
  readonly onGroup: (leader: number) => void
}

/** Starts and ends them. */
export class Processes {
  readonly #options: ProcessesOptions
  readonly #since: number | null
  readonly #groups = new Set<number>()
  readonly #open = new Set<Started>()
  /** Those on their way: whoever ends the job's processes waits until they can be ended. */
  readonly #starting = new Set<Promise<unknown>>()
  readonly #running = new Set<Promise<void>>()

  constructor(options: ProcessesOptions) {
    this.#options = options
    this.#since = newestPid()
  }

  /** Runs a process to its end; output that was written by then has been handed over. When the signal falls or the time is up, its group ends: SIGTERM, a grace, SIGKILL. */
  async run(order: Order, signal: AbortSignal): Promise<ExecutionEnd> {
    const program = this.#find(order)
    if (program === null) return unstartable(order)
    if (signal.aborted) return { kind: 'cancelled' }
    const started = await this.#start(order, program)
    if (started.kind === 'unstartable') return startedEnd(started, order)
    const { pid: leader, end: exit } = started
    const cut: { readonly because: 'timed_out' | 'cancelled'; readonly ending: Promise<void> }[] = []
    const end = (because: 'timed_out' | 'cancelled'): void => {
      if (cut.length === 0) cut.push({ because, ending: this.#endGroup(leader) })
    }
    const cancel = (): void => end('cancelled')
    if (signal.aborted) cancel()
    else signal.addEventListener('abort', cancel, { once: true })
    const timer = order.timeoutMs === null ? null : setTimeout(() => end('timed_out'), order.timeoutMs)
    try {
      const ended = await exit
      if (ended.kind === 'lost') await this.#endGroup(leader)
      const [first] = cut
      await first?.ending
      await this.#drained(started)
      // A process that ended well was not cut short, even if the signal fell just then.
      return first === undefined || (ended.kind === 'exited' && ended.code === 0)
        ? startedEnd(ended, order)
        : { kind: first.because }
    } finally {
      signal.removeEventListener('abort', cancel)
      if (timer !== null) clearTimeout(timer)
    }
  }

  /** Starts a process that runs beside the steps until the job ends; resolves with how it ended. */
  async serve(order: Omit<Order, 'timeoutMs'>): Promise<ExecutionEnd> {
    const program = this.#find(order)
    if (program === null) return unstartable(order)
    const started = await this.#start(order, program)
    return startedEnd(started.kind === 'unstartable' ? started : await started.end, order)
  }

  /**
   * Ends every process of the job outside of namespaces (those inside end with their keeper). Gives how many had left their group. `graceMs` is how long
   * they may take after SIGTERM.
   */
  async end(graceMs: number): Promise<number> {
    const { namespace, mark } = this.#options
    await Promise.allSettled(this.#starting)
    if (namespace !== null) return 0
    await Promise.all([...this.#groups].filter(hasMembers).map((group) => endGroup(group, graceMs)))
    const escaped = await endMarked({ entry: mark, since: this.#since }, graceMs)
    await this.release()
    return escaped
  }

  /** Waits for what was started to be gone (what enters namespaces from outside goes just after what it entered), and stops listening to what still holds an output open. */
  async release(): Promise<void> {
    await Promise.race([Promise.all(this.#running), sleep(limits.namespaceEndMs, null, { ref: false })])
    for (const { stdout, stderr } of this.#open) {
      stdout.destroy()
      stderr.destroy()
    }
    this.#open.clear()
  }

  async #start(order: Omit<Order, 'timeoutMs'>, found: string): Promise<Started | Unstartable> {
    const starting = this.#started(order, found)
    this.#starting.add(starting)
    try {
      return await starting
    } finally {
      this.#starting.delete(starting)
    }
  }

  async #started(
    { argv, env, directory, as, onOutput }: Omit<Order, 'timeoutMs'>,
    found: string,
  ): Promise<Started | Unstartable> {
    const { namespace, starter, onGroup } = this.#options
    // Inside, `nsenter` goes to the folder as it is seen there.
    const entered = namespace?.enter(argv, { directory, as }) ?? null
    const started = await starter.start({
      program: entered?.[0] ?? found,
      argv: entered ?? argv,
      env,
      directory: entered === null ? directory : '/',
      as: entered === null ? as : null,
      hasInput: false,
    })
    if (started.kind === 'unstartable') return started
    const { pid, stdout, stderr, end } = started
    this.#open.add(started)
    const closed = [
      listen(stdout, (chunk) => onOutput('stdout', chunk)),
      listen(stderr, (chunk) => onOutput('stderr', chunk)),
    ]
    void Promise.all(closed).then(() => this.#open.delete(started))
    const over = end.then(() => void this.#running.delete(over))
    this.#running.add(over)
    if (namespace === null) {
      this.#groups.add(pid)
      onGroup(pid)
    }
    return started
  }

  /** Inside of namespaces the leader is `nsenter`, which must live to tell how the process ended. */
  async #endGroup(leader: number): Promise<void> {
    const { namespace, graceMs } = this.#options
    if (namespace === null) return endGroup(leader, graceMs)
    await groupBegun(leader)
    const deadline = performance.now() + graceMs
    signalMembers(leader, 'SIGTERM')
    while (isGroupAlive(leader)) {
      const lateMs = performance.now() - deadline
      if (lateMs >= 0) signalGroup(leader)
      // One that sits in the kernel ends with the namespaces, or never.
      if (lateMs > limits.namespaceEndMs) break
      await sleep(10)
    }
  }

  /** The program's path as it is seen here; null when it is not there, or may not be executed. Outside of namespaces its name, where the system finds it as we would: it takes a hundredth of the time, and says itself what is wrong. */
  #find({ argv, env, directory }: Pick<Order, 'argv' | 'env' | 'directory'>): string | null {
    const [program = ''] = argv
    const { namespace } = this.#options
    const path = program.includes('/') ? (program.startsWith('/') ? '/' : `${directory}/`) : (env['PATH'] ?? '')
    if (namespace === null) return isPlainName(program) && isPlainPath(path) ? program : findProgram(program, path)
    const seen = path
      .split(':')
      .map((folder) => namespace.view(folder))
      .join(':')
    return findProgram(program, seen)
  }

  /** What was written before the end is in the pipes by then: they are read until a turn of the event loop brings nothing more. What holds them open goes on writing to the log. */
  async #drained(started: Started): Promise<void> {
    let quietTurns = 0
    const heard = (): void => {
      quietTurns = 0
    }
    started.stdout.on('data', heard)
    started.stderr.on('data', heard)
    const deadline = performance.now() + limits.jobPipeWaitMs
    const isHeldUp = (): boolean => started.stdout.isPaused() || started.stderr.isPaused()
    while (this.#open.has(started) && quietTurns < 3 && (isHeldUp() || performance.now() < deadline)) {
      quietTurns = isHeldUp() ? 0 : quietTurns + 1
      if (isHeldUp()) await sleep(1)
      else await turn()
    }
    started.stdout.off('data', heard)
    started.stderr.off('data', heard)
  }
}

const isPlainName = (program: string): boolean => program !== '' && !program.includes('/')

/** Whether all of its folders are absolute: of others, `execvp` takes those of the job's folder. */
const isPlainPath = (path: string): boolean => /^\/[^:]*(?::\/[^:]*)*$/.test(path)

const unstartable = ({ argv: [program = ''] }: Pick<Order, 'argv'>): ExecutionEnd => ({
  kind: 'unstartable',
  detail: `${program} is not there, or may not be executed`,
})

/** Resolves when nothing more can come. */
const listen = (readable: Readable, take: (chunk: Uint8Array) => Promise<void> | null): Promise<void> => {
  readable.on('data', (chunk: Uint8Array) => {
    const wait = take(chunk)
    if (wait === null) return
    readable.pause()
    void wait.catch(() => {}).then(() => readable.resume())
  })
  return new Promise((resolve) => void readable.once('close', resolve))
}

const executionEnd = (end: ProcessEnd): ExecutionEnd =>
  end.kind === 'lost' ? { kind: 'unstartable', detail: end.detail } : end

/** What the system says of a name that it did not find is said as we say it; it says the same of a folder. */
const startedEnd = (end: ProcessEnd, { argv, directory }: Pick<Order, 'argv' | 'directory'>): ExecutionEnd =>
  end.kind === 'unstartable' && isPlainName(argv[0] ?? '') && existsSync(directory)
    ? unstartable({ argv })
    : executionEnd(end)

/** Zombies count here; looking closer costs more than ending a group of them. */
const hasMembers = (group: number): boolean => {
  try {
    process.kill(-group, 0)
    return true
  } catch {
    return false
  }
}

const signalGroup = (group: number): void => {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // Gone meanwhile.
  }
}
