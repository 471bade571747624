/** What must hold of maintenance once everything is at rest. */
import type { MaintenanceState } from '../../../src/core/maintenance.ts'
import type { Maintenance } from '../../../src/core/routing.ts'
import { demand } from '../breach.ts'

/** Whether the data plane has yet to be told. */
export const isUnderWay = ({ stage }: MaintenanceState): boolean =>
  stage.kind === 'applying' || stage.kind === 'backing_off'

/** Invariant: maintenance that the ledger calls applied is what the data plane has; a hold may have run out there first. */
export const mustBeMaintained = ({ wanted, stage }: MaintenanceState, shown: Maintenance | null): void => {
  if (stage.kind === 'refused' || (wanted === null && shown?.kind === 'hold')) return
  const believed = JSON.stringify(wanted?.maintenance ?? null)
  demand(JSON.stringify(shown) === believed, `the ledger says ${believed}, the gate says ${JSON.stringify(shown)}`)
}
