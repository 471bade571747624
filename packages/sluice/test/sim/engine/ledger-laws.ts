/** What must hold of the disk at all times, whoever wrote to it. */
import { type MaintenanceState, noMaintenance } from '../../../src/core/maintenance.ts'
import type { EnvironmentState } from '../../../src/core/environment.ts'
import type { AggregateKey, LedgerRow } from '../../../src/core/ledger/entry.ts'
import { genesisHash } from '../../../src/core/ledger/entry.ts'
import type { RolloutState } from '../../../src/core/rollout/types.ts'
import { machines } from '../../../src/engine/machines.ts'
import type { MemoryDisk } from '../../../src/adapters/store/memory.ts'
import { demand } from '../breach.ts'
import { environmentName, serviceName } from '../core/releases.ts'
import { same } from '../same.ts'

const simulated = `${serviceName}/${environmentName}`

/** Whether a watch or a drill is under way. */
export const isWatchedOn = (disk: MemoryDisk): boolean => {
  for (const { key, settled } of disk.aggregates())
    if (!settled && (key.kind === 'watch' || key.kind === 'drill')) return true
  return false
}

/** The environment as the disk has it; null before its first row. */
export const environmentOn = (disk: MemoryDisk): EnvironmentState | null => {
  for (const { key, state } of disk.aggregates())
    if (key.kind === 'environment' && key.id === simulated) return state as EnvironmentState
  return null
}

/** The environment's maintenance, as the disk has it. */
export const maintenanceOn = (disk: MemoryDisk): MaintenanceState => {
  for (const { key, state } of disk.aggregates()) if (key.kind === 'maintenance') return state as MaintenanceState
  return noMaintenance(serviceName, environmentName)
}

/** The rollout that holds the environment, as the disk has it; null when none does. */
export const liveRolloutOn = (disk: MemoryDisk): Exclude<RolloutState, { status: 'absent' }> | null => {
  let live: Exclude<RolloutState, { status: 'absent' }> | null = null
  for (const { key, state, settled } of disk.aggregates()) {
    if (key.kind !== 'rollout' || settled) continue
    demand(live === null, 'two rollouts are live at once')
    live = state as Exclude<RolloutState, { status: 'absent' }>
  }
  const environment = environmentOn(disk)
  demand((live?.id ?? null) === (environment?.live ?? null), 'the environment and its live rollout disagree')
  demand(live === null || live.token === environment?.token, 'the live rollout has not the newest token')
  return live
}

/** Invariant: the ledger is whole, and folding it gives every stored state. */
export const mustFold = (disk: MemoryDisk): void => {
  const states = new Map<string, { readonly key: AggregateKey; state: unknown; version: number }>()
  let previous: LedgerRow | null = null
  for (const row of disk.rows()) {
    demand(row.seq === (previous?.seq ?? 0) + 1, `row ${row.seq} follows row ${previous?.seq ?? 0}`)
    demand(row.previousHash === (previous?.hash ?? genesisHash), `the chain is broken at row ${row.seq}`)
    previous = row
    const name = `${row.key.kind}/${row.key.id}`
    const known = states.get(name) ?? { key: row.key, state: machines[row.key.kind].initial(row.key), version: 0 }
    demand(row.version === known.version + 1, `${name} went from version ${known.version} to ${row.version}`)
    known.version = row.version
    const { state } = machines[row.key.kind].decide(known.state, row.body as { type: string; at: number })
    demand(state !== known.state, `row ${row.seq} (${row.type}) changed nothing`)
    known.state = state
    states.set(name, known)
  }
  for (const { key, state, version } of disk.aggregates()) {
    const folded = states.get(`${key.kind}/${key.id}`)
    demand(
      folded?.version === version && same(folded.state, state),
      `folding the ledger does not give ${key.kind} ${key.id}`,
    )
  }
}
