/** What of a job can be kept apart on this machine, found out by doing it once. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import type { Starter } from '../../lib/processes/started.ts'
import { type Launcher, findLaunchers } from './launcher.ts'
import { Namespace } from './namespace.ts'
import { mountLine, type OverlayOptions, removeLayer } from './overlay.ts'

/** Whether jobs are to be kept apart: where it can be done, not at all, or else they do not run. */
export type IsolationWish = 'auto' | 'none' | 'required'

/** What the machine can do. `because` says why not more. */
export type Isolation =
  /** Processes of their own; files in layers over one checkout. */
  | { readonly kind: 'layers'; readonly launcher: Launcher; readonly overlay: OverlayOptions }
  /** Processes of their own; a copy of the checkout. */
  | { readonly kind: 'processes'; readonly launcher: Launcher; readonly because: string }
  /** Nothing, because it is off: one checkout for all jobs of a run, a process group for each step, and a mark by which what left its group is found. */
  | { readonly kind: 'shared' }
  /** As little, because the system has no more; but each job has a copy of the checkout. */
  | { readonly kind: 'none'; readonly because: string }

/** One line for a log or for `sluice doctor`. */
export const describeIsolation = (isolation: Isolation): string => {
  switch (isolation.kind) {
    case 'layers':
      return `own processes, files in layers over one checkout (${isolation.launcher.kind}, overlay)`
    case 'processes':
      return `own processes, a copy of the checkout (${isolation.launcher.kind}; no overlay: ${isolation.because})`
    case 'shared':
      return 'none, one checkout for all jobs of the run and process groups (isolation is off)'
    case 'none':
      return `none, a copy of the checkout and process groups (${isolation.because})`
  }
}

type Place = {
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly starter: Starter
}

/** Tries the launchers in order, in a folder of its own below `folder` (the file system decides whether layers work). Leaves nothing behind; some 10 ms where the first one works. */
export const detectIsolation = async (place: Place): Promise<Isolation> => {
  const launchers = findLaunchers(place.environment['PATH'] ?? '')
  if (launchers.length === 0)
    return {
      kind: 'none',
      because:
        process.platform === 'linux' ? 'bwrap or unshare, and nsenter, are not installed' : 'only Linux has namespaces',
    }
  const refusals: string[] = []
  for (const launcher of launchers) {
    const found = await attempt(launcher, place)
    if (typeof found !== 'string') return found
    refusals.push(found)
  }
  return { kind: 'none', because: refusals.join('; ') }
}

/** Makes a job's namespaces as a job would; a text says why that did not go. */
const attempt = async (launcher: Launcher, { folder, environment, starter }: Place): Promise<Isolation | string> => {
  const trial = join(folder, `.trial-${process.pid}`)
  await rm(trial, { recursive: true, force: true })
  for (const name of ['w', 'l0', '1/u', '1/k']) await mkdir(join(trial, name), { recursive: true })
  try {
    const hidden = { folder, shown: [{ path: trial, access: 'write' }] } as const
    const namespace = await Namespace.open({ launcher, starter, network: 'shared', folder: trial, environment, hidden })
    try {
      for (const overlay of overlays(launcher)) {
        if ((await namespace.tell(mountLine({ lowers: ['l0'], layer: 1, overlay }))) === 0)
          return { kind: 'layers', launcher, overlay }
      }
      return { kind: 'processes', launcher, because: namespace.complaints().split('\n')[0] ?? 'the mount failed' }
    } finally {
      await namespace.end()
    }
  } catch (error) {
    if (error instanceof SluiceError) return error.detail
    throw error
  } finally {
    await removeLayer(join(trial, '1'))
    await rm(trial, { recursive: true, force: true })
  }
}

/** The best first. `volatile` saves a sync of the whole file system at the end of each job; kernels before 5.10 do not have it. */
const overlays = ({ user }: Launcher): readonly OverlayOptions[] =>
  user === null
    ? [
        { words: 'redirect_dir=on,volatile', renames: true },
        { words: 'redirect_dir=on', renames: true },
        { words: '', renames: false },
      ]
    : [
        { words: 'userxattr,volatile', renames: false },
        { words: 'userxattr', renames: false },
      ]
