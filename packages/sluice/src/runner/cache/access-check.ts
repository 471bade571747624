/** Holds what a job did to its workspace against what its cache plan declares. */
import { tellAccess, type UndeclaredAccess, undeclaredAccess } from '../../core/pipeline/cache/access.ts'
import type { TaskCachePlan } from '../../core/pipeline/job-plan.ts'
import { readGlobs } from './globs.ts'
import type { Listing } from './listing.ts'
import { readTrace } from './tracer.ts'
import { type Beginning, findWritten } from './written.ts'

/** How it is known what a job wrote: an overlay's upper layer tells exactly; otherwise files newer than its beginning. */
export type WriteSource =
  | { readonly kind: 'overlay'; readonly written: readonly string[]; readonly removed: readonly string[] }
  | { readonly kind: 'times'; readonly beginning: Beginning }

/** What to check. */
export type AccessRequest = {
  readonly plan: TaskCachePlan
  /** The workspace, absolute and without links in it: as the kernel names it. */
  readonly directory: string
  readonly listing: Listing
  readonly writes: WriteSource
  /** Files that a tracer wrote, one for each step, with the folder that the step began in; empty when nobody traced. */
  readonly traces: readonly { readonly file: string; readonly directory: string }[]
  /** Globs of what needs left in the workspace. */
  readonly provided: readonly string[]
}

/** What was found. With `changedInputs` a result must not be kept; with anything, a strict job fails. */
export type AccessFindings = UndeclaredAccess & {
  readonly sentences: readonly string[]
  /** How it was looked at: `writes: file times; reads: not looked at`. */
  readonly label: string
}

const lockfiles = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock']

/** Checks one job, after its last step. */
export const checkAccess = async (request: AccessRequest): Promise<AccessFindings> => {
  const { plan, directory, listing, writes, traces } = request
  const [inputs, outputs, provided] = [plan.inputs, plan.outputs, request.provided].map((globs) => readGlobs(globs))
  const found = writes.kind === 'overlay' ? writes : await findWritten(writes.beginning, listing)
  const read = new Set<string>()
  for (const trace of traces)
    for (const path of (await readTrace(trace.file, directory, trace.directory)).reads) read.add(path)
  const undeclared = undeclaredAccess(
    { reads: traces.length === 0 ? null : [...read].toSorted(), written: found.written, removed: found.removed },
    {
      isInput: (path) => inputs?.matches(path) === true,
      isOutput: (path) => outputs?.matches(path) === true,
      isProvided: (path) => provided?.matches(path) === true,
      hasLockfile: lockfiles.some((name) => inputs?.matches(name) === true),
    },
  )
  const label = `writes: ${writes.kind === 'overlay' ? 'overlay' : 'file times'}; reads: ${traces.length === 0 ? 'not looked at' : 'strace'}`
  return { ...undeclared, sentences: tellAccess(undeclared), label }
}
