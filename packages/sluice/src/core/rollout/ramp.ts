/**
 * The ramp by evidence. A plan is frozen, so the shares that it may come to are in it, as a ladder of rungs; evidence only says how fast
 * the ladder is climbed, and which rungs are passed over. So the exposure is bounded twice: by the rungs, and by what the judge allows.
 */
import type { Step, VerdictRecord } from './types.ts'

type Judgement = Extract<Step, { kind: 'judge' }>

/** Whether a verdict ends a judgement; `isBaked` once its time is over. A lack of proof, or of units, never does. */
export const endsJudgement = (step: Judgement, verdict: VerdictRecord, { isBaked }: { isBaked: boolean }): boolean => {
  const { units } = verdict.candidate
  if (units === 0 || units < step.unitsMin) return false
  if (step.until === 'proven')
    return verdict.proven === true && (verdict.verdict === 'pass' || verdict.verdict === 'hold')
  return verdict.verdict === 'pass' && isBaked
}

/**
 * Where a rollout goes from the judgement at `index` that `verdict` ended: to the farthest rung whose share the judge allows, beyond the
 * ladder if it allows all traffic; null when it does not even allow the next share, and the rollout stays where it is.
 */
export const afterJudgement = (steps: readonly Step[], index: number, verdict: VerdictRecord): number | null => {
  const allowedBp = verdict.nextShareBp
  const step = steps[index]
  if (step?.kind !== 'judge' || step.until !== 'proven' || allowedBp === undefined) return index + 1
  if (nextShareBp(steps, index + 1) > allowedBp) return null
  let next = index + 1
  while (isRung(steps, next) && nextShareBp(steps, next + 2) <= allowedBp) next += 2
  return next
}

const isRung = (steps: readonly Step[], index: number): boolean => {
  const judgement = steps[index + 1]
  return steps[index]?.kind === 'shift' && judgement?.kind === 'judge' && judgement.until === 'proven'
}

/** The share that the newest release gets by the first shift from `index` on, basis points; all of it where there is none. */
const nextShareBp = (steps: readonly Step[], index: number): number => {
  for (let at = index; at < steps.length; at += 1) {
    const step = steps[at]
    if (step?.kind === 'shift') return step.shares.find(({ arm }) => arm === 'candidate')?.shareBp ?? 10_000
  }
  return 10_000
}
