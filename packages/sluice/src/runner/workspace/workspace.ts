/**
 * A job's files. Everything of a job is in one folder, `jobs/<key>` of the state directory:
 *
 * - `w/checkout` is the workspace, for the job's processes and for this one. In namespaces `w` is a mount and holds the layers' `checkout` and `view`, a link
 *   to it; outside, `w/checkout` is a link to the view inside. Files are read, written and listed through it; `realpath` has no meaning there.
 * - `l0`, `l1` … are links to the layers below, the lowest first: the checkout, unpacked inputs, checkpoints of an earlier attempt.
 * - `1`, `2` … are the layers that this attempt wrote, `u` being the files and `k` the kernel's.
 * - `t` is the job's own temporary folder; `steps.json` the record of what was done (see `record.ts`).
 */
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Starter } from '../../lib/processes/started.ts'
import { describeIsolation, type Isolation } from '../isolation/detect.ts'
import type { Network } from '../isolation/launcher.ts'
import { type Hidden, Namespace } from '../isolation/namespace.ts'
import type { Copies } from './copies.ts'
import { type Mount, mountLine, removeLayer, unmountLine } from '../isolation/overlay.ts'

/** What a workspace is made of. */
export type WorkspaceOptions = {
  /** The job's folder, absolute. */
  readonly folder: string
  readonly isolation: Isolation
  readonly starter: Starter
  readonly network: Network
  /** Folders that hold a `checkout`, the lowest first: of the commit, of inputs, checkpoints. Nothing writes to them. Or one plain folder that is the workspace, of this job alone or of all jobs of its run. */
  readonly files:
    | { readonly kind: 'layers'; readonly lowers: readonly string[] }
    | { readonly kind: 'given' | 'shared'; readonly directory: string }
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What the job does not see, where it has namespaces. */
  readonly hidden: () => Hidden
  /** Makes copies where there are no layers. */
  readonly copies: Copies
}

/** An open workspace. */
export type Workspace = {
  /** Absolute, and the same for the job's processes and for this one. */
  readonly directory: string
  readonly temporary: string
  /** What is kept apart, for the log's first line. */
  readonly label: string
  /** Null outside of namespaces. */
  readonly namespace: Namespace | null
  /** Makes what was done so far a checkpoint: what comes goes into a layer of its own. Gives the layers that hold it, the lowest first; null where there are none, or a process still uses the files. */
  readonly checkpoint: () => Promise<readonly string[] | null>
  /** Folders that hold what the job wrote, the oldest first; null where there are no layers. */
  readonly written: () => readonly string[] | null
  /** Ends the job's processes, as far as namespaces hold them, and takes the mount away. Files stay. */
  readonly end: () => Promise<void>
}

/** Makes the folder and what is in it; what an earlier attempt under this key left is gone, but for layers that are among the lowers. */
export const openWorkspace = async (options: WorkspaceOptions): Promise<Workspace> => {
  const { folder, isolation, files } = options
  mkdirSync(join(folder, 't'), { recursive: true })
  if (files.kind === 'layers' && isolation.kind === 'layers')
    return openLayers(options, { lowers: files.lowers, isolation })
  const directory = files.kind === 'layers' ? join(folder, 'w', 'checkout') : files.directory
  if (files.kind === 'layers')
    for (const lower of files.lowers) await options.copies.copy(join(lower, 'checkout'), directory)
  const namespace = isApart(isolation) ? await openNamespace(options, isolation) : null
  return {
    directory,
    temporary: join(folder, 't'),
    label: files.kind === 'given' ? labelOfGiven(isolation) : describeIsolation(isolation),
    namespace,
    checkpoint: () => Promise.resolve(null),
    written: () => null,
    end: async () => namespace?.end(),
  }
}

const labelOfGiven = (isolation: Isolation): string =>
  isApart(isolation)
    ? `own processes, in a folder that was given (${isolation.launcher.kind})`
    : `none, in a folder that was given, with process groups (${isolation.kind === 'none' ? isolation.because : 'isolation is off'})`

type Apart = Exclude<Isolation, { kind: 'none' | 'shared' }>

const isApart = (isolation: Isolation): isolation is Apart =>
  isolation.kind === 'layers' || isolation.kind === 'processes'

const openNamespace = (
  { folder, starter, network, environment, hidden }: WorkspaceOptions,
  { launcher }: Apart,
  first?: Mount,
): Promise<Namespace> =>
  Namespace.open({
    launcher,
    starter,
    network,
    folder,
    environment,
    hidden: hidden(),
    ...(first === undefined ? {} : { first }),
  })

type Layers = { readonly lowers: readonly string[]; readonly isolation: Extract<Isolation, { kind: 'layers' }> }

const openLayers = async (options: WorkspaceOptions, { lowers, isolation }: Layers): Promise<Workspace> => {
  const { folder } = options
  const below = [...lowers]
  // Layers that earlier attempts left under this key keep their numbers.
  const oldest = firstFree(folder)
  let layer = oldest
  makeLayer(folder, layer)
  mkdirSync(join(folder, 'w'), { recursive: true })
  for (const [index, target] of below.entries()) symlinkSync(target, join(folder, `l${index}`))
  const now = (): Mount => ({ lowers: below.map((_, index) => `l${index}`), layer, overlay: isolation.overlay })
  const namespace = await openNamespace(options, isolation, now())
  const mount = (): Promise<number | null> => namespace.tell(mountLine(now()))
  if (!namespace.hasFirst && (await mount()) !== 0) {
    await namespace.end()
    throw new SluiceError('unexpected', { detail: `the job's files could not be mounted: ${namespace.complaints()}` })
  }
  symlinkSync(namespace.view(join(folder, 'w', 'view')), join(folder, 'w', 'checkout'))
  const checkpoint = async (): Promise<readonly string[] | null> => {
    if (below.length >= limits.layersMax || (await namespace.tell(unmountLine)) !== 0) return null
    const done = join(folder, String(layer), 'u')
    symlinkSync(done, join(folder, `l${below.length}`))
    below.push(done)
    layer += 1
    makeLayer(folder, layer)
    if ((await mount()) !== 0)
      throw new SluiceError('unexpected', { detail: `the next layer could not be mounted: ${namespace.complaints()}` })
    return [...below]
  }
  return {
    directory: join(folder, 'w', 'checkout'),
    temporary: join(folder, 't'),
    label: describeIsolation(isolation),
    namespace,
    checkpoint,
    written: () => Array.from({ length: layer - oldest + 1 }, (_, index) => join(folder, String(oldest + index), 'u')),
    end: () => namespace.end(),
  }
}

/** Takes away everything in a job's folder but the layers named, which a new attempt builds on. The folder need not be there. */
export const clearWorkspace = async (folder: string, kept: readonly string[]): Promise<void> => {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    const path = join(folder, name)
    if (kept.includes(join(path, 'u'))) continue
    if (/^\d+$/.test(name)) await removeLayer(path)
    else await rm(path, { recursive: true, force: true })
  }
  if (kept.length === 0) await rm(folder, { recursive: true, force: true })
}

/** At once, as everything of a few names that each job needs: handing so little to another thread takes longer than doing it. */
const makeLayer = (folder: string, layer: number): void => {
  mkdirSync(join(folder, String(layer), 'u'), { recursive: true })
  mkdirSync(join(folder, String(layer), 'k'))
}

const firstFree = (folder: string): number => {
  for (let layer = 1; layer <= limits.layersMax; layer += 1) if (!existsSync(join(folder, String(layer)))) return layer
  throw new SluiceError('unexpected', { detail: `${folder} holds more than ${limits.layersMax} layers` })
}
