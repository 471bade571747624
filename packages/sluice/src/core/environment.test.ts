import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import {
  emptyEnvironment,
  type EnvironmentEvent,
  environmentMachine,
  type EnvironmentState,
  releaseBefore,
} from './environment.ts'
import { limits } from './limits.ts'
import { type ReleaseId, releaseId, type RolloutId, rolloutId } from './model.ts'

const idOf = (fill: string): ReleaseId => releaseId(`rel_${fill.repeat(64)}`)
const [a, b, c] = [idOf('a'), idOf('b'), idOf('c')]
const rollout = (number: number): RolloutId => rolloutId(`rol_${number}`)
const ada = { kind: 'person', name: 'ada' } as const
const bob = { kind: 'person', name: 'bob' } as const

const after = (events: readonly EnvironmentEvent[], state = emptyEnvironment('shop', 'production')): EnvironmentState =>
  events.reduce((current, event) => environmentMachine.decide(current, event).state, state)

const passage = (
  number: number,
  change: Partial<Extract<EnvironmentEvent, { type: 'rollout_settled' }>> & { readonly to: ReleaseId },
): readonly EnvironmentEvent[] => [
  { type: 'rollout_admitted', at: number, rollout: rollout(number), release: change.to },
  {
    type: 'rollout_settled',
    at: number + 1,
    rollout: rollout(number),
    outcome: 'succeeded',
    from: null,
    keepsPrevious: false,
    ...change,
  },
]

test('one rollout lives at a time, and each gets a newer token', () => {
  const first = after([{ type: 'rollout_admitted', at: 1, rollout: rollout(1), release: a }])
  strictEqual(after([{ type: 'rollout_admitted', at: 2, rollout: rollout(2), release: b }], first), first)
  deepStrictEqual([first.live, first.token], [rollout(1), 1])
  strictEqual(after(passage(2, { to: b }), after(passage(1, { to: a }))).token, 2)
})

test('a success changes what serves, what served before and what was verified; only the live rollout can tell', () => {
  const state = after([...passage(1, { to: a }), ...passage(5, { from: a, to: b, keepsPrevious: true })])
  const { live, serving, servingSince, previous, kept, verified } = state
  deepStrictEqual(
    { live, serving, servingSince, previous, kept, verified },
    { live: null, serving: b, servingSince: 6, previous: a, kept: [a], verified: [b, a] },
  )
  const [, late] = passage(1, { to: c })
  strictEqual(late && after([late], state), state)
})

test('a rollout that came back leaves what serves, and nothing of its own', () => {
  const before = after([...passage(1, { to: a }), ...passage(3, { from: a, to: b, keepsPrevious: true })])
  const state = after(passage(5, { from: b, to: a, outcome: 'rolled_back' }), before)
  deepStrictEqual([state.live, state.serving, state.previous, state.kept], [null, b, a, []])
  deepStrictEqual(state.history[0], { rollout: rollout(5), release: a, outcome: 'rolled_back', at: 6 })
  deepStrictEqual(state.verified, [b, a])
})

test('a rollback after a rollback goes a step further back, and never to what the first one left behind', () => {
  const cases: readonly (readonly [served: readonly ReleaseId[], before: ReleaseId | null])[] = [
    [[], null],
    [[a], null],
    [[a, b], a],
    // b was taken back: nothing served before a.
    [[a, b, a], null],
    [[a, b, c, b], a],
    [[a, b, c, b, a], null],
    // What comes after a rollback stands on what it brought back.
    [[a, b, a, c], a],
    [[a, b, a, b], a],
  ]
  for (const [served, before] of cases) {
    const passages = served.map((to, index) => passage(10 * index, { from: served[index - 1] ?? null, to }))
    strictEqual(releaseBefore(after(passages.flat())), before, served.map((id) => id[4]).join(' '))
  }
  const tried = after(
    passage(30, { from: b, to: c, outcome: 'rolled_back' }),
    after([...passage(1, { to: a }), ...passage(9, { from: a, to: b })]),
  )
  strictEqual(releaseBefore(tried), a)
})

test('a lock holds until it is taken off or runs out, and then another may be set', () => {
  const locked = after([{ type: 'locked', at: 1, by: ada, reason: 'incident', until: 10 }])
  const again: EnvironmentEvent = { type: 'locked', at: 9, by: bob, reason: 'mine', until: null }
  strictEqual(after([again], locked), locked)
  strictEqual(after([{ ...again, at: 10 }], locked).lock?.by.name, 'bob')
  strictEqual(after([{ type: 'unlocked', at: 2, by: bob, reason: null }], locked).lock, null)
})

test('freezes add up, and those that are over are forgotten', () => {
  const window = (from: number, until: number): EnvironmentEvent => ({
    type: 'frozen',
    at: from,
    by: ada,
    window: { from, until, reason: 'holidays' },
  })
  const state = after([window(1, 5), window(2, 9), window(6, 7)])
  deepStrictEqual(
    state.freezes.map(({ from, by }) => [from, by.name]),
    [
      [2, 'ada'],
      [6, 'ada'],
    ],
  )
  deepStrictEqual(after([{ type: 'unfrozen', at: 7, by: bob, reason: null }], state).freezes, [])
})

test('an approval that ran out is given again by the same person, and still counts once', () => {
  const approved = (at: number): EnvironmentEvent => ({ type: 'approved', at, by: ada, release: b, reason: null })
  const state = after([approved(1), approved(1), approved(9)])
  deepStrictEqual(state.approvals, [{ release: b, by: ada, at: 9, reason: null }])
})

test('everybody approves a release once, and a success uses the approvals up', () => {
  const approved = (by: typeof ada | typeof bob, release: ReleaseId): EnvironmentEvent => ({
    type: 'approved',
    at: 1,
    by,
    release,
    reason: null,
  })
  const state = after([approved(ada, b), approved(ada, b), approved(bob, b), approved(ada, c)])
  deepStrictEqual(
    state.approvals.map(({ by, release }) => [by.name, release]),
    [
      ['ada', b],
      ['bob', b],
      ['ada', c],
    ],
  )
  deepStrictEqual(
    after(passage(2, { to: b }), state).approvals.map(({ release }) => release),
    [c],
  )
})

test('what an environment remembers itself is bounded', () => {
  let state = emptyEnvironment('shop', 'production')
  for (let number = 1; number <= limits.environmentHistoryMax + 5; number += 1) {
    const to = releaseId(`rel_${number.toString(16).padStart(64, '0')}`)
    state = after([...passage(number, { to }), { type: 'approved', at: 1, by: ada, release: to, reason: null }], state)
  }
  const lengths = [state.history.length, state.verified.length, state.approvals.length]
  deepStrictEqual(lengths, [limits.environmentHistoryMax, limits.environmentHistoryMax, limits.environmentHistoryMax])
})
