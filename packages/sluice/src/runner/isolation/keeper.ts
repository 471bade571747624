/**
 * The keeper of a job's own namespaces: a shell in them that does what it is told and otherwise waits. It reads from a pipe whose other end only this process has.
 * However this process ends, the pipe ends with it, then the keeper, and with the keeper, by the kernel, every process inside.
 */
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { childrenOf } from '../../lib/process-group.ts'
import type { Started, Starter } from '../../lib/processes/started.ts'
import { identify, isRunning, type ProcessIdentity } from '../../lib/process-identity.ts'
import { launchWords, type Launcher, type Network } from './launcher.ts'

/** What a keeper is started with; nothing of it is about one job. */
export type KeeperOptions = {
  readonly launcher: Launcher
  readonly starter: Starter
  readonly network: Network
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Ignoring SIGCHLD makes the kernel take away what was orphaned inside, so that nobody waits for a zombie; a command of the keeper's own (`own`) needs its
 * child's exit code and has the default meanwhile. `$feed` is what a line cannot hold.
 */
const keeperScript = `own() { trap - CHLD; "$@"; status=$?; trap '' CHLD; return $status; }
feed='
'
if [ "$1" = own ]; then own ip link set lo up || exit 1; fi
trap '' CHLD
echo =0
while IFS= read -r line; do eval "$line"; echo "=$?"; done`

/** Between two looks at whether a line of processes has ended. */
const settleLookMs = 2

type KeeperProcess = Started & { readonly stdin: Writable }

/** One that waits for what it is told. */
export class Keeper {
  readonly #process: KeeperProcess
  readonly #exited: Promise<void>
  readonly #waiting: ((status: number | null) => void)[] = []
  #said = ''
  #complaints = ''
  #isOver = false
  #pid = 0
  #line: readonly ProcessIdentity[] = []

  private constructor(keeper: KeeperProcess) {
    this.#process = keeper
    const ended = keeper.end.then((end) => {
      this.#isOver = true
      if (end.kind === 'unstartable' || end.kind === 'lost') this.#complaints = end.detail
    })
    this.#exited = Promise.all([ended, closed(keeper.stdout), closed(keeper.stderr)]).then(() => {
      for (const answer of this.#waiting.splice(0)) answer(null)
    })
    keeper.stdin.on('error', () => {})
    keeper.stdout.setEncoding('utf8').on('data', (text: string) => this.#hear(text))
    keeper.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-limits.evidenceBytesMax)
    })
  }

  /** Resolves once it listens. `tool_missing` when the system refuses. */
  static async start({ launcher, starter, network, environment }: KeeperOptions): Promise<Keeper> {
    const up = network === 'own' && launcher.kind === 'unshare' ? 'own' : 'as it is'
    const started = await starter.start({
      program: launcher.program,
      argv: launchWords(launcher, network, { script: keeperScript, args: [up] }),
      env: { PATH: environment['PATH'] ?? '', LC_ALL: 'C' },
      directory: '/',
      as: null,
      hasInput: true,
    })
    if (started.kind === 'unstartable' || started.stdin === null)
      throw refusal(launcher, started.kind === 'unstartable' ? started.detail : 'it has no input')
    const keeper = new Keeper({ ...started, stdin: started.stdin })
    if ((await keeper.#answer()) !== 0) {
      await keeper.end()
      throw refusal(launcher, keeper.complaints() || 'it ended at once')
    }
    const line = lineOf(started.pid)
    keeper.#pid = line.at(-1) ?? 0
    keeper.#line = line.flatMap((pid) => identify(pid) ?? [])
    return keeper
  }

  /** By which its namespaces are entered. */
  get pid(): number {
    return this.#pid
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Has it run a line of shell; gives the exit status, null when it is gone. One at a time. */
  tell(line: string): Promise<number | null> {
    const answer = this.#answer()
    this.#process.stdin.write(`${line}\n`)
    return answer
  }

  /** What its commands complained about, for an error's detail. */
  complaints(): string {
    return this.#complaints.trim()
  }

  /** Ends every process inside, at once; resolves when the last is gone. Safe to repeat. */
  async end(): Promise<void> {
    this.#process.stdin.destroy()
    const isGone = await Promise.race([
      this.#exited.then(() => true),
      sleep(limits.namespaceEndMs, false, { ref: false }),
    ])
    if (!isGone) {
      // It does not read: it sits in a mount that hangs. Its own end is what the kernel acts on.
      if (this.#pid > 0) kill(this.#pid)
      kill(this.#process.pid)
      await this.#exited
    }
    await this.#settled()
  }

  /** The process outside may end before the first one inside does (bwrap), and with that one, by the kernel, all others. */
  async #settled(): Promise<void> {
    const deadline = performance.now() + limits.namespaceEndMs
    while (this.#line.some(isRunning) && performance.now() < deadline) await sleep(settleLookMs)
  }

  #answer(): Promise<number | null> {
    if (this.#isOver) return Promise.resolve(null)
    return new Promise((resolve) => void this.#waiting.push(resolve))
  }

  #hear(text: string): void {
    const lines = (this.#said + text).split('\n')
    this.#said = lines.pop() ?? ''
    for (const line of lines) if (/^=\d+$/.test(line)) this.#waiting.shift()?.(Number(line.slice(1)))
  }
}

/** A text as one word of a line that a keeper is told. */
export const keeperWord = (text: string): string =>
  `'${text.replaceAll("'", String.raw`'\''`).replaceAll('\n', `'"$feed"'`)}'`

/** Says that namespaces cannot be had. */
export const refusal = ({ kind }: Launcher, detail: string): SluiceError =>
  new SluiceError('tool_missing', {
    detail: `${kind} cannot make namespaces here: ${detail}`,
    hint: 'allow user namespaces (sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns), or run with isolation "none"',
  })

const closed = (readable: Readable): Promise<void> => new Promise((resolve) => void readable.once('close', resolve))

/** From the process outside to the keeper, the last of a line of processes that each started one. */
const lineOf = (pid: number): readonly number[] => {
  const [child] = childrenOf(pid)
  return child === undefined ? [pid] : [pid, ...lineOf(child)]
}

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone meanwhile.
  }
}
