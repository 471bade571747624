/** Opening and resolving incidents. */
import { SluiceError } from '../../core/errors.ts'
import type { RollbackReason } from '../../core/hold.ts'
import { type IncidentId, incidentId } from '../../core/incident.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { type Asking, type Desk, input } from '../desk.ts'

/** What an incident is opened with. */
export type OpenIncident = {
  readonly service: string
  readonly environment: string
  readonly title: string
  readonly reason: RollbackReason | null
}

/** Opens an incident by word. */
export const openIncident = async (
  desk: Desk,
  command: OpenIncident,
  asking: Asking,
): Promise<{ readonly incident: IncidentId }> => {
  const incident = incidentId(desk.ids.next('inc'))
  const subject = { ...command, id: incident, release: null, rollout: null }
  const event = { type: 'incident_opened', at: desk.clock.now(), by: asking.by, subject } as const
  const key: AggregateKey = { kind: 'incident', id: incident }
  await desk.loop.transact([key], () => [input(key, event, asking)], asking.record?.({ incident }) ?? null)
  return { incident }
}

/** Resolves an incident; `not_found`, `command_conflict` when it is resolved already. */
export const resolveIncident = async (desk: Desk, id: string, asking: Asking): Promise<void> => {
  await desk.reading.incident(id)
  const key: AggregateKey = { kind: 'incident', id }
  const event = {
    type: 'incident_resolved',
    at: desk.clock.now(),
    by: asking.by,
    resolution: asking.reason,
  } as const
  const [accepted] = await desk.loop.transact([key], () => [input(key, event, asking)], asking.record?.({}) ?? null)
  if (accepted === true) return
  throw new SluiceError('command_conflict', {
    detail: `incident ${id} is resolved already`,
    hint: `sluice incidents show ${id}`,
  })
}
