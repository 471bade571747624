import { runInNewContext } from 'node:vm'
import { limits } from '../../core/limits.ts'
import type { MatchText } from '../../core/verification/expect.ts'

/** Matches with a time limit: a pattern that goes wild on a text would otherwise hold up the control plane, and every rollback with it. */
export const matchInTime: MatchText = (pattern, text) => {
  try {
    const found: unknown = runInNewContext(
      'new RegExp(pattern, "u").test(text)',
      { pattern, text },
      { timeout: limits.matchMs },
    )
    return found === true ? 'yes' : 'no'
  } catch {
    // It took too long, or is no pattern: either way nobody can tell.
    return 'undecided'
  }
}
