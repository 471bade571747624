/** The machines behind one face, so that the loop treats every aggregate alike. The only file that forgets their types. */
import {
  type Consequence,
  environmentConsequences,
  environmentKey,
  rolloutConsequences,
  runConsequences,
} from '../core/consequences.ts'
import { drillMachine } from '../core/drill/machine.ts'
import { emptyEnvironment, environmentMachine } from '../core/environment.ts'
import { SluiceError } from '../core/errors.ts'
import { personMachine } from '../core/identity/person.ts'
import { sessionMachine } from '../core/identity/session.ts'
import { tokenMachine } from '../core/identity/token.ts'
import { incidentMachine } from '../core/incident.ts'
import type { AggregateKey, AggregateKind, LedgerEntry } from '../core/ledger/entry.ts'
import { ledgerForms } from '../core/ledger/forms.ts'
import { nothingPruned, retentionMachine } from '../core/ledger/retention.ts'
import { upcast } from '../core/ledger/upcast.ts'
import { limits } from '../core/limits.ts'
import { lineMachine, runningLine } from '../core/line.ts'
import type { Decision, Machine } from '../core/machine.ts'
import { maintenanceMachine, noMaintenance } from '../core/maintenance.ts'
import type { Fence } from '../core/model.ts'
import { messageMachine } from '../core/notify/message.ts'
import { runMachine } from '../core/pipeline/machine.ts'
import { runSummary } from '../core/pipeline/summary.ts'
import { absentRelease, releaseMachine } from '../core/release-machine.ts'
import { rolloutMachine } from '../core/rollout/machine.ts'
import { absentSecret, secretMachine } from '../core/secret.ts'
import { liftState, type StateLift, type VersionedState } from '../core/state-lift.ts'
import { arrivalMachine } from '../core/source/machine.ts'
import { arrivalConsequences, remoteKey, remoteMachine, unseenRemote } from '../core/source/remote.ts'
import { trainMachine } from '../core/train/machine.ts'
import { watchMachine } from '../core/watch/machine.ts'
import type { Stored } from '../ports/store.ts'

/** What the loop knows of any effect. */
export type AnyEffect = {
  readonly sequence: number
  readonly key: string
  readonly fence: Fence
  readonly deadlineMs: number
  readonly action: { readonly kind: string }
}

/** An event of any machine; `at` and `type` are what every event has. */
export type AnyEvent = { readonly type: string; readonly at: number }

/** A machine whose states and events the loop carries without looking inside. */
export type AnyMachine = {
  readonly version: number
  /** From each earlier version of the machine to the next. */
  readonly lifts: readonly StateLift[]
  readonly initial: (key: AggregateKey) => unknown
  readonly decide: (state: unknown, event: AnyEvent) => Decision<unknown, AnyEffect>
  readonly outstanding: (state: unknown) => readonly AnyEffect[]
  readonly nextAt: (state: unknown) => number | null
  readonly settled: (state: unknown) => boolean
  /** After how many entries the whole state is written again, at least 1. */
  readonly entriesPerState: (state: unknown) => number
  /** What lists tell of it; null for a kind whose state is small itself. */
  readonly summary: (state: unknown) => object | null
  /** Other aggregates that a step of this one may touch. */
  readonly related: (state: unknown) => readonly AggregateKey[]
  /** What a step means for other aggregates. */
  readonly consequences: (before: unknown, after: unknown) => readonly Consequence[]
}

type Relations<State> = {
  readonly lifts: readonly StateLift[]
  readonly entriesPerState: (state: State) => number
  readonly summary: (state: State) => object | null
  readonly related: (state: State) => readonly AggregateKey[]
  readonly consequences: (before: State, after: State) => readonly Consequence[]
}

/**
 * Forgets a machine's types. The casts are sound because a state reaches `decide` only from the same machine's last decision or from the
 * row that it was stored in, and an event only from this machine's effects or from a command made for it.
 */
const forget = <State, Event, Effect extends AnyEffect>(
  machine: Machine<State, Event, Effect>,
  initial: (key: AggregateKey) => State,
  relations: Partial<Relations<State>> = {},
): AnyMachine => ({
  version: machine.version,
  lifts: relations.lifts ?? [],
  initial,
  decide: (state, event) => machine.decide(state as State, event as unknown as Event),
  outstanding: (state) => machine.outstanding(state as State),
  nextAt: (state) => machine.nextAt(state as State),
  settled: (state) => machine.settled(state as State),
  entriesPerState: (state) => relations.entriesPerState?.(state as State) ?? 1,
  summary: (state) => relations.summary?.(state as State) ?? null,
  related: (state) => relations.related?.(state as State) ?? [],
  consequences: (before, after) => relations.consequences?.(before as State, after as State) ?? [],
})

