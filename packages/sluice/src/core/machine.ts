/** A process whose whole future depends on its state and the events it is given. */
export type Machine<State, Event, Effect> = {
  readonly name: string
  /** Stored with the state; a newer binary migrates purely, an older one never claims newer rows. */
  readonly version: number
  /**
   * Pure and total. Law 1: deterministic, never changes its input. Law 2: an event for an effect that is not the current one
   * changes nothing (the same state object comes back). Law 3: every effect returned is in `outstanding` of the next state.
   */
  readonly decide: (state: State, event: Event) => Decision<State, Effect>
  /** The effects that must be in flight for `state`; recovery re-issues exactly these. Law 4: none once settled. */
  readonly outstanding: (state: State) => readonly Effect[]
  /** When the machine wants `time_passed`, epoch ms; null when it waits for nothing but outside events. */
  readonly nextAt: (state: State) => number | null
  readonly settled: (state: State) => boolean
}

/** What a machine makes of an event. The same `state` object means that the event was not accepted, and nothing is recorded. */
export type Decision<State, Effect> = { readonly state: State; readonly effects: readonly Effect[] }

/** A machine that only remembers: it asks nothing of the world and waits for no time, and so is settled at any moment unless `settled` says otherwise. */
export const rememberingMachine = <State, Event>({
  name,
  next,
  settled = () => true,
}: {
  readonly name: string
  /** The state after an event; the same object when it is not accepted. */
  readonly next: (state: State, event: Event) => State
  readonly settled?: (state: State) => boolean
}): Machine<State, Event, never> => ({
  name,
  version: 1,
  decide: (state, event) => ({ state: next(state, event), effects: [] }),
  outstanding: () => [],
  nextAt: () => null,
  settled,
})

/** States a bug (never a condition of the world) when `condition` does not hold. On in production. */
export function assert(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Error(`bug: ${sentence}`)
}

/** Marks the branch that the types say cannot be reached. */
export const unreachable = (value: never): never => {
  throw new Error(`bug: unreachable value ${JSON.stringify(value)}`)
}
