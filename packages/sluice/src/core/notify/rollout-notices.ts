/** What is told of a rollout. */
import { causeInWords } from '../hold.ts'
import type { Cause, RolloutState } from '../rollout/types.ts'
import { type Draft, fact, type MomentOf, plainDraft } from './draft.ts'

type Known = Exclude<RolloutState, { status: 'absent' }>
type Told = Pick<Draft, 'kind' | 'outcome' | 'title'> &
  Partial<Pick<Draft, 'facts' | 'reason' | 'actor' | 'severity' | 'release' | 'stable'>>

/** The notice of a row of a rollout; most are measurements, and none. */
export const rolloutDraft = ({ row, before, after }: MomentOf<'rollout'>): Draft | null => {
  if (after.status === 'absent') return null
  const told = before.status === 'absent' ? started(after) : (said(row.type, after, row) ?? changed(before, after))
  if (told === null) return null
  const { plan, id } = after
  return {
    ...plainDraft,
    subject: { kind: 'rollout', id },
    service: plan.service,
    environment: plan.spec.name,
    release: plan.to,
    stable: plan.from,
    actor: row.actor,
    path: `/rollouts/${id}`,
    reason: row.reason,
    ...told,
  }
}

const started = (state: Known): Told => {
  const { plan, by } = state
  const isBack = plan.purpose === 'rollback'
  return {
    kind: 'rollout.started',
    outcome: 'going_on',
    actor: by,
    title: (say) =>
      isBack
        ? `${plan.spec.name} goes back to ${say(plan.to)}, from ${say(plan.from)}`
        : `${say(plan.to)} goes to ${plan.spec.name}${plan.from === null ? '' : `, after ${say(plan.from)}`}`,
    facts: () => fact('strategy', plan.strategy),
  }
}

/** What a person said to it. */
const said = (type: string, state: Known, { actor, reason }: MomentOf<'rollout'>['row']): Told | null => {
  const { plan } = state
  if (type === 'approved')
    return {
      kind: 'approval.given',
      outcome: 'going_on',
      actor,
      reason,
      title: (say) => `${actor.name} approved ${say(plan.to)} in ${plan.spec.name}`,
    }
  if (type !== 'rejected') return null
  return {
    kind: 'approval.rejected',
    outcome: 'failed',
    actor,
    reason,
    title: (say) => `${actor.name} rejected ${say(plan.to)} in ${plan.spec.name}${because(reason)}`,
  }
}

const changed = (before: Exclude<RolloutState, { status: 'absent' }>, after: Known): Told | null => {
  if (before.status === after.status) return within(before, after)
  const { plan } = after
  switch (after.status) {
    case 'advancing':
      return {
        kind: 'rollout.resumed',
        outcome: 'going_on',
        title: (say) => `${say(plan.to)} goes on in ${plan.spec.name}`,
      }
    case 'reverting':
      return before.status === 'advancing' ? turnedBack(after) : null
    case 'parked':
      return {
        kind: 'rollout.paused',
        outcome: 'waiting',
        title: (say) => `${causeText(after.cause)}: the rollout of ${say(plan.to)} in ${plan.spec.name} was set aside`,
      }
    case 'succeeded':
      return arrived(after)
    case 'rolled_back':
      return cameBack(after)
  }
}

/** A person who turns it around knows; the others are told once it is back. */
const turnedBack = (state: Extract<RolloutState, { status: 'reverting' }>): Told | null => {
  const { plan, cause } = state
  if (cause.kind === 'command') return null
  return {
    kind: 'rollout.failed',
    outcome: 'failed',
    title: (say) =>
      `${causeText(cause)}: ${say(plan.to)} leaves ${plan.spec.name}${plan.from === null ? '' : `, back to ${say(plan.from)}`}`,
  }
}

