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

/** Whether a watch or a drill is under way. */
export const isWatchedOn = (disk: MemoryDisk): boolean => {
  for (const { key, settled } of disk.aggregates())
    if (!settled && (key.kind === 'watch' || key.kind === 'drill')) return true
  return false
}

/** An environment of the service as the disk has it; null before its first row. */
export const environmentIn = (disk: MemoryDisk, name: string): EnvironmentState | null => {
  const id = `${serviceName}/${name}`
  for (const { key, state } of disk.aggregates())
    if (key.kind === 'environment' && key.id === id) return state as EnvironmentState
  return null
}

/** The environment under test. */
export const environmentOn = (disk: MemoryDisk): EnvironmentState | null => environmentIn(disk, environmentName)

/** The environment's maintenance, as the disk has it. */
export const maintenanceOn = (disk: MemoryDisk): MaintenanceState => {
  for (const { key, state } of disk.aggregates()) if (key.kind === 'maintenance') return state as MaintenanceState
  return noMaintenance(serviceName, environmentName)
}

/** A rollout that exists. */
type Rollout = Exclude<RolloutState, { status: 'absent' }>

/** The rollout that holds an environment, as the disk has it; null when none does. */
export const liveRolloutIn = (disk: MemoryDisk, name: string): Rollout | null => {
  let live: Rollout | null = null
  for (const { key, state, settled } of disk.aggregates()) {
    if (key.kind !== 'rollout' || settled) continue
    const rollout = state as Rollout
    if (rollout.plan.spec.name !== name) continue
    demand(live === null, 'two rollouts are live at once')
    live = rollout
  }
  const environment = environmentIn(disk, name)
  demand((live?.id ?? null) === (environment?.live ?? null), 'the environment and its live rollout disagree')
  demand(live === null || live.token === environment?.token, 'the live rollout has not the newest token')
  return live
}

/** The rollout that holds the environment under test. */
export const liveRolloutOn = (disk: MemoryDisk): Rollout | null => liveRolloutIn(disk, environmentName)

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
