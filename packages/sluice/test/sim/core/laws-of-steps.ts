/** What must hold of every step of the rollout machine, whatever the weather. */
import type {
  EffectResult,
  RolloutEffect,
  RolloutEvent,
  RolloutPlan,
  RolloutState,
  Step,
} from '../../../src/core/rollout/types.ts'
import { Breach, demand } from '../breach.ts'
import { isReserved, mustBeSaidByWhoMay, mustKeepToWindows } from './governance.ts'

type Status = RolloutState['status']

/** From each status, where a step may lead; `machine.ts` shows the same table to people. */
const roads: Readonly<Record<Status, readonly Status[]>> = {
  absent: ['advancing'],
  advancing: ['advancing', 'reverting', 'succeeded', 'parked', 'rolled_back'],
  reverting: ['reverting', 'rolled_back', 'parked'],
  parked: ['advancing', 'reverting', 'succeeded', 'rolled_back'],
  succeeded: [],
  rolled_back: [],
}

const isOver = (status: Status): boolean => status === 'succeeded' || status === 'rolled_back'

/** One step: what was, what came, what is, and what is to be done. */
export type Taken = {
  readonly before: RolloutState
  readonly event: RolloutEvent
  readonly after: RolloutState
  readonly effects: readonly RolloutEffect[]
}

/** Throws a Breach when a step breaks a rule. `restedMs`: how long the step that was left had truly rested; Infinity if unknown. */
export const mustBeLawful = (taken: Taken, restedMs: number): void => {
  const { before, event, after } = taken
  // Read once: states and events come in many shapes, and this is the hot path.
  const was = before.status
  const is = after.status
  const { type } = event
  if (was === is ? isOver(was) : !roads[was].includes(is)) throw new Breach(`${type} led from ${was} to ${is}`)
  if (was === 'absent' || is === 'absent') return
  mustIssueInOrder(taken)
  if ((type === 'superseded') !== (is === 'rolled_back' && isSuperseded(after)))
    throw new Breach(`${type} led to ${is}`)
  if (type === 'superseded') return
  if (type === 'effect_succeeded' && isAborted(taken))
    demand(is === 'reverting', 'the external judge said abort, and the rollout went on')
  if (type === 'abort_requested' && was !== 'reverting')
    demand(is === 'reverting', 'an abort did not turn the rollout back')
  if (was === 'reverting') return mustKeepCause(before, after)
  if (before.status !== 'advancing') return
  if (type === 'approved' && after.status === 'advancing') mustCountOnce(after)
  const arrivedAt = is === 'succeeded' ? before.plan.steps.length : after.status === 'advancing' ? after.index : -1
  if (arrivedAt < 0 || arrivedAt === before.index) return
  const left = before.plan.steps[before.index]
  if (left !== undefined) mustBeDone(taken, left, restedMs)
  for (let index = before.index + 1; index < arrivedAt; index += 1) mustBePassable(taken, index)
}

/** Nothing is passed over but waits (in haste) and the shares that evidence leaves out. A yes that not everybody may give is passed over by nobody. */
const mustBePassable = ({ before, after }: Taken, index: number): void => {
  if (before.status !== 'advancing') return
  const kind = before.plan.steps[index]?.kind
  const isHurried = (after.status === 'advancing' || after.status === 'succeeded') && after.hurried !== null
  const isWait = kind === 'judge' || kind === 'wait' || (kind === 'approve' && !isReserved(before))
  const isRung = (kind === 'shift' || kind === 'judge') && before.plan.spec.judge.exposureBudget !== undefined
  if (!(isHurried && isWait) && !isRung) throw new Breach(`a step (${kind}) was passed over`)
}

/** Nobody's yes is kept twice. */
const mustCountOnce = ({ stage }: Advancing): void => {
  if (stage.kind === 'awaiting' && new Set(stage.approvals).size !== stage.approvals.length)
    throw new Breach(`a yes was kept twice: ${stage.approvals.join(', ')}`)
}

const mustKeepCause = (before: RolloutState, after: RolloutState): void => {
  if (before.status === 'reverting' && (after.status === 'reverting' || after.status === 'rolled_back'))
    demand(before.cause === after.cause, 'a later cause replaced the first')
}

const isSuperseded = (state: RolloutState): boolean =>
  state.status === 'rolled_back' && state.cause.kind === 'command' && state.cause.command === 'superseded'

