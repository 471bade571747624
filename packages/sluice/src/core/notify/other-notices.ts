/** What is told of incidents, drills, trains and channels. */
import { isoTime } from '../iso-time.ts'
import { spanText } from '../span-text.ts'
import { type Draft, fact, type MomentOf, plainDraft } from './draft.ts'
import { beginsToFail } from './message.ts'

/** The notice of a row of an incident. An emergency is told as one, also where an incident was open before. */
export const incidentDraft = ({ row, before, after }: MomentOf<'incident'>): Draft | null => {
  if (after.status === 'absent') return null
  const base = {
    ...plainDraft,
    subject: { kind: 'incident', id: after.id },
    service: after.service,
    environment: after.environment,
    release: after.release,
    actor: row.actor,
    path: `/incidents/${after.id}`,
  } as const
  if (after.status === 'resolved')
    return {
      ...base,
      kind: 'incident.resolved',
      outcome: 'succeeded',
      reason: after.resolution,
      facts: () => [
        ...fact('opened by', after.openedBy.name),
        ...fact('lasted', spanText(after.resolvedAt - after.openedAt)),
      ],
      title: () => `${after.resolvedBy.name} resolved the incident in ${after.environment}: ${after.title}`,
    }
  const isEmergency = after.emergencyAt !== null
  const becameOne = isEmergency && (before.status !== 'open' || before.emergencyAt === null)
  if (before.status !== 'absent' && !becameOne) return null
  return {
    ...base,
    kind: 'incident.opened',
    outcome: 'going_on',
    actor: after.openedBy,
    reason: after.reason,
    ...(isEmergency ? { severity: 'critical' as const } : {}),
    title: () => `${isEmergency ? 'Emergency' : 'Incident'} in ${after.environment}: ${after.title}`,
    facts: () => [
      ...fact('since', after.openedAt === row.at ? null : isoTime(after.openedAt)),
      ...fact('rollback under way', after.rollout),
    ],
  }
}

/** The notice of a row of a drill: only that it failed is news. */
export const drillDraft = ({ row, before, after }: MomentOf<'drill'>): Draft | null => {
  if (after.status !== 'ended' || before.status === 'ended' || after.outcome !== 'failed') return null
  const { plan, detail } = after
  return {
    ...plainDraft,
    kind: 'drill.failed',
    subject: { kind: 'drill', id: plan.id },
    outcome: 'failed',
    service: plan.service,
    environment: plan.environment,
    release: plan.target,
    stable: plan.serving,
    actor: row.actor,
    path: `/environments/${plan.environment}`,
    title: () => `${detail}: the rollback drill in ${plan.environment} failed`,
  }
}

/** The notice of a row of a train: that it came back, or stands still. */
export const trainDraft = ({ row, before, after }: MomentOf<'train'>): Draft | null => {
  if (before.status === after.status || (after.status !== 'rolled_back' && after.status !== 'parked')) return null
  const { plan, cause, id } = after
  const detail =
    cause.kind === 'member'
      ? `${plan.members[cause.member]?.service ?? 'a member'}: ${cause.detail}`
      : `${cause.by.name} turned it around${cause.reason === null ? '' : ` (${cause.reason})`}`
  const [first] = plan.members
  return {
    ...plainDraft,
    kind: 'train.failed',
    subject: { kind: 'train', id },
    outcome: after.status === 'parked' ? 'waiting' : cause.kind === 'command' ? 'canceled' : 'failed',
    environment: plan.members.every(({ environment }) => environment === first?.environment)
      ? (first?.environment ?? null)
      : null,
    service: plan.members.length === 1 ? (first?.service ?? null) : null,
    release: first?.release ?? null,
    actor: row.actor,
    path: '/',
    title: () =>
      after.status === 'parked'
        ? `${detail}: the train could not be taken back whole, and waits for somebody`
        : `${detail}: the train was taken back`,
    facts: () =>
      plan.members.flatMap(({ service, environment }, place) => {
        const member = after.members[place]
        const why = member !== undefined && 'detail' in member ? `: ${member.detail}` : ''
        return fact(service, member === undefined ? environment : `${environment}, ${member.status}${why}`)
      }),
  }
}

/** The notice of a row of a message: that its channel begins to fail. */
export const channelDraft = ({ row, before, after }: MomentOf<'message'>): Draft | null => {
  if (!beginsToFail(before, after) || after.status === 'absent') return null
  const last = after.recent.at(-1)?.detail ?? 'no answer'
  return {
    ...plainDraft,
    kind: 'channel.failing',
    subject: { kind: 'channel', id: after.channel },
    outcome: 'failed',
    actor: row.actor,
    path: '/notifications',
    title: () => `${last}: messages do not arrive at ${after.channel}`,
    facts: () => fact('message', after.id),
  }
}
