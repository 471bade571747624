/** Folds an aggregate's entries into the state that its machine reached: the fifth law says that this is the stored state. */
import { upcast } from './upcast.ts'
import type { Machine } from '../machine.ts'
import type { LedgerEntry } from './entry.ts'
import type { Forms } from './upcast.ts'

/** How a machine's ledger is read. */
export type Reading<State, Event> = {
  readonly machine: Pick<Machine<State, Event, unknown>, 'decide'>
  /** The state before the first entry. */
  readonly initial: State
  readonly forms: Forms
  /** The event in an entry of today's form; null when the body is not one. */
  readonly read: (entry: LedgerEntry) => Event | null
}

/**
 * The state after the last entry, or the first entry that cannot be folded. `unreadable`: its form or body is not known here. `refused`: the
 * machine takes no notice of it, though only events that change something are recorded. `gap`: versions are not in sequence.
 */
export type Folded<State> =
  | { readonly status: 'folded'; readonly state: State; readonly version: number }
  | { readonly status: 'unreadable' | 'refused' | 'gap'; readonly version: number; readonly detail: string }

/** Folds all entries of one aggregate, oldest first. */
export const foldEntries = <State, Event>(
  entries: Iterable<LedgerEntry>,
  reading: Reading<State, Event>,
): Folded<State> => {
  let { initial: state } = reading
  let version = 0
  for (const entry of entries) {
    version += 1
    const said = `${entry.type} of ${entry.key.kind} ${entry.key.id}, version ${entry.version}`
    if (entry.version !== version)
      return { status: 'gap', version, detail: `${said}, is not the next version, ${version}` }
    const lifted = upcast(entry, reading.forms)
    const event = lifted.status === 'lifted' ? reading.read(lifted.entry) : null
    if (event === null)
      return { status: 'unreadable', version, detail: `${said}, form ${entry.form}, is not known here` }
    const next = reading.machine.decide(state, event).state
    if (next === state) return { status: 'refused', version, detail: `${said}, changes nothing` }
    state = next
  }
  return { status: 'folded', state, version }
}
