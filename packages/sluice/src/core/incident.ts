/**
 * An incident: something is wrong for users, and people know. Opened by an emergency (which is told at once: whoever sends notices reads `emergency_declared` from the ledger) or by
 * word, and resolved by a person.
 *
 * | status | event              | next     |
 * |--------|--------------------|----------|
 * | absent | incident_opened    | open     |
 * | absent | emergency_declared | open     |
 * | open   | emergency_declared | open     |
 * | open   | incident_resolved  | resolved |
 *
 * A resolved one is settled; another is another incident.
 */
import type { RollbackReason } from './hold.ts'
import { type Machine, rememberingMachine } from './machine.ts'
import { unreachable } from './machine.ts'
import type { Actor, ReleaseId, RolloutId } from './model.ts'

declare const brand: unique symbol
/** `inc_…`. */
export type IncidentId = string & { readonly [brand]: 'IncidentId' }

/** Parser of an incident id; throws TypeError on any other text. */
export const incidentId = (text: string): IncidentId => {
  if (!/^inc_[0-9a-z]+$/.test(text)) throw new TypeError(`not an incident id: ${JSON.stringify(text)}`)
  return text as IncidentId
}

/** What an incident is about. */
export type IncidentSubject = {
  readonly id: IncidentId
  readonly service: string
  readonly environment: string
  /** In the words of whoever opened it. */
  readonly title: string
  readonly reason: RollbackReason | null
  /** The release that is at fault, where one is. */
  readonly release: ReleaseId | null
  /** The rollout that takes it back, where one does. */
  readonly rollout: RolloutId | null
}

type Known = IncidentSubject & {
  readonly openedBy: Actor
  readonly openedAt: number
  /** When somebody declared it an emergency, epoch ms; null when nobody did. */
  readonly emergencyAt: number | null
}

/** An incident as it stands. */
export type IncidentState =
  | { readonly status: 'absent' }
  | (Known & { readonly status: 'open' })
  | (Known & {
      readonly status: 'resolved'
      readonly resolvedBy: Actor
      readonly resolvedAt: number
      readonly resolution: string | null
    })

/** What happens to an incident. */
export type IncidentEvent =
  | {
      readonly type: 'incident_opened' | 'emergency_declared'
      readonly at: number
      readonly by: Actor
      readonly subject: IncidentSubject
    }
  | {
      readonly type: 'incident_resolved'
      readonly at: number
      readonly by: Actor
      readonly resolution: string | null
    }

const next = (state: IncidentState, event: IncidentEvent): IncidentState => {
  if (state.status === 'resolved') return state
  switch (event.type) {
    case 'incident_opened':
      return state.status === 'absent' ? opened(event) : state
    case 'emergency_declared':
      if (state.status === 'absent') return { ...opened(event), emergencyAt: event.at }
      return state.emergencyAt === null ? { ...state, emergencyAt: event.at } : state
    case 'incident_resolved': {
      if (state.status === 'absent') return state
      const { at, by, resolution } = event
      return { ...state, status: 'resolved', resolvedBy: by, resolvedAt: at, resolution }
    }
    default:
      return unreachable(event)
  }
}

const opened = ({
  subject,
  by,
  at,
}: Extract<IncidentEvent, { type: 'incident_opened' | 'emergency_declared' }>): Extract<
  IncidentState,
  { status: 'open' }
> => ({
  ...subject,
  status: 'open',
  openedBy: by,
  openedAt: at,
  emergencyAt: null,
})

/** See the table above. */
export const incidentMachine: Machine<IncidentState, IncidentEvent, never> = rememberingMachine({
  name: 'incident',
  next,
  settled: (state) => state.status !== 'open',
})
