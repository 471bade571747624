/** The branch of a checkout. */
import { type BranchPolicy, judgeBranch } from '../../core/conventions/branch.ts'
import { broken, type ScanResult } from '../../core/security/scan.ts'
import { git } from '../../lib/git.ts'

/** Name of the branch that a checkout is on; null for a detached HEAD. */
export const branchOf = async (directory: string, signal: AbortSignal): Promise<string | null> => {
  const { code, out } = await git(directory, ['symbolic-ref', '--quiet', '--short', 'HEAD'], signal)
  return code === 0 ? out.trim() : null
}

/** Judges the name of a branch; `name` null for that of the checkout. */
export const checkBranch = async (
  request: { readonly directory: string; readonly name: string | null; readonly policy: BranchPolicy },
  signal: AbortSignal,
): Promise<ScanResult> => {
  const inside = await git(request.directory, ['rev-parse', '--git-dir'], signal)
  if (inside.code !== 0) return broken(`${request.directory} is not in a git repository.`)
  return judgeBranch(request.name ?? (await branchOf(request.directory, signal)), request.policy)
}
