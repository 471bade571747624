/** Why a rollout ended as it did: read from its ledger rows alone. */
import type { LedgerRow } from '../../core/ledger/entry.ts'
import { metricsOf } from '../../core/judge/metrics.ts'
import { foldOutside } from '../../core/judge/outside/fold.ts'
import type { OutsideState } from '../../core/judge/outside/types.ts'
import { judgeOutside, withOutside } from '../../core/judge/outside/verdict.ts'
import { judge } from '../../core/judge/verdict.ts'
import { rolloutMachine } from '../../core/rollout/machine.ts'
import type { EffectResult, RolloutEvent, RolloutPlan, RolloutState } from '../../core/rollout/types.ts'
import type { EvidencePoint, RolloutView, WhyView } from '../client/views.ts'
import { verdictText } from './causes.ts'
import { limitLogEOf, type Reached } from './rollouts.ts'
import { percentOf } from '../client/words.ts'

/** Parser of a row's event. The bodies of a rollout's rows are what its machine accepted, so this is where that is relied on. */
const eventOf = ({ body }: LedgerRow): RolloutEvent => body as RolloutEvent

/** How far it came before it turned back, as of some row. */
export type Way = { readonly state: RolloutState; readonly reached: Reached }

/** Before the first row. */
export const wayStart: Way = { state: { status: 'absent' }, reached: { index: 0, route: null, failure: null } }

/** How far it came by the rows that follow. Folds them with the machine that made them. */
export const wayAfter = (before: Way, rows: readonly LedgerRow[]): Way => {
  let { state, reached } = before
  for (const row of rows) {
    const event = eventOf(row)
    state = rolloutMachine.decide(state, event).state
    if (state.status === 'advancing') {
      const failure =
        event.type === 'effect_failed' ? event.failure : state.index === reached.index ? reached.failure : null
      reached = { index: state.index, route: null, failure }
    }
    if (state.status === 'reverting') reached = { ...reached, route: state.route }
  }
  return { state, reached }
}

// Nothing is demanded: whether it was enough for a step is the machine's to say, not the measurement's.
const demand = { baked: false, unitsMin: 0 }

/** The measurements between two arms so far, and what was known from outside by the last of them. */
export type Curve = { readonly points: readonly EvidencePoint[]; readonly outside: OutsideState | undefined }

/** Before the first row. */
export const curveStart: Curve = { points: [], outside: undefined }

/** The curve by the rows that follow: each measurement with the verdict it was worth by itself. */
export const curveAfter = (before: Curve, rows: readonly LedgerRow[], { spec }: RolloutPlan): Curve => {
  const points = [...before.points]
  let { outside } = before
  for (const row of rows) {
    const event = eventOf(row)
    if (event.type === 'tripped') points.push({ ...event.verdict, seq: row.seq })
    if (event.type !== 'effect_succeeded' || event.result.kind !== 'measured') continue
    const { at, result } = event
    outside = foldOutside(outside, result.outside, { spec, at })
    const own = judge(result, { policy: spec.judge, demand }, at)
    points.push({ ...withOutside(own, judgeOutside(outside, spec, at)), seq: row.seq })
  }
  return { points, outside }
}

/** What happened, one line each. */
export const storyOf = (rows: readonly LedgerRow[], plan: RolloutPlan): WhyView['story'] =>
  rows.flatMap((row) => storyLine(row, plan))

/** The answer to why. */
export const whyView = (
  rollout: RolloutView,
  plan: RolloutPlan,
  told: Pick<WhyView, 'curve' | 'story' | 'watch' | 'takenBackBy' | 'pointOfNoReturn'>,
): WhyView => {
  const deciding = decidingOf(rollout, told.curve)
  return {
    rollout,
    summary: `${summaryOf(rollout, plan, deciding)}${sequelOf(told)}`,
    deciding,
    metric:
      deciding?.outside === undefined
        ? metricText(plan, deciding?.metric ?? 'errors')
        : 'told from outside the gateway',
    policy: plan.spec.judge,
    ...told,
  }
}

/** What came after it went all the way. */
const sequelOf = ({ takenBackBy, watch }: Pick<WhyView, 'watch' | 'takenBackBy'>): string => {
  if (takenBackBy === null) return ''
  const why = watch?.triggered === null || watch === null ? '' : `: ${watch.triggered.detail}`
  return `; taken back afterwards by ${takenBackBy}${why}`
}

/** A metric in words. */
const metricText = ({ spec }: RolloutPlan, name: string): string => {
  const metric = metricsOf(spec.judge).find((one) => one.name === name)
  switch (metric?.kind) {
    case 'quantile':
      return `responses slower than the old release's own ${name}`
    case 'slow':
      return `responses slower than ${metric.limitMs} ms`
    default:
      return 'bad responses (status 500 to 599, timeouts, connection errors)'
  }
}

const decidingOf = (rollout: RolloutView, curve: readonly EvidencePoint[]): EvidencePoint | null => {
  const { cause } = rollout
  if (cause !== null)
    return cause.kind === 'tripped' || cause.kind === 'judged'
      ? (curve.find(({ verdict }) => verdict === 'fail') ?? curve.at(-1) ?? null)
      : null
  return curve.at(-1) ?? null
}

const summaryOf = (rollout: RolloutView, plan: RolloutPlan, deciding: EvidencePoint | null): string => {
  if (rollout.cause !== null) return rollout.cause.text
  const numbers =
    deciding === null
      ? 'nothing was compared: no two releases had traffic at once'
      : verdictText(deciding, limitLogEOf(plan))
  return rollout.status === 'succeeded' ? `it went all the way: ${numbers}` : `it is under way: ${numbers}`
}

type Line = WhyView['story'][number]

const storyLine = (row: LedgerRow, plan: RolloutPlan): readonly Line[] => {
  const text = textOf(eventOf(row), plan)
  if (text === null) return []
  return [
    { seq: row.seq, at: row.at, who: row.actor.name, text: row.reason === null ? text : `${text}: ${row.reason}` },
  ]
}

/** What was said from outside; that a step was done, the steps say. */
const answerText = (result: EffectResult): string | null => {
  if (result.kind === 'answered') return `a hook answered ${result.answer.status}: ${result.answer.detail}`
  if (result.kind !== 'verified') return null
  const { results } = result.report
  return `checks: ${results.map(({ name, outcome }) => `${name} ${outcome}`).join(', ') || 'none was made'}`
}

const textOf = (event: RolloutEvent, plan: RolloutPlan): string | null => {
  switch (event.type) {
    case 'rollout_started':
      return `rollout started (${plan.strategy})`
    case 'tripped':
      return `tripwire cut at ${percentOf(event.verdict.shareBp)}: ${verdictText(event.verdict, limitLogEOf(plan))}`
    case 'effect_failed':
      return `an effect failed: ${event.failure.detail}`
    case 'effect_unknown':
      return `the outcome of an effect is unknown: ${event.detail}`
    case 'instance_health_changed':
      return `${event.instance} became ${event.healthy ? 'healthy' : 'unhealthy'}`
    case 'work_parked':
      return `set aside: ${event.detail}`
    case 'approved':
      return 'approved'
    case 'superseded':
      return `${event.successor} took its place`
    case 'effect_succeeded':
      return answerText(event.result)
    case 'time_passed':
      return null
    default:
      return event.type.replace('_', ' ')
  }
}
