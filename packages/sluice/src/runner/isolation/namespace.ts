/**
 * A job's own namespaces, held by a keeper: a shell that mounts what it is told to and otherwise waits. It reads from a pipe whose other end only
 * this process has. However this process ends, the pipe ends with it, then the keeper, and with the keeper, by the kernel, every process inside.
 */
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { childrenOf } from '../../lib/process-group.ts'
import type { Started, Starter } from '../../lib/processes/started.ts'
import { identify, isRunning, type ProcessIdentity } from '../../lib/process-identity.ts'
import { enterWords, launchWords, type Launcher, type Network, type RunAs } from './launcher.ts'
import { type Mount, mountRow } from './overlay.ts'

/** What namespaces are opened with. */
export type NamespaceOptions = {
  readonly launcher: Launcher
  readonly starter: Starter
  readonly network: Network
  /** Where the keeper's commands run: paths in them are relative to it. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What is not to be seen inside; absent: nothing. */
  readonly hidden?: Hidden
  /** A mount at `w` of the folder, made at once with what hides: each call of mount(8) takes as long as making the namespaces. See `hasFirst`. */
  readonly first?: Mount
}

/** A folder that is empty inside, but for the folders below it that are named, all absolute; those are there, or are made. */
export type Hidden = { readonly folder: string; readonly shown: readonly Shown[] }

/** A folder that is seen all the same. */
export type Shown = { readonly path: string; readonly access: 'read' | 'write' }

/** In the job's folder, while it runs. */
const mountsFile = 'mounts'

/**
 * The hidden folder gets an empty one over it, and in that what is shown, found by way of the folder that was entered before. Files are not hidden one by one:
 * whoever puts a new file in the place of one would show it. Then the keeper leaves for the job's folder as it is seen inside, since what it is in is seen
 * in /proc.
 *
 * Ignoring SIGCHLD makes the kernel take away what was orphaned inside, so that nobody waits for a zombie; a command of the keeper's own needs its
 * child's exit code and has the default meanwhile.
 */
const keeperScript = `own() { trap - CHLD; "$@"; status=$?; trap '' CHLD; return $status; }
if [ "$2" = own ]; then own ip link set lo up || exit 1; fi
if [ -n "$3" ]; then { cd "$3" && own mount -n -c -a -T "$1/${mountsFile}"; } || exit 1; fi
cd "$1" || exit 1
trap '' CHLD
echo =0
while IFS= read -r line; do eval "$line"; echo "=$?"; done`

/** Between two looks at whether a line of processes has ended. */
const settleLookMs = 2

type Keeper = Started & { readonly stdin: Writable }

/** Open namespaces. */
export class Namespace {
  /** Whether the first mount was made with them; it is still to be made otherwise. */
  readonly hasFirst: boolean
  readonly #options: NamespaceOptions
  readonly #process: Keeper
  readonly #exited: Promise<void>
  readonly #waiting: ((status: number | null) => void)[] = []
  #said = ''
  #complaints = ''
  #isOver = false
  #keeper = 0
  #line: readonly ProcessIdentity[] = []

  private constructor(options: NamespaceOptions, keeper: Keeper, hasFirst: boolean) {
    this.hasFirst = hasFirst
    this.#options = options
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

  /** Resolves once the keeper listens. `tool_missing` when the system refuses. */
  static async open(options: NamespaceOptions): Promise<Namespace> {
    const { launcher, starter, network, folder, environment, hidden } = options
    const first = hidden === undefined ? null : firstOf(options, hidden)
    if (hidden !== undefined) writeFileSync(join(folder, mountsFile), mountsOf(hidden, first), { mode: 0o600 })
    const up = network === 'own' && launcher.kind === 'unshare' ? 'own' : 'as it is'
    const args = [folder, up, hidden?.folder ?? '']
    const argv = launchWords(launcher, network, { script: keeperScript, args })
    const keeper = await starter.start({
      program: launcher.program,
      argv,
      env: { PATH: environment['PATH'] ?? '', LC_ALL: 'C' },
      directory: '/',
      as: null,
      hasInput: true,
    })
    if (keeper.kind === 'unstartable' || keeper.stdin === null)
      throw refusal(launcher, keeper.kind === 'unstartable' ? keeper.detail : 'it has no input')
    const namespace = new Namespace(options, { ...keeper, stdin: keeper.stdin }, first !== null)
    const status = await namespace.#answer()
    if (status !== 0) {
      await namespace.end()
      throw refusal(launcher, namespace.#complaints.trim() || 'it ended at once')
    }
    const line = lineOf(keeper.pid)
    namespace.#keeper = line.at(-1) ?? 0
    namespace.#line = line.flatMap((pid) => identify(pid) ?? [])
    return namespace
  }

  /** A folder as this process sees it, given as it is seen inside. Read, write and list through it; `realpath` leads astray, since the link in it means another root. */
  view(path: string): string {
    return `/proc/${this.#keeper}/root${path}`
  }

  /** The words that run `words` inside. */
  enter(
    words: readonly string[],
    { directory, as }: { readonly directory: string; readonly as: RunAs | null },
  ): readonly string[] {
    const { launcher, network } = this.#options
    return enterWords(launcher, { keeper: this.#keeper, directory, network, as }, words)
  }

  /** Has the keeper run a line of shell; gives its exit status, null when the keeper is gone. One at a time. */
  tell(line: string): Promise<number | null> {
    const answer = this.#answer()
    this.#process.stdin.write(`${line}\n`)
    return answer
  }

  /** What the keeper's commands complained about, for an error's detail. */
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
      // The keeper does not read: it sits in a mount that hangs. Its own end is what the kernel acts on.
      if (this.#keeper > 0) kill(this.#keeper)
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

/** One call of mount(8) for all: each would take as long as making the namespaces. Source: fstab(5); `X-mount.mkdir` in mount(8). */
const mountsOf = ({ folder, shown }: Hidden, first: string | null): string => {
  const lines = shown
    .toSorted((a, b) => a.path.length - b.path.length)
    .map(({ path, access }) => {
      const options = `${access === 'read' ? 'bind,ro' : 'bind'},X-mount.mkdir=0700`
      return `./${escaped(relative(folder, path))} ${escaped(path)} none ${options} 0 0`
    })
  return [
    `sluice ${escaped(folder)} tmpfs size=256k,mode=700 0 0`,
    ...lines,
    ...(first === null ? [] : [first]),
    '',
  ].join('\n')
}

const firstOf = ({ folder, first }: NamespaceOptions, hidden: Hidden): string | null => {
  const prefix = relative(hidden.folder, folder)
  if (first === undefined || prefix.startsWith('..')) return null
  return mountRow(first, { folder: escaped(join(folder, 'w')), prefix })
}

const escaped = (path: string): string =>
  path.replaceAll(/[\s\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`)

const closed = (readable: Readable): Promise<void> => new Promise((resolve) => void readable.once('close', resolve))

const refusal = ({ kind }: Launcher, detail: string): SluiceError =>
  new SluiceError('tool_missing', {
    detail: `${kind} cannot make namespaces here: ${detail}`,
    hint: 'allow user namespaces (sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns), or run with isolation "none"',
  })

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