/** Commands are total: whoever may say something in a state is heard. Throws a Breach for an event that changed nothing and should have. */
export const mustNotBeIgnored = (state: RolloutState, event: RolloutEvent): void => {
  const isHalted = state.status === 'reverting' && state.stage.kind === 'awaiting'
  if (state.status !== 'advancing' && state.status !== 'parked' && !isHalted) return
  const isIgnored =
    event.type === 'abort_requested' ||
    (event.type === 'retry_requested' && state.status === 'parked') ||
    (event.type === 'tripped' && state.status === 'advancing') ||
    (event.type === 'work_parked' && state.status === 'advancing') ||
    (event.type === 'pause_requested' && state.status === 'advancing' && state.paused === null) ||
    (event.type === 'resume_requested' &&
      state.status === 'advancing' &&
      state.paused !== null &&
      state.paused.kind !== 'window')
  if (isIgnored) throw new Breach(`${event.type} was not heard`)
}

/** Laws 2 and 3, and: sequences grow by one, and a paused rollout begins nothing. Sentences are made only for breaches: this is the hot path. */
const mustIssueInOrder = ({ before, event, after, effects }: Taken): void => {
  if (before.status === 'absent' || after.status === 'absent') return
  let { sequence } = before
  for (const effect of effects) {
    sequence += 1
    if (effect.sequence !== sequence || effect.fence.sequence !== sequence)
      throw new Breach(`effect ${effect.sequence} follows ${sequence - 1}`)
    if (effect.fence.token !== after.token) throw new Breach('an effect carries the token of another rollout')
    mustKeepToWindows({ before, event, after }, effect)
    if (!isInFlight(after, effect.sequence)) throw new Breach(`${effect.key} was issued and is not outstanding`)
    if (
      after.status === 'advancing' &&
      after.paused !== null &&
      effect.action.kind !== 'measure' &&
      !isRetry(before, after)
    )
      throw new Breach(`${effect.key} was begun while paused`)
  }
  if (after.sequence !== sequence)
    throw new Breach(`the sequence went from ${before.sequence} to ${after.sequence} with ${effects.length} effects`)
  if (isOutcome(event) && !isInFlight(before, event.sequence))
    throw new Breach(`an outcome of effect ${event.sequence}, which nobody waits for, changed something`)
}

/** What was begun may be tried again while the judge is blind, but not while a person holds it. */
const isRetry = (before: RolloutState, after: RolloutState): boolean =>
  before.status === 'advancing' &&
  after.status === 'advancing' &&
  before.index === after.index &&
  (before.stage.kind === 'backing_off' || before.stage.kind === 'asking') &&
  (after.paused?.kind === 'broken' || after.paused?.kind === 'window')

/** Whether a rollout waits for the outcome of this effect; what `outstanding` says too, which the laws hold it to. */
const isInFlight = (state: RolloutState, sequence: number): boolean => {
  if (state.status !== 'advancing' && state.status !== 'reverting') return false
  if (state.stage.kind === 'performing' && state.stage.effect.sequence === sequence) return true
  return state.status === 'advancing' && state.guard.kind === 'measuring' && state.guard.effect.sequence === sequence
}

const isOutcome = (event: RolloutEvent): event is Extract<RolloutEvent, { sequence: number }> =>
  event.type === 'effect_succeeded' || event.type === 'effect_failed' || event.type === 'effect_unknown'

