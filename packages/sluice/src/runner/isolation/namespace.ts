/** A job's own namespaces, held by a keeper that mounts in them what the job is to see. */
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Keeper, type KeeperOptions, keeperWord, refusal } from './keeper.ts'
import type { Keepers } from './keepers.ts'
import { enterWords, type RunAs } from './launcher.ts'
import { type Mount, mountRow } from './overlay.ts'

/** What namespaces are opened with. */
export type NamespaceOptions = KeeperOptions & {
  /** Where the keeper's commands run: paths in them are relative to it. */
  readonly folder: string
  /** What is not to be seen inside; absent: nothing. */
  readonly hidden?: Hidden
  /** A mount at `w` of the folder, made at once with what hides: each call of mount(8) takes as long as making the namespaces. See `hasFirst`. */
  readonly first?: Mount
  /** Where one may wait already; absent: a keeper is started. */
  readonly keepers?: Keepers
}

/** A folder that is empty inside, but for the folders below it that are named, all absolute; those are there, or are made. */
export type Hidden = { readonly folder: string; readonly shown: readonly Shown[] }

/** A folder that is seen all the same. */
export type Shown = { readonly path: string; readonly access: 'read' | 'write' }

/** In the job's folder, while it runs. */
const mountsFile = 'mounts'

/** Open namespaces. */
export class Namespace {
  /** Whether the first mount was made with them; it is still to be made otherwise. */
  readonly hasFirst: boolean
  readonly #options: NamespaceOptions
  readonly #keeper: Keeper

  private constructor(options: NamespaceOptions, keeper: Keeper, hasFirst: boolean) {
    this.hasFirst = hasFirst
    this.#options = options
    this.#keeper = keeper
  }

  /** Resolves once everything is mounted. `tool_missing` when the system refuses. */
  static async open(options: NamespaceOptions): Promise<Namespace> {
    const { launcher, folder, hidden } = options
    const first = hidden === undefined ? null : firstOf(options, hidden)
    if (hidden !== undefined) writeFileSync(join(folder, mountsFile), mountsOf(hidden, first), { mode: 0o600 })
    const { keeper, status } = await entered(options, entryLine(folder, hidden))
    if (status === 0) return new Namespace(options, keeper, first !== null)
    await keeper.end()
    throw refusal(launcher, keeper.complaints() || 'it ended at once')
  }

  /** A folder as this process sees it, given as it is seen inside. Read, write and list through it; `realpath` leads astray, since the link in it means another root. */
  view(path: string): string {
    return `/proc/${this.#keeper.pid}/root${path}`
  }

  /** The words that run `words` inside. */
  enter(
    words: readonly string[],
    { directory, as }: { readonly directory: string; readonly as: RunAs | null },
  ): readonly string[] {
    const { launcher, network } = this.#options
    return enterWords(launcher, { keeper: this.#keeper.pid, directory, network, as }, words)
  }

  /** Has the keeper run a line of shell; gives its exit status, null when the keeper is gone. One at a time. */
  tell(line: string): Promise<number | null> {
    return this.#keeper.tell(line)
  }

  /** What the keeper's commands complained about, for an error's detail. */
  complaints(): string {
    return this.#keeper.complaints()
  }

  /** Ends every process inside, at once; resolves when the last is gone. Safe to repeat. */
  end(): Promise<void> {
    return this.#keeper.end()
  }
}

type Entered = { readonly keeper: Keeper; readonly status: number | null }

/** A keeper that was told the line. One that was killed while it waited is nobody's fault: a new one is told it. */
const entered = async (
  { launcher, starter, network, environment, keepers }: NamespaceOptions,
  line: string,
): Promise<Entered> => {
  const kept = { launcher, starter, network, environment }
  const waiting = await keepers?.take(kept)
  const status = (await waiting?.tell(line)) ?? null
  if (waiting !== undefined && status !== null) return { keeper: waiting, status }
  await waiting?.end()
  const keeper = await Keeper.start(kept)
  return { keeper, status: await keeper.tell(line) }
}

/**
 * The hidden folder gets an empty one over it, and in that what is shown, found by way of the folder that was entered before. Files are not hidden one by one:
 * whoever puts a new file in the place of one would show it. Then the keeper leaves for the job's folder as it is seen inside, since what it is in is seen
 * in /proc.
 */
const entryLine = (folder: string, hidden: Hidden | undefined): string => {
  const leave = `cd ${keeperWord(folder)}`
  if (hidden === undefined) return leave
  const mounts = keeperWord(join(folder, mountsFile))
  return `cd ${keeperWord(hidden.folder)} && own mount -n -c -a -T ${mounts} && ${leave}`
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
