/** Where an environment can go back to: what served in it before, how long ago it left, and what of it may never be thrown away. */
import { type EnvironmentState, releaseBefore } from './environment.ts'
import { limits } from './limits.ts'
import type { ReleaseId, RolloutId } from './model.ts'
import type { RollbackWindow } from './rollback-policy.ts'

/** A release that served before the one that serves now came in. */
export type Predecessor = {
  readonly release: ReleaseId
  /** When the one after it came in, epoch ms. */
  readonly leftAt: number
}

/**
 * What served before, newest first, without what was left by a rollback: after a, b, c and a rollback to b only a is left. The one that serves now is not in it.
 */
export const predecessors = ({ history }: Pick<EnvironmentState, 'history'>): readonly Predecessor[] => {
  const line: { readonly release: ReleaseId; readonly leftAt: number }[] = []
  let serving: ReleaseId | null = null
  for (const { release, outcome, at } of history.toReversed()) {
    if (outcome !== 'succeeded') continue
    const known = line.findIndex((one) => one.release === release)
    if (known >= 0) line.splice(known)
    else if (serving !== null && serving !== release) line.push({ release: serving, leftAt: at })
    serving = release
  }
  return line.toReversed()
}

/** Whether a release is so near in the past that going back to it needs neither analysis nor gates. Never what was left by a rollback, nor what serves. */
export const isInWindow = (
  environment: Pick<EnvironmentState, 'history'>,
  window: RollbackWindow,
  { release, now }: { readonly release: ReleaseId; readonly now: number },
): boolean => {
  const line = predecessors(environment)
  const index = line.findIndex((one) => one.release === release)
  const found = line[index]
  if (found === undefined) return false
  return window.kind === 'releases' ? index < window.count : now - found.leftAt <= window.ms
}

/** Releases that must stay whole as long as an environment can go back to them: what serves, what is under way, what is kept, and the newest that served before. */
export const neverPruned = (environment: EnvironmentState): readonly ReleaseId[] => [
  ...new Set([
    ...(environment.serving === null ? [] : [environment.serving]),
    ...(environment.previous === null ? [] : [environment.previous]),
    ...environment.kept,
    ...predecessors(environment)
      .slice(0, limits.rollbackTargetsKept)
      .map(({ release }) => release),
  ]),
]

/** Where a rollback goes that names no release: the newest that served before and is not held; where all are held, the newest, for nothing may be in a person's way. */
export const rollbackTarget = (environment: EnvironmentState, held: ReadonlySet<ReleaseId>): ReleaseId | null =>
  automaticTarget(environment, held) ?? releaseBefore(environment)

/** Where a rollback goes that nobody asked for; null when everything that served before is held. */
export const automaticTarget = (environment: EnvironmentState, held: ReadonlySet<ReleaseId>): ReleaseId | null =>
  predecessors(environment).find(({ release }) => !held.has(release))?.release ?? null

/** Whether the last rollout of a release here came back: nothing that goes on by itself tries it again. */
export const cameBack = ({ history }: Pick<EnvironmentState, 'history'>, release: ReleaseId): boolean =>
  history.find((passage) => passage.release === release)?.outcome === 'rolled_back'

/** The rollback that took a rollout's release out again: the first one after it that no other undid, as the return of a drill does. Null while the rollout stands, or was followed by a newer release. */
export const takenBackBy = ({ history }: Pick<EnvironmentState, 'history'>, rollout: RolloutId): RolloutId | null => {
  const own = history.findIndex((passage) => passage.rollout === rollout)
  const arrival = history[own]
  if (arrival === undefined || arrival.outcome !== 'succeeded') return null
  let by: RolloutId | null = null
  for (const passage of history.slice(0, own).toReversed()) {
    if (passage.outcome !== 'succeeded') continue
    if (passage.purpose !== 'rollback') return by
    by = passage.release === arrival.release ? null : (by ?? passage.rollout)
  }
  return by
}