const arrived = ({ plan }: Extract<RolloutState, { status: 'succeeded' }>): Told =>
  plan.purpose === 'rollback'
    ? {
        kind: 'rollout.rolled_back',
        outcome: 'succeeded',
        // As of one that turned around by itself: it is about the release that was taken back, and the other one serves.
        release: plan.from,
        stable: plan.to,
        title: (say) => `${plan.spec.name} is back on ${say(plan.to)}, from ${say(plan.from)}`,
      }
    : {
        kind: 'rollout.promoted',
        outcome: 'succeeded',
        title: (say) => `${say(plan.to)} serves ${plan.spec.name}`,
      }

const cameBack = ({ plan, cause }: Extract<RolloutState, { status: 'rolled_back' }>): Told => {
  const place = plan.spec.name
  if (plan.purpose === 'rollback')
    return {
      kind: 'rollout.failed',
      outcome: 'failed',
      title: (say) => `${causeText(cause)}: ${place} did not get back to ${say(plan.to)}`,
    }
  return {
    kind: 'rollout.rolled_back',
    outcome: cause.kind === 'command' ? 'canceled' : 'failed',
    // Nothing is wrong where another one took its place.
    ...(cause.kind === 'command' ? { severity: 'medium' as const } : {}),
    title: (say) =>
      `${causeText(cause)}: ${say(plan.to)} left ${place}${plan.from === null ? '' : `, ${say(plan.from)} serves`}`,
  }
}

const within = (before: Known, after: Known): Told | null => {
  const { plan } = after
  const place = plan.spec.name
  if (before.status === 'reverting' && after.status === 'reverting')
    return before.stage.kind !== 'awaiting' && after.stage.kind === 'awaiting'
      ? {
          kind: 'rollout.waiting',
          outcome: 'waiting',
          title: (say) => `${say(plan.to)} waits in ${place} for somebody to look at it, without traffic`,
        }
      : null
  if (before.status !== 'advancing' || after.status !== 'advancing') return null
  const { paused } = after
  if (before.paused === null && paused !== null)
    return {
      kind: 'rollout.paused',
      outcome: 'waiting',
      title: (say) => `${causeText(paused)}: the rollout of ${say(plan.to)} in ${place} stands still`,
    }
  if (before.paused !== null && paused === null)
    return { kind: 'rollout.resumed', outcome: 'going_on', title: (say) => `${say(plan.to)} goes on in ${place}` }
  const step = plan.steps[after.index]
  if (before.stage.kind !== 'awaiting' && after.stage.kind === 'awaiting' && step?.kind === 'approve')
    return {
      kind: 'approval.requested',
      outcome: 'waiting',
      title: (say) => `${say(plan.to)} waits in ${place} for a yes`,
      facts: () => [...fact('approvals', String(step.approvals)), ...fact('for', step.reason)],
    }
  return stepped(before, after)
}

/** A share of the traffic was reached. */
const stepped = (
  before: Extract<RolloutState, { status: 'advancing' }>,
  after: Extract<RolloutState, { status: 'advancing' }>,
): Told | null => {
  const { plan } = after
  const step = plan.steps[before.index]
  if (after.index <= before.index || step?.kind !== 'shift') return null
  const share = step.shares.find(({ release }) => release === plan.to)
  if (share === undefined) return null
  const percent = `${Number((share.shareBp / 100).toFixed(2))} %`
  return {
    kind: 'rollout.step',
    outcome: 'going_on',
    title: (say) => `${percent} of the traffic of ${plan.spec.name} goes to ${say(plan.to)}`,
    facts: () => fact('share', percent),
  }
}

const causeText = (cause: Cause): string => {
  if (cause.kind === 'window') return cause.detail
  if (cause.kind !== 'command') return causeInWords(cause)
  if (cause.command === 'superseded') return cause.reason ?? 'another rollout took its place'
  const words = { abort: 'aborted', pause: 'paused', reject: 'rejected' } as const
  return `${words[cause.command]} by ${cause.by.name}${because(cause.reason)}`
}

const because = (reason: string | null): string => (reason === null ? '' : ` (${reason})`)
