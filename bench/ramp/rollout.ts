/** One rollout by a virtual clock: the real machine with its judge, under traffic that the real tripwire watches. What is done to instances takes no time. */
import { rolloutId } from '../../packages/sluice/src/core/model.ts'
import { rolloutMachine } from '../../packages/sluice/src/core/rollout/machine.ts'
import type {
  EffectResult,
  RolloutEffect,
  RolloutEvent,
  RolloutPlan,
  RolloutState,
} from '../../packages/sluice/src/core/rollout/types.ts'
import { noticeEvent } from '../../packages/sluice/src/engine/notify/notices.ts'
import { type Rates, Traffic } from './traffic.ts'

/** What came of a rollout. */
export type Outcome = {
  /** Seconds until the release had all traffic; null when it never had. */
  readonly promotedAfterSeconds: number | null
  /** Candidate's answers until then, or until it was stopped, and how many of them were bad. */
  readonly requests: number
  readonly bad: number
  readonly shares: readonly number[]
  readonly state: RolloutState
}

const rollout = rolloutId('rol_ramp')
const by = { kind: 'system', name: 'bench' } as const
/** Nothing here lasts longer than a day. */
const lastAt = 86_400_000

/** Plays a plan until the release has all traffic, or has none any more. */
export const playRollout = (plan: RolloutPlan, rates: Rates, seed: number): Outcome => {
  const traffic = new Traffic({ rates, rollout, policy: plan.spec.judge }, seed)
  const shares: number[] = []
  let at = 0
  let state = after({ status: 'absent' }, { type: 'rollout_started', at, id: rollout, token: 1, plan, by })
  const outcome = (promotedAfterSeconds: number | null): Outcome => {
    const { requests, bad } = traffic
    return { promotedAfterSeconds, requests, bad, shares, state }
  }
  while (state.status === 'advancing') {
    const [effect] = rolloutMachine.outstanding(state)
    if (effect !== undefined) {
      const { action, sequence } = effect
      if (action.kind === 'shift') {
        if (isWhole(effect, plan)) return outcome(at / 1_000)
        const shareBp = action.shares.find(({ arm }) => arm === 'candidate')?.shareBp ?? 0
        traffic.shift(shareBp, at)
        shares.push(shareBp)
      }
      const result = action.kind === 'measure' ? traffic.measured(at) : answerTo(action)
      state = after(state, { type: 'effect_succeeded', at, sequence, result })
      continue
    }
    at = traffic.passUntil(Math.max(rolloutMachine.nextAt(state) ?? lastAt, at + 1))
    const { trip } = traffic
    const { service, spec } = plan
    const notice = trip === null ? null : ({ kind: 'tripped', service, environment: spec.name, trip } as const)
    state = after(state, notice === null ? { type: 'time_passed', at } : noticeEvent(notice, at))
    if (at >= lastAt) throw new Error(`the rollout stands still: ${JSON.stringify(state)}`)
  }
  return outcome(null)
}

const after = (state: RolloutState, event: RolloutEvent): RolloutState => rolloutMachine.decide(state, event).state

const isWhole = ({ action }: RolloutEffect, { to }: RolloutPlan): boolean =>
  action.kind === 'shift' && action.shares.some(({ release, shareBp }) => release === to && shareBp === 10_000)

const answerTo = (action: Exclude<RolloutEffect['action'], { kind: 'measure' }>): EffectResult =>
  action.kind === 'probe' ? { kind: 'probed', healthy: action.count, detail: '', evidence: [] } : { kind: 'done' }