/** No step is left before it is done: waits by time, judgements by evidence, approvals by people, actions by their receipt. */
const mustBeDone = ({ before, event }: Taken, step: Step, restedMs: number): void => {
  if (before.status !== 'advancing') return
  const isHurried = event.type === 'skip_requested' || event.type === 'promote_requested' || before.hurried !== null
  switch (step.kind) {
    case 'judge':
      if (isHurried) return
      if (event.type !== 'effect_succeeded' || event.result.kind !== 'measured')
        throw new Breach(`a judgement ended by ${event.type}`)
      mustBeEvident(before, event.result, event.at)
      if (restedMs < step.bakeMs) throw new Breach(`a bake of ${step.bakeMs} ms ended after ${restedMs} ms`)
      return
    case 'wait':
      if (isHurried) return
      if (event.type !== 'time_passed') throw new Breach(`a wait ended by ${event.type}`)
      if (restedMs < step.ms) throw new Breach(`a wait of ${step.ms} ms ended after ${restedMs} ms`)
      return
    case 'approve':
      mustBeSaidByWhoMay(before, event)
      if (!isHurried && event.type !== 'approved') throw new Breach(`an approval ended by ${event.type}`)
      return
    case 'verify':
      if (event.type === 'skip_requested') return
      if (event.type !== 'effect_succeeded' || event.result.kind !== 'verified')
        throw new Breach(`a check ended by ${event.type}`)
      mustBeChecked(event.result.report)
      return
    case 'hook':
      mustBeAnswered(event, step)
      return
    case 'drain':
      if (event.type !== 'skip_requested' && event.type !== 'effect_succeeded')
        throw new Breach(`a drain ended by ${event.type}`)
      return
    default:
      if (event.type !== 'effect_succeeded') throw new Breach(`${step.kind} ended by ${event.type}`)
      if (step.kind !== 'probe') return
      if (event.result.kind !== 'probed' || event.result.healthy < step.count - step.failuresMax)
        throw new Breach(`a probe of ${step.count} passed with ${JSON.stringify(event.result)}`)
  }
}

/** What a judgement passed on was fresh, enough, and not against the candidate. */
const mustBeEvident = ({ plan, index }: Advancing, result: Measured, at: number): void => {
  const { logE, candidate, tripped, observedAt } = result
  const step = plan.steps[index]
  demand(logE !== null && logE < 4.6 && !tripped, 'a judgement passed without evidence, or against it')
  if (step?.kind !== 'judge' || candidate.units < Math.max(1, step.unitsMin))
    throw new Breach(`a judgement passed on ${candidate.units} units`)
  demand(Math.abs(at - observedAt) <= plan.spec.judge.staleAfterMs, 'a judgement passed on stale counts')
  mustBeSeenOutside(plan, result, at)
}

const mustBeChecked = ({ results }: Extract<EffectResult, { kind: 'verified' }>['report']): void => {
  demand(results.length > 0, 'a release passed that nobody had checked')
  demand(
    results.every(({ outcome }) => outcome === 'passed'),
    'a release passed a check that failed or could not be made',
  )
}

/** No hook is passed without its yes, a person's word, or a config that says to go on without an answer. */
const mustBeAnswered = (event: RolloutEvent, step: Extract<Step, { kind: 'hook' }>): void => {
  if (event.type === 'skip_requested' || step.moment === 'revert') return
  if (event.type === 'time_passed')
    return demand(step.onTimeout === 'continue', 'a hook that did not answer was passed')
  if (
    event.type === 'effect_succeeded' &&
    event.result.kind === 'answered' &&
    event.result.answer.status === 'succeeded'
  )
    return
  throw new Breach(`a hook was passed by ${event.type}`)
}

type Advancing = Extract<RolloutState, { status: 'advancing' }>
type Measured = Extract<EffectResult, { kind: 'measured' }>

/** Whether the judge's look brought an abort from outside, and its rollout was on its way. */
const isAborted = ({ before, event, after }: Taken): boolean =>
  before.status === 'advancing' &&
  before !== after &&
  event.type === 'effect_succeeded' &&
  event.result.kind === 'measured' &&
  event.result.outside?.external?.kind === 'answered' &&
  event.result.outside.external.directive === 'abort'

/** No measurement is never a pass, wherever it should have come from. */
const mustBeSeenOutside = (plan: RolloutPlan, { outside }: Measured, at: number): void => {
  const { metrics, externalJudge } = plan.spec
  for (const { name } of metrics?.metrics ?? []) {
    const reading = outside?.metrics.find(({ metric }) => metric === name)
    if (reading?.kind !== 'counted') throw new Breach(`a judgement passed while the source of ${name} was silent`)
    const isFresh = Math.abs(at - reading.observedAt) <= (metrics?.staleAfterMs ?? 0)
    demand(isFresh, 'a judgement passed on old counts from outside')
    demand(reading.candidate.units > 0, 'a judgement passed on no units from outside')
  }
  if (externalJudge === undefined) return
  const word = outside?.external?.kind === 'answered' ? outside.external.directive : 'nothing'
  if (word !== 'continue' && word !== 'complete')
    throw new Breach(`a judgement passed while the external judge said ${word}`)
}
