/** From states and inputs to one transaction. Pure: the loop commits what this says, and performs only after that. */
import type { AggregateKey, LedgerEntry } from '../../core/ledger/entry.ts'
import { ledgerForms } from '../../core/ledger/forms.ts'
import { currentForm } from '../../core/ledger/upcast.ts'
import { type Actor, sluice, type Where } from '../../core/model.ts'
import type { EffectIntent, Stored, Transition } from '../../ports/store.ts'
import { type AnyEffect, type AnyEvent, currentState, machines } from '../machines.ts'

/** One event for one aggregate, and who is behind it. */
export type Input = {
  readonly key: AggregateKey
  readonly event: AnyEvent
  readonly actor: Actor
  readonly reason: string | null
  readonly where?: Where
}

/** An aggregate as the loop holds it. */
export type Held = {
  readonly key: AggregateKey
  readonly version: number
  readonly state: unknown
  /** The version whose whole state was written last by this machine; null when it must be written next. */
  readonly writtenVersion: number | null
}

/** What the loop commits, and what it holds afterwards. */
export type Plan = {
  readonly transitions: readonly Transition[]
  readonly held: readonly Held[]
  readonly effects: readonly { readonly key: AggregateKey; readonly effect: AnyEffect }[]
  /** Per input, whether it changed anything. */
  readonly accepted: readonly boolean[]
}

/** Text that names an aggregate in maps. */
export const keyText = ({ kind, id }: AggregateKey): string => `${kind}:${id}`

/** An aggregate that there is not yet. */
export const unwritten = (key: AggregateKey): Held => ({
  key,
  version: 0,
  state: machines[key.kind].initial(key),
  writtenVersion: null,
})

/** What was stored, in the form of today's machine. */
export const heldOf = (stored: Stored): Held => ({
  key: stored.key,
  version: stored.version,
  state: currentState(stored.key.kind, stored),
  // What an older machine wrote is written anew before entries of this one follow it.
  writtenVersion: stored.machineVersion === machines[stored.key.kind].version ? stored.stateVersion : null,
})

type Work = {
  readonly before: Held
  state: unknown
  readonly entries: LedgerEntry[]
  readonly intents: EffectIntent[]
  readonly effects: AnyEffect[]
}

/** Decides every input in order, with what follows from them, against the states that `hold` gives. */
export const planTransaction = (inputs: readonly Input[], hold: (key: AggregateKey) => Held): Plan => {
  const works = new Map<string, Work>()
  const workOf = (key: AggregateKey): Work => {
    const known = works.get(keyText(key))
    if (known !== undefined) return known
    const before = hold(key)
    const work: Work = { before, state: before.state, entries: [], intents: [], effects: [] }
    works.set(keyText(key), work)
    return work
  }
  const accept = (input: Input): boolean => {
    const work = workOf(input.key)
    const before = work.state
    if (!take(work, input)) return false
    for (const follower of machines[input.key.kind].consequences(before, work.state))
      accept({ ...follower, actor: sluice, reason: null })
    return true
  }
  const accepted = inputs.map(accept)
  const changed = [...works.values()].filter(({ entries }) => entries.length > 0)
  return {
    transitions: changed.map(transitionOf),
    held: changed.map((work) => {
      const { before, state, entries } = work
      const version = before.version + entries.length
      const writtenVersion = writesOf(work) === 'state' ? version : before.writtenVersion
      return { key: before.key, version, state, writtenVersion }
    }),
    effects: changed.flatMap(({ before, effects }) => effects.map((effect) => ({ key: before.key, effect }))),
    accepted,
  }
}

const take = (work: Work, { key, event, actor, reason, where }: Input): boolean => {
  const machine = machines[key.kind]
  const decision = machine.decide(work.state, event)
  if (decision.state === work.state) return false
  work.state = decision.state
  work.entries.push({
    key,
    version: work.before.version + work.entries.length + 1,
    type: event.type,
    form: currentForm(ledgerForms[key.kind], event.type),
    at: event.at,
    actor,
    reason,
    body: event,
    ...(where === undefined ? {} : { where }),
  })
  for (const effect of decision.effects) {
    work.effects.push(effect)
    work.intents.push({ key: effect.key, kind: effect.action.kind, fence: effect.fence })
  }
  return true
}

/** A state that is large beside what a step changes is written now and then; the entries between are folded when it is read. */
const writesOf = ({ before, state, entries }: Work): Transition['writes'] => {
  const machine = machines[before.key.kind]
  const { version, writtenVersion } = before
  if (writtenVersion === null || version === 0 || machine.settled(state)) return 'state'
  return version + entries.length - writtenVersion >= machine.entriesPerState(state) ? 'state' : 'entries'
}

/** What lists tell of it, when that is not what they told before. */
const summaryOf = ({ before, state }: Work): Pick<Transition, 'summary'> => {
  const { summary } = machines[before.key.kind]
  const now = summary(state)
  return now === null || JSON.stringify(now) === JSON.stringify(summary(before.state)) ? {} : { summary: now }
}

const transitionOf = (work: Work): Transition => {
  const { before, state, entries, intents } = work
  const machine = machines[before.key.kind]
  const wanted = new Set(machine.outstanding(state).map(({ key }) => key))
  return {
    key: before.key,
    expectedVersion: before.version,
    machineVersion: machine.version,
    state,
    writes: writesOf(work),
    ...summaryOf(work),
    settled: machine.settled(state),
    nextAt: machine.nextAt(state),
    entries,
    // What was intended and answered in one transaction is nothing that anybody has to take up.
    effects: intents.filter(({ key }) => wanted.has(key)),
    // Their outcome is recorded, or nobody wants it.
    finished: machine
      .outstanding(before.state)
      .map(({ key }) => key)
      .filter((key) => !wanted.has(key)),
  }
}