/** What an environment's key is made of. */
const namesIn = ({ id }: AggregateKey): readonly [string, string] => {
  const slash = id.indexOf('/')
  return [id.slice(0, slash), id.slice(slash + 1)]
}

/** Every machine by the kind of its aggregate. */
export const machines: Readonly<Record<AggregateKind, AnyMachine>> = {
  rollout: forget(rolloutMachine, () => ({ status: 'absent' as const }), {
    // Version 2 knows hooks, checks and what takes the place of what; a state of version 1 has none of it.
    lifts: [(state) => state],
    related: (state) => (state.status === 'absent' ? [] : [environmentKey(state.plan.service, state.plan.spec.name)]),
    consequences: rolloutConsequences,
  }),
  environment: forget(environmentMachine, (key) => emptyEnvironment(...namesIn(key)), {
    consequences: environmentConsequences,
  }),
  run: forget(runMachine, () => ({ status: 'absent' as const }), {
    // Its state is as large as its plan, and a step changes a job or two.
    entriesPerState: (state) => (state.status === 'absent' ? 1 : Math.max(limits.snapshotRowsMin, state.jobs.length)),
    summary: runSummary,
    consequences: runConsequences,
  }),
  release: forget(releaseMachine, () => absentRelease),
  incident: forget(incidentMachine, () => ({ status: 'absent' as const })),
  message: forget(messageMachine, () => ({ status: 'absent' as const })),
  watch: forget(watchMachine, () => ({ status: 'absent' as const })),
  drill: forget(drillMachine, () => ({ status: 'absent' as const })),
  maintenance: forget(maintenanceMachine, (key) => noMaintenance(...namesIn(key))),
  train: forget(trainMachine, () => ({ status: 'absent' as const })),
  line: forget(lineMachine, () => runningLine),
  arrival: forget(arrivalMachine, () => ({ status: 'absent' as const }), {
    related: (state) => (state.status === 'received' ? [remoteKey] : []),
    consequences: arrivalConsequences,
  }),
  remote: forget(remoteMachine, () => unseenRemote),
  ledger: forget(retentionMachine, () => nothingPruned),
  person: forget(personMachine, () => ({ status: 'absent' as const })),
  token: forget(tokenMachine, () => ({ status: 'absent' as const })),
  session: forget(sessionMachine, () => ({ status: 'absent' as const })),
  secret: forget(secretMachine, () => absentSecret),
}

/** The newest version of each machine that this program understands. */
export const machineVersions: Readonly<Record<AggregateKind, number>> = {
  run: machines.run.version,
  release: machines.release.version,
  rollout: machines.rollout.version,
  environment: machines.environment.version,
  incident: machines.incident.version,
  message: machines.message.version,
  watch: machines.watch.version,
  drill: machines.drill.version,
  maintenance: machines.maintenance.version,
  train: machines.train.version,
  line: machines.line.version,
  arrival: machines.arrival.version,
  remote: machines.remote.version,
  ledger: machines.ledger.version,
  person: machines.person.version,
  token: machines.token.version,
  session: machines.session.version,
  secret: machines.secret.version,
}

/** A stored state as today's machine understands it, with what happened since it was written. Throws `store_newer`, `ledger_broken`. */
export const currentState = (kind: AggregateKind, stored: VersionedState & Pick<Stored, 'since'>): unknown => {
  const machine = machines[kind]
  return stored.since.reduce(
    (state, entry) => {
      const lifted = upcast(entry, ledgerForms[kind])
      if (lifted.status === 'lifted') return machine.decide(state, eventOf(lifted.entry)).state
      throw new SluiceError('store_newer', {
        detail: `the ${entry.type} of ${kind} ${entry.key.id}, version ${entry.version}, was written by a newer Sluice`,
        hint: 'use the newer Sluice that wrote it; nothing was changed',
      })
    },
    liftState(stored, machine.lifts),
  )
}

/** The event in an entry. Trusted: only events of the machine were ever recorded. */
const eventOf = ({ body }: LedgerEntry): AnyEvent => body as AnyEvent
