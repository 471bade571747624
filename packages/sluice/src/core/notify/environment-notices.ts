/** What is told of environments, releases and the line: their events say all of it. */
import { isoTime } from '../iso-time.ts'
import { releaseId } from '../model.ts'
import { type Draft, fact, type MomentOf, plainDraft } from './draft.ts'

type Told = Pick<Draft, 'kind' | 'outcome' | 'title'> & Partial<Omit<Draft, 'kind' | 'outcome' | 'title'>>

/** The notice of a row of an environment. */
export const environmentDraft = (moment: MomentOf<'environment'>): Draft | null => {
  const { key, actor, reason } = moment.row
  const slash = key.id.indexOf('/')
  const [service, name] = [key.id.slice(0, slash), key.id.slice(slash + 1)]
  const told = toldOfEnvironment(moment, name)
  if (told === null) return null
  const base = { service, environment: name, actor, reason, path: `/environments/${name}` }
  return { ...plainDraft, ...base, subject: { kind: 'environment', id: key.id }, ...told }
}

const toldOfEnvironment = ({ event, row }: MomentOf<'environment'>, name: string): Told | null => {
  const who = row.actor.name
  switch (event.type) {
    case 'locked':
      return {
        kind: 'environment.locked',
        outcome: null,
        reason: event.reason,
        title: () => `${event.by.name} locked ${name}: ${event.reason}`,
        facts: () => fact('until', event.until === null ? null : isoTime(event.until)),
      }
    case 'unlocked': {
      const { broke } = event
      return {
        kind: 'environment.unlocked',
        outcome: null,
        title: () =>
          `${event.by.name} unlocked ${name}${broke === undefined ? '' : `, which ${broke.by.name} had locked: ${broke.reason}`}`,
      }
    }
    case 'approved':
      return {
        kind: 'approval.given',
        outcome: 'going_on',
        subject: { kind: 'release', id: event.release },
        release: event.release,
        reason: event.reason,
        title: (say) => `${who} approved ${say(event.release)} for ${name}`,
      }
    case 'rejected':
      return {
        kind: 'approval.rejected',
        outcome: 'failed',
        subject: { kind: 'release', id: event.release },
        release: event.release,
        reason: event.reason,
        title: (say) => `${who} rejected ${say(event.release)} for ${name}: ${event.reason}`,
      }
    case 'glass_broken':
      return {
        kind: 'glass.broken',
        outcome: null,
        release: event.release,
        actor: event.glass.by,
        reason: event.glass.reason,
        title: (say) =>
          `${event.glass.by.name} broke the glass for ${say(event.release)} in ${name}: ${event.glass.reason}`,
        facts: () => [...fact('went past', event.glass.passed.join(', ')), ...fact('rollout', event.rollout)],
      }
    case 'rollout_settled':
      if (event.outcome !== 'succeeded' || event.purpose === 'rollback') return null
      return { ...asks(event.to), asksAfter: name }
    default:
      return null
  }
}

/** Whether it is one, and of which environment, the release says. */
const asks = (release: Draft['release']): Told => ({
  kind: 'approval.requested',
  outcome: 'waiting',
  ...(release === null ? {} : { subject: { kind: 'release', id: release } }),
  release,
  path: '/approvals',
  title: (say) => `${say(release)} can go on, and waits for a yes`,
})

/** The notice of a row of a release. */
export const releaseDraft = ({ row, event }: MomentOf<'release'>): Draft | null => {
  const base = { ...plainDraft, actor: row.actor, reason: row.reason, path: `/releases/${row.key.id}` }
  switch (event.type) {
    case 'release_cut': {
      const { id } = event.release
      return { ...base, subject: { kind: 'release', id }, ...asks(id), asksAfter: null }
    }
    case 'release_held': {
      const { hold } = event
      return {
        ...base,
        kind: 'release.held',
        subject: { kind: 'release', id: row.key.id },
        outcome: null,
        environment: hold.environment,
        release: releaseOf(row.key.id),
        actor: hold.by,
        reason: hold.detail,
        title: (say) => `${say(releaseOf(row.key.id))} is held back: ${hold.detail}`,
        facts: () => fact('reason', hold.reason),
      }
    }
    case 'release_unheld':
      return null
  }
}

/** The notice of a row of the line. */
export const lineDraft = ({ event, row }: MomentOf<'line'>): Draft => {
  const base = { ...plainDraft, subject: { kind: 'line', id: row.key.id }, path: '/', actor: event.by } as const
  if (event.type === 'line_stopped')
    return {
      ...base,
      kind: 'line.stopped',
      outcome: 'waiting',
      reason: event.reason,
      title: () => `${event.by.name} stopped the line: ${event.reason}`,
    }
  return {
    ...base,
    kind: 'line.resumed',
    outcome: 'succeeded',
    reason: event.reason,
    title: () => `${event.by.name} let the line go on`,
  }
}

const releaseOf = (id: string): Draft['release'] => releaseId(id)
