/** Maintenance as the API tells it. */
import type { MaintenanceState } from '../../core/maintenance.ts'
import type { MaintenanceView } from '../client/routing-views.ts'

/** What is wanted and whether it is so; null when there is none, and none is being ended. */
export const maintenanceView = ({ wanted, stage }: MaintenanceState): MaintenanceView | null => {
  if (wanted === null && stage.kind === 'applied') return null
  return {
    kind: wanted?.maintenance.kind ?? 'off',
    by: wanted?.by ?? null,
    reason: wanted?.reason ?? null,
    since: wanted?.at ?? null,
    until: wanted?.maintenance.kind === 'hold' ? wanted.maintenance.untilAt : null,
    status: stage.kind === 'applied' ? 'in_force' : stage.kind === 'refused' ? 'refused' : 'applying',
    detail: stage.kind === 'backing_off' ? stage.last : stage.kind === 'refused' ? stage.detail : null,
  }
}
