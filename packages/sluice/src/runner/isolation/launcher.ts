/**
 * How a job's own namespaces are made, as words. Both launchers give the same: processes that nothing outside can be confused with and that die
 * with the first of them, and mounts of their own. An unprivileged user gets them in a user namespace, in which it stays who it is.
 * Sources: bwrap(1), unshare(1), nsenter(1), pid_namespaces(7), user_namespaces(7).
 */
import { findProgram } from '../../lib/processes/find-program.ts'

/** A program that makes namespaces. */
export type Launcher = {
  readonly kind: 'bwrap' | 'unshare'
  /** Absolute paths. */
  readonly program: string
  readonly nsenter: string
  /** Null for root. */
  readonly user: { readonly uid: number; readonly gid: number } | null
}

/** Whether the job's processes see the machine's network or only a loopback of their own. */
export type Network = 'shared' | 'own'

/** The launchers that are installed, the preferred first: `unshare` is there sooner and gone sooner, by a third of what a job without work takes; `bwrap` may do it where that may not. */
export const findLaunchers = (path: string): readonly Launcher[] => {
  const nsenter = findProgram('nsenter', path)
  if (process.platform !== 'linux' || nsenter === null) return []
  const uid = process.geteuid?.() ?? 0
  const user = uid === 0 ? null : { uid, gid: process.getegid?.() ?? uid }
  return (['unshare', 'bwrap'] as const).flatMap((kind) => {
    const program = findProgram(kind, path)
    return program === null ? [] : [{ kind, program, nsenter, user }]
  })
}

/** What keeps namespaces open: a script for `sh`, and its arguments from `$1` on. */
export type KeeperScript = { readonly script: string; readonly args: readonly string[] }

/**
 * The first process of a PID namespace is who processes belong to whose parent has ended: it waits for all of them and does nothing else. `bwrap` brings its own. The
 * keeper cannot be it: a shell that reads takes the end of a child for the end of its input. It is a fork of the first one, so that one program less is loaded.
 */
const underInit = (script: string): string =>
  `exec 3<&0 </dev/null; ( exec <&3 3<&-\n${script}\n) & keeper=$!; exec 3<&-; wait "$keeper"`

/** The words that start the keeper of new namespaces. Its capabilities stay, so that it can mount; what enters later has those of the user. */
export const launchWords = (
  launcher: Launcher,
  network: Network,
  { script, args }: KeeperScript,
): readonly string[] => {
  const { kind, program, user } = launcher
  const words = ['sh', '-c', kind === 'bwrap' ? script : underInit(script), 'sluice', ...args]
  if (kind === 'bwrap') {
    const mapped = user === null ? [] : ['--unshare-user', '--uid', String(user.uid), '--gid', String(user.gid)]
    const apart = network === 'own' ? ['--unshare-net'] : []
    const common = ['--dev-bind', '/', '/', '--proc', '/proc', '--unshare-pid', '--die-with-parent', '--cap-add', 'ALL']
    return [program, ...common, ...mapped, ...apart, '--', ...words]
  }
  const mapped = user === null ? [] : ['--map-current-user', '--keep-caps']
  const apart = network === 'own' ? ['--net'] : []
  const common = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  return [program, ...common, ...mapped, ...apart, '--', ...words]
}

/** Whom a process runs as, where that is not who we are (only root may say so). */
export type RunAs = { readonly uid: number; readonly gid: number }

/** What enters: into the namespaces of `keeper` (a pid of this machine's), in a folder as it is seen inside. */
export type Entry = {
  readonly keeper: number
  readonly directory: string
  readonly network: Network
  readonly as: RunAs | null
}

/** The words that run `words` inside. */
export const enterWords = (launcher: Launcher, entry: Entry, words: readonly string[]): readonly string[] => {
  const { keeper, directory, network, as } = entry
  return [
    launcher.nsenter,
    '--target',
    String(keeper),
    ...(launcher.user === null ? [] : ['--user', '--preserve-credentials']),
    '--mount',
    '--pid',
    ...(network === 'own' ? ['--net'] : []),
    ...(as === null ? [] : ['--setuid', String(as.uid), '--setgid', String(as.gid)]),
    `--wd=/proc/${keeper}/root${directory}`,
    '--',
    ...words,
  ]
}
