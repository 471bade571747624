/**
 * The five laws of a machine as properties, and its transition table derived from its code. A machine's test gives a subject; failures print the seed
 * that replays them.
 */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Decision, Machine } from '../src/core/machine.ts'

/** Draws a whole number from 0 to `below` − 1. */
export type Draw = (below: number) => number

/** A machine under test, and how to meet it with events. */
export type Subject<State, Event extends { readonly type: string }, Effect extends { readonly sequence: number }> = {
  readonly machine: Machine<State, Event, Effect>
  readonly initial: State
  /** An event that may come in this state: fitting, late, repeated, or out of place. */
  readonly event: (state: State, draw: Draw) => Event
  /** Every kind of answer to the effect of this sequence. */
  readonly answers: (sequence: number) => readonly Event[]
  /** Events of one walk. */
  readonly length?: number
  readonly runs?: number
}

/** One step of a walk. */
export type Stride<State, Event, Effect> = { readonly before: State; readonly event: Event } & Decision<State, Effect>

/** Registers one test for each law. */
export const checkLaws = <State, Event extends { readonly type: string }, Effect extends { readonly sequence: number }>(
  subject: Subject<State, Event, Effect>,
): void => {
  const { machine, initial } = subject
  const forEachWalk = (check: (walk: readonly Stride<State, Event, Effect>[]) => void): void => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: subject.length ?? 60 }), (seed, length) => {
        check(walk(subject, seed, length))
      }),
      { numRuns: subject.runs ?? 150 },
    )
  }

  test(`${machine.name}, law 1: the same state and event give the same decision, and neither is changed`, () => {
    forEachWalk((strides) => {
      for (const { before, event, state, effects } of strides) {
        deepStrictEqual(machine.decide(deepFreeze(structuredClone(before)), deepFreeze(structuredClone(event))), {
          state,
          effects,
        })
      }
    })
  })

  test(`${machine.name}, law 2: an answer to an effect that is not in flight changes nothing`, () => {
    forEachWalk((strides) => {
      for (const { state } of strides) {
        const current = new Set(machine.outstanding(state).map(({ sequence }) => sequence))
        const newest = Math.max(0, ...current)
        for (let sequence = 0; sequence <= newest + 1; sequence += 1) {
          if (current.has(sequence)) continue
          for (const event of subject.answers(sequence)) {
            const decision = machine.decide(state, event)
            strictEqual(decision.state, state, `${event.type} for ${sequence}`)
            strictEqual(decision.effects.length, 0)
          }
        }
      }
    })
  })

  test(`${machine.name}, law 3: every effect returned is outstanding in the next state`, () => {
    forEachWalk((strides) => {
      for (const { before, state, effects } of strides) {
        const outstanding = machine.outstanding(state)
        for (const effect of effects)
          ok(
            outstanding.some((other) => isEqual(other, effect)),
            JSON.stringify(effect),
          )
        ok(state !== before || effects.length === 0, 'a refused event has no effects')
      }
    })
  })

  test(`${machine.name}, law 4: a settled state has nothing outstanding and waits for no time`, () => {
    forEachWalk((strides) => {
      for (const { state } of strides) {
        if (!machine.settled(state)) continue
        deepStrictEqual(machine.outstanding(state), [])
        strictEqual(machine.nextAt(state), null)
      }
    })
  })

  test(`${machine.name}, law 5: folding the recorded events, read back from JSON, gives the stored state`, () => {
    forEachWalk((strides) => {
      const recorded = strides.filter(({ before, state }) => before !== state).map(({ event }) => JSON.stringify(event))
      const folded = recorded.reduce<State>((state, text) => machine.decide(state, JSON.parse(text)).state, initial)
      const stored = strides.at(-1)?.state ?? initial
      deepStrictEqual(folded, stored)
      deepStrictEqual(JSON.parse(JSON.stringify(stored)), stored, 'a state is JSON-safe')
    })
  })
}

/** Meets the machine with `length` drawn events. */
export const walk = <State, Event extends { readonly type: string }, Effect extends { readonly sequence: number }>(
  subject: Subject<State, Event, Effect>,
  seed: number,
  length: number,
): readonly Stride<State, Event, Effect>[] => {
  const draw = drawFrom(seed)
  const strides: Stride<State, Event, Effect>[] = []
  let before = subject.initial
  for (let index = 0; index < length; index += 1) {
    const event = subject.event(before, draw)
    const { state, effects } = subject.machine.decide(before, event)
    strides.push({ before, event, state, effects })
    before = state
  }
  return strides
}

/** The transitions that walks really take, each as `status event status`. Once all that are `claimed` were seen, a fourth of the walks is enough to look for others. */
export const observedTransitions = <
  State extends { readonly status: string },
  Event extends { readonly type: string },
  Effect extends { readonly sequence: number },
>(
  subject: Subject<State, Event, Effect>,
  walks: number,
  claimed: readonly string[],
): readonly string[] => {
  const seen = new Set<string>()
  for (let seed = 1; seed <= walks; seed += 1) {
    if (seed > walks / 4 && claimed.every((one) => seen.has(one))) break
    for (const { before, event, state } of walk(subject, seed, subject.length ?? 60)) {
      if (before !== state) seen.add(`${before.status} ${event.type} ${state.status}`)
    }
  }
  return [...seen].toSorted()
}

/** The transitions that the table in a file's header claims, in the same form. */
export const documentedTransitions = (source: string): readonly string[] => {
  const header = source.slice(0, source.indexOf('*/'))
  const rows = [...header.matchAll(/^ \* \|([^|\n]+)\|([^|\n]+)\|([^|\n]+)\|$/gm)].map(([, ...cells]) =>
    cells.map((cell) => cell.trim()),
  )
  return rows
    .filter(([status]) => status !== 'status' && !/^-+$/.test(status ?? ''))
    .flatMap(([status = '', events = '', next = '']) =>
      events.split(',').flatMap((event) => list(next).map((to) => `${status} ${event.trim()} ${to}`)),
    )
    .toSorted()
}

const list = (cell: string): readonly string[] =>
  cell
    .replaceAll(/\([^)]*\)/g, '')
    .split('·')
    .map((part) => part.trim())

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const deepFreeze = <Value>(value: Value): Value => {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}

/** mulberry32 (Tommy Ettinger, public domain): small, seedable, good enough to draw events. */
const drawFrom = (seed: number): Draw => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}
