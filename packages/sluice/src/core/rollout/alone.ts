/** What is judged while there is no control: the first release of an environment, and the time at 100 % without a holdback. */
import { judgesAlone } from '../judge/metrics.ts'
import type { EnvironmentSpec, ReleaseId } from '../model.ts'
import type { Share, Step } from './types.ts'

/** How long a first release is watched where its strategy says nothing of a bake, milliseconds. */
const firstBakeMs = 60_000

/** What the steps are planned for. */
export type Cast = { readonly from: ReleaseId | null; readonly to: ReleaseId; readonly spec: EnvironmentSpec }

/**
 * The steps with the candidate on trial, by name, wherever it has all the traffic and is watched. Where the old release still runs it stays in the route without a
 * share, so that a tripwire has somebody to give the traffic to. Without a declared limit there is nothing to judge by, and the steps stay as they are.
 */
export const judgedAlone = (steps: readonly Step[], cast: Cast): readonly Step[] => {
  if (!judgesAlone(cast.spec.judge)) return steps
  const planned: Step[] = []
  for (let index = 0; index < steps.length; index += 1) {
    const [step, next] = steps.slice(index, index + 2)
    if (step === undefined) break
    const bake = next?.kind === 'wait' ? next : cast.from === null && next === undefined ? bakeOf(cast.spec) : null
    const all = wholeShare(step, cast.to)
    if (bake === null || all === null) {
      planned.push(step)
      continue
    }
    planned.push(onTrial([...standby(steps, cast.from), { ...all, arm: 'candidate' }]), bake, step)
    // The bake comes before what it bakes for.
    if (bake === next) index += 1
  }
  return planned
}

const wholeShare = (step: Step, to: ReleaseId): Share | null => {
  const [only] = step.kind === 'shift' ? step.shares : []
  return step.kind === 'shift' && step.shares.length === 1 && only?.release === to ? only : null
}

/** The old release as the last shift before has it, without a share. */
const standby = (steps: readonly Step[], from: ReleaseId | null): readonly Share[] => {
  const known = steps
    .flatMap((step) => (step.kind === 'shift' ? step.shares : []))
    .findLast((one) => one.release === from)
  return known === undefined ? [] : [{ ...known, arm: 'stable', shareBp: 0 }]
}

const onTrial = (shares: readonly Share[]): Step => ({ kind: 'shift', shares, whenEmpty: 'hold' })

const bakeOf = ({ strategy }: EnvironmentSpec): Step => ({
  kind: 'wait',
  ms: 'bakeMs' in strategy && strategy.bakeMs > 0 ? strategy.bakeMs : firstBakeMs,
  reason: 'bake of the first release',
})
