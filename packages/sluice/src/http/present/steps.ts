/** Steps of a plan in words. */
import { unreachable } from '../../core/machine.ts'
import type { Step } from '../../core/rollout/types.ts'
import type { ListenAddress, RouteRule } from '../../core/routing.ts'
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
      if (step.until === 'proven')
        return `judge until it is proven no worse${step.unitsMin > 0 ? `, by at least ${countOf(step.unitsMin, 'unit')}` : ''}`
      return `judge for at least ${spanOf(step.bakeMs)}${step.unitsMin > 0 ? ` and ${countOf(step.unitsMin, 'unit')}` : ''}`
    case 'wait':
      return `wait ${spanOf(step.ms)}: ${step.reason}`
    case 'approve':
      return `wait for ${countOf(step.approvals, 'approval')}: ${step.reason}`
    case 'verify':
      return `verify ${countOf(step.count, 'instance')} of ${refOf(step.release, known).version} ${step.scope === 'candidate' ? 'before its users see it' : 'as its users see it'}${step.through === undefined ? '' : `, and through ${addressText(step.through)}`}`
    case 'hook':
      return hookText(step)
    case 'drain':
      return `let requests in flight to ${refOf(step.release, known).version} end${keepText(step.keep)}`
    case 'retire':
      return `retire ${refOf(step.release, known).version}${keepText(step.keep)}`
    default:
      return unreachable(step)
  }
}

const keepText = (keep: number): string => (keep === 0 ? '' : ` (all but ${countOf(keep, 'instance')})`)

const shiftText = (step: Extract<Step, { kind: 'shift' }>, known: Known): string => {
  const { shares, whenEmpty, rules, mirror, preview } = step
  if (shares.length === 0) return whenEmpty === 'hold' ? 'hold requests for a moment' : 'stop listening'
  const parts = shares.map(({ release, shareBp, count }) => {
    const { version } = refOf(release, known)
    return `${percentOf(shareBp)} to ${version} (${countOf(count, 'instance')})`
  })
  const routed = rules === undefined ? '' : `; and ${rules.map(ruleText).join(', or ')}`
  const mirrored =
    mirror === undefined
      ? ''
      : `; mirror ${percentOf(mirror.shareBp)} to ${refOf(mirror.release, known).version}, answers thrown away`
  const alone = preview === undefined ? '' : `; and the candidate alone on ${addressText(preview)}`
  return `traffic: ${parts.join(', ')}${routed}${mirrored}${alone}`
}

const addressText = ({ host, port }: ListenAddress): string => `${host}:${port}`

const ruleText = ({ all, arm }: RouteRule): string => {
  const parts = all.map(({ kind, name, value }) => {
    if (value === null) return `${kind} ${name}`
    return `${kind} ${name} ${value.kind === 'equals' ? '=' : 'beginning with'} ${value.text}`
  })
  return `requests with ${parts.join(' and ')} to the ${arm}`
}

const hookText = ({ name, moment, stage, target, timeoutMs, onTimeout }: Extract<Step, { kind: 'hook' }>): string => {
  const place = target.kind === 'http' ? target.url : `\`${target.command}\``
  if (moment === 'revert') return `tell hook ${name} (${place}), for at most ${spanOf(timeoutMs)}`
  const late = { rollback: 'turn back', continue: 'go on', pause: 'pause' }[onTimeout]
  return `ask hook ${name} ${moment} ${stageText(stage)} (${place}); without an answer in ${spanOf(timeoutMs)}, ${late}`
}

/** `start/2`, `traffic/500`, `promotion` in words. */
const stageText = (stage: string): string => {
  const [kind, number] = stage.split('/')
  if (number === undefined) return `the ${stage}`
  return kind === 'traffic'
    ? `${percentOf(Number(number))} of the traffic`
    : `the start of ${countOf(Number(number), 'instance')}`
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
