/** What another policy would have said of a past rollout, look by look. Pure. */
import type { JudgePolicy } from '../model.ts'
import type { VerdictRecord } from '../rollout/types.ts'
import { judge, type Measurement } from './verdict.ts'

/** One look of a past rollout, as its ledger has it. */
export type Look = { readonly at: number; readonly measurement: Measurement }

/** What came of a replay. */
export type Replay = {
  /** The verdict at each look, up to the one that stops. */
  readonly verdicts: readonly VerdictRecord[]
  /** When it would have stopped the release; null when it would not have. */
  readonly stoppedAt: number | null
  /** Candidate units seen by then, and how many of them were bad. */
  readonly candidate: { readonly units: number; readonly badUnits: number }
  /** Looks without statistics: what was recorded under the other policy cannot be judged by this one. */
  readonly unknown: number
}

/**
 * Judges the looks again. A trip is passed over: it was the other policy's. Between two looks nothing is known, so that this stops later than a
 * tripwire would, by one interval at most.
 */
export const replay = (looks: readonly Look[], policy: JudgePolicy): Replay => {
  const known = looks.filter(({ measurement }) => measurement.statistics !== undefined)
  const verdicts: VerdictRecord[] = []
  for (const { at, measurement } of known) {
    const record = judge({ ...measurement, tripped: false }, { policy, demand: { baked: false, unitsMin: 0 } }, at)
    verdicts.push(record)
    if (record.verdict === 'fail') break
  }
  const last = verdicts.at(-1)
  return {
    verdicts,
    stoppedAt: last?.verdict === 'fail' ? last.at : null,
    candidate: last?.candidate ?? { units: 0, badUnits: 0 },
    unknown: looks.length - known.length,
  }
}
