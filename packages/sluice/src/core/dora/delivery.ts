/**
 * One rollout as the record of deliveries tells it (what DORA calls a deployment): folded once from the ledger rows of a rollout that is over, by the machine
 * that made them.
 */
import type { LedgerRow } from '../ledger/entry.ts'
import { ledgerForms } from '../ledger/forms.ts'
import { upcast } from '../ledger/upcast.ts'
import type { Actor, ReleaseId, RolloutId } from '../model.ts'
import { rolloutMachine } from '../rollout/machine.ts'
import type { Cause, Hotfix, Purpose, RolloutEvent, RolloutState, Step } from '../rollout/types.ts'

/** Somebody's word, and the row of the ledger that has it. */
export type Word = { readonly by: Actor; readonly at: number; readonly row: number; readonly reason: string | null }

/** A settled rollout. Times are epoch ms. */
export type Delivery = {
  readonly rollout: RolloutId
  readonly service: string
  readonly environment: string
  readonly purpose: Purpose
  readonly release: ReleaseId
  readonly from: ReleaseId | null
  readonly by: Actor
  readonly startedAt: number
  /** When users were first on it; null when none ever was. */
  readonly liveAt: number | null
  /** When all users were on it; null when they never were. */
  readonly fullAt: number | null
  readonly settledAt: number
  readonly outcome: 'succeeded' | 'rolled_back'
  /** The largest share of the traffic that it had, basis points. */
  readonly shareBpMax: number
  /** Of the time from start to end, how long it waited for a person: an approval, or whoever paused it. */
  readonly waitedMs: number
  /** Why it came back; null when it did not. */
  readonly cause: Cause['kind'] | 'superseded' | null
  /** Whoever said that waits and judgements be passed over. */
  readonly hurried: readonly Word[]
  readonly approvals: readonly Word[]
  /** Approvals that its environment asked for. */
  readonly approvalsWanted: number
  /** The environment that must have verified the release before; null for none. */
  readonly after: string | null
  /** What looked at it: checks, the judge, hooks. */
  readonly looks: readonly ('verify' | 'judge' | 'hook')[]
  /** Whoever asked for it said that it is a hotfix; absent where nobody did. */
  readonly hotfix?: Hotfix
  /** First and last row of the rollout in the ledger. */
  readonly rows: readonly [number, number]
}

/** The delivery that a rollout's rows tell of, oldest first; null when they cannot be read, or it is not over. */
export const foldDelivery = (rows: Iterable<LedgerRow>): Delivery | null => {
  let state: RolloutState = { status: 'absent' }
  let story: Story = {
    liveAt: null,
    fullAt: null,
    shareBpMax: 0,
    waitedMs: 0,
    approvals: [],
    hurried: [],
    lastAt: null,
  }
  let [first, last] = [0, 0]
  for (const row of rows) {
    if (row.isPruned === true) return null
    const lifted = upcast(row, ledgerForms.rollout)
    if (lifted.status !== 'lifted') return null
    const event = eventOf(lifted.entry.body)
    const next: RolloutState = rolloutMachine.decide(state, event).state
    if (next === state) return null
    story = tell(story, { before: state, event, row })
    if (first === 0) first = row.seq
    last = row.seq
    state = next
  }
  return state.status === 'succeeded' || state.status === 'rolled_back' ? deliveryOf(state, story, [first, last]) : null
}

type Story = Pick<Delivery, 'liveAt' | 'fullAt' | 'shareBpMax' | 'waitedMs' | 'approvals' | 'hurried'> & {
  readonly lastAt: number | null
}
type Told = { readonly before: RolloutState; readonly event: RolloutEvent; readonly row: LedgerRow }

/** Parser of a row's event: the body of a rollout's row is what its machine accepted, and a row that it does not accept is no story. */
const eventOf = (body: unknown): RolloutEvent => body as RolloutEvent

const tell = (story: Story, { before, event, row }: Told): Story => {
  const { at } = event
  const waited = story.lastAt !== null && isWaiting(before) ? Math.max(0, at - story.lastAt) : 0
  const told = { ...story, lastAt: at, waitedMs: story.waitedMs + waited }
  switch (event.type) {
    case 'effect_succeeded':
      return event.result.kind === 'measured'
        ? seen(told, { ...event.result, at })
        : shifted(told, before, { sequence: event.sequence, at })
    case 'tripped':
      return seen(told, { ...event.verdict, at })
    case 'approved':
      return { ...told, approvals: [...told.approvals, wordOf(event, row.seq)] }
    case 'skip_requested':
    case 'promote_requested':
      return { ...told, hurried: [...told.hurried, wordOf(event, row.seq)] }
    default:
      return told
  }
}

type Spoken = { readonly by: Actor; readonly at: number; readonly reason: string | null }
const wordOf = ({ by, at, reason }: Spoken, row: number): Word => ({ by, at, row, reason })

const isWaiting = (state: RolloutState): boolean =>
  state.status === 'parked' ||
  (state.status === 'advancing' && (state.paused !== null || state.stage.kind === 'awaiting'))

/** Traffic moved: on the way forward the release's part of it says who was on it. */
const shifted = (
  story: Story,
  before: RolloutState,
  { sequence, at }: { readonly sequence: number; readonly at: number },
): Story => {
  if (before.status !== 'advancing' || before.stage.kind !== 'performing') return story
  const { effect } = before.stage
  if (effect.sequence !== sequence || effect.action.kind !== 'shift') return story
  const shareBp = shareOf(effect.action, before.plan.to)
  return {
    ...story,
    shareBpMax: Math.max(story.shareBpMax, shareBp),
    liveAt: story.liveAt ?? (shareBp > 0 ? at : null),
    fullAt: story.fullAt ?? (shareBp === 10_000 ? at : null),
  }
}

type Seen = { readonly shareBp: number; readonly candidate: { readonly units: number }; readonly at: number }

/** The data plane counted users on it: that they were is certain then, also where nobody heard how the shift before ended. */
const seen = (story: Story, { shareBp, candidate, at }: Seen): Story =>
  candidate.units === 0
    ? story
    : { ...story, shareBpMax: Math.max(story.shareBpMax, shareBp), liveAt: story.liveAt ?? at }

const shareOf = ({ shares }: Extract<Step, { kind: 'shift' }>, release: ReleaseId): number =>
  shares.filter((share) => share.release === release).reduce((sum, { shareBp }) => sum + shareBp, 0)

type Settled = Extract<RolloutState, { status: 'succeeded' | 'rolled_back' }>

const deliveryOf = (
  state: Settled,
  { lastAt: _lastAt, ...story }: Story,
  rows: readonly [number, number],
): Delivery => {
  const { id, plan, by, startedAt, settledAt, status } = state
  const kinds = new Set(plan.steps.map(({ kind }) => kind))
  return {
    ...story,
    rollout: id,
    service: plan.service,
    environment: plan.spec.name,
    purpose: plan.purpose,
    release: plan.to,
    from: plan.from,
    by,
    startedAt,
    settledAt,
    outcome: status,
    cause: state.status === 'succeeded' ? null : causeOf(state.cause),
    approvalsWanted: plan.spec.approvals,
    after: plan.spec.after,
    looks: (['verify', 'judge', 'hook'] as const).filter((kind) => kinds.has(kind)),
    ...(plan.hotfix === undefined ? {} : { hotfix: plan.hotfix }),
    rows,
  }
}

const causeOf = (cause: Cause): NonNullable<Delivery['cause']> =>
  cause.kind === 'command' && cause.command === 'superseded' ? 'superseded' : cause.kind
