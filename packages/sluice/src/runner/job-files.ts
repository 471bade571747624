/** What a job's files are made of: the run's one checkout, a folder that was given, checkpoints, or the commit's checkout and what other jobs handed on. */
import { SluiceError } from '../core/errors.ts'
import type { JobRequest } from '../ports/runner.ts'
import type { Beginning } from './beginning.ts'
import type { Claim } from './workspace/checkouts.ts'
import type { SharedCheckout } from './workspace/shared-checkouts.ts'
import type { WorkspaceOptions } from './workspace/workspace.ts'

/** What there is to make a job's files of. */
export type Sources = { readonly beginning: Beginning; readonly claim: Claim | null; readonly shared: SharedCheckout | null }

/** What the workspace is made of. */
export const filesOf = async (
  { directory, commit, run, inputs = [] }: JobRequest,
  { beginning: { lowers }, claim, shared }: Sources,
  signal: AbortSignal,
): Promise<WorkspaceOptions['files']> => {
  if (shared !== null) return { kind: 'shared', directory: shared.directory }
  if (directory !== undefined) return { kind: 'given', directory }
  if (lowers.length > 0) {
    claim?.keep(lowers)
    return { kind: 'layers', lowers }
  }
  if (claim === null) throw new SluiceError('unexpected', { detail: 'the runner knows no repository' })
  const base = await claim.commit(commit.id, run, signal)
  const unpacked = await Promise.all(inputs.map((input) => claim.artifact(input, signal)))
  return { kind: 'layers', lowers: [base, ...unpacked] }
}
