/** Steps of a plan in words. */
import { unreachable } from '../../core/machine.ts'
import type { Step } from '../../core/rollout/types.ts'
import type { StepView } from '../client/views.ts'
import { refOf, type Known } from './releases.ts'
import { countOf, percentOf, spanOf } from '../client/words.ts'

/** One step as a sentence without a subject: `start 2 × 1.4.1`. */
export const stepText = (step: Step, known: Known): string => {
  switch (step.kind) {
    case 'start':
      return `start ${countOf(step.count, 'instance')} of ${refOf(step.release, known).version}`
    case 'probe':
      return `wait until the gateway gets good answers from ${countOf(step.count, 'instance')} of ${refOf(step.release, known).version}`
    case 'shift':
      return shiftText(step, known)
    case 'judge':
      return `judge for at least ${spanOf(step.bakeMs)}${step.unitsMin > 0 ? ` and ${countOf(step.unitsMin, 'unit')}` : ''}`
    case 'wait':
      return `wait ${spanOf(step.ms)}: ${step.reason}`
    case 'approve':
      return `wait for ${countOf(step.approvals, 'approval')}: ${step.reason}`
    case 'drain':
      return `let requests in flight to ${refOf(step.release, known).version} end${keepText(step.keep)}`
    case 'retire':
      return `retire ${refOf(step.release, known).version}${keepText(step.keep)}`
    default:
      return unreachable(step)
  }
}

const keepText = (keep: number): string => (keep === 0 ? '' : ` (all but ${countOf(keep, 'instance')})`)

const shiftText = ({ shares, whenEmpty }: Extract<Step, { kind: 'shift' }>, known: Known): string => {
  if (shares.length === 0) return whenEmpty === 'hold' ? 'hold requests for a moment' : 'stop listening'
  const parts = shares.map(({ release, shareBp, count }) => {
    const { version } = refOf(release, known)
    return `${percentOf(shareBp)} to ${version} (${countOf(count, 'instance')})`
  })
  return `traffic: ${parts.join(', ')}`
}

/** Steps before `index` are done, the one at `index` is as `current` says, the rest is as `after` says. */
export const stepViews = (
  steps: readonly Step[],
  place: { readonly index: number; readonly current: StepView['status']; readonly after: StepView['status'] },
  known: Known,
): readonly StepView[] =>
  steps.map((step, index) => ({
    index,
    kind: step.kind,
    text: stepText(step, known),
    status: index < place.index ? 'done' : index === place.index ? place.current : place.after,
  }))
