/** Maintenance at the gate of a route: what is kept of it, and what clients see. */
import type { Maintenance } from '../../core/routing.ts'
import type { LiveRoute } from './live-route.ts'
import type { Page } from './pause-gate.ts'

/** What is on record of maintenance. `sequence` stays when it ended, so that an older command does not bring it back. */
export type MaintenanceRecord = { readonly sequence: number; readonly maintenance: Maintenance | null }

const defaultPage =
  '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Maintenance</title><h1>Back soon</h1><p>This service is being worked on.</p></html>\n'

/** Puts it in force, or ends what was: the same again changes nothing. */
export const applyMaintenance = (live: LiveRoute, maintenance: Maintenance | null, now: number): void => {
  const { gate } = live
  const held = gate.heldByMaintenance
  gate.heldByMaintenance = maintenance?.kind === 'hold'
  gate.maintain(maintenance?.kind === 'page' ? pageOf(maintenance) : null)
  if (maintenance?.kind === 'hold') {
    const left = maintenance.untilAt - now
    if (left > 0) gate.pause(maintenance.untilAt, left)
    else if (held) gate.resume()
  } else if (held) gate.resume()
}

/** The maintenance that is in force at `now`; null when there is none, or requests have waited long enough. */
export const inForce = (record: MaintenanceRecord | undefined, now: number): Maintenance | null => {
  const maintenance = record?.maintenance ?? null
  return maintenance?.kind === 'hold' && maintenance.untilAt <= now ? null : maintenance
}

const pageOf = ({ html, retryAfterMs }: Extract<Maintenance, { kind: 'page' }>): Page => ({
  // Sockets are written as latin1; these are the bytes of its UTF-8.
  body: Buffer.from(html ?? defaultPage, 'utf8').toString('latin1'),
  fields: `retry-after: ${Math.max(1, Math.ceil(retryAfterMs / 1_000))}\r\n`,
})
