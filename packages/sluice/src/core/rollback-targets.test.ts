import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { emptyEnvironment, type Passage, releaseBefore } from './environment.ts'
import { type ReleaseId, releaseId, type RolloutId, rolloutId } from './model.ts'
import {
  automaticTarget,
  cameBack,
  isInWindow,
  neverPruned,
  predecessors,
  rollbackTarget,
  takenBackBy,
} from './rollback-targets.ts'

const idOf = (fill: string): ReleaseId => releaseId(`rel_${fill.repeat(64)}`)
const [a, b, c, d] = [idOf('a'), idOf('b'), idOf('c'), idOf('d')]
const rollout = (number: number): RolloutId => rolloutId(`rol_${number}`)

type Step = readonly [ReleaseId, ('rollback' | 'failed' | undefined)?]

/** Newest first, as an environment keeps it. */
const historyOf = (...passages: Step[]): readonly Passage[] =>
  passages
    .map(([release, how], index): Passage => ({
      rollout: rollout(index + 1),
      release,
      outcome: how === 'failed' ? 'rolled_back' : 'succeeded',
      at: (index + 1) * 100,
      ...(how === 'rollback' ? { purpose: 'rollback' } : {}),
    }))
    .toReversed()

const environmentWith = (...passages: Step[]) => {
  const history = historyOf(...passages)
  const serving = history.find(({ outcome }) => outcome === 'succeeded')?.release ?? null
  return { ...emptyEnvironment('shop', 'production'), serving, history }
}

test('what served before is told newest first, with when it left, without what a rollback left behind', () => {
  deepStrictEqual(predecessors(environmentWith([a], [b], [c, 'failed'], [c])), [
    { release: b, leftAt: 400 },
    { release: a, leftAt: 200 },
  ])
  deepStrictEqual(predecessors(environmentWith([a], [b], [c], [b, 'rollback'])), [{ release: a, leftAt: 200 }])
  deepStrictEqual(predecessors(environmentWith([a], [b], [a, 'rollback'], [d])), [{ release: a, leftAt: 400 }])
})

test('the newest of what served before is where a rollback goes that names no release, whatever happened', () => {
  const step = fc.tuple(fc.constantFrom(a, b, c, d), fc.constantFrom('failed' as const, undefined))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const environment = environmentWith(...steps)
      strictEqual(predecessors(environment)[0]?.release ?? null, releaseBefore(environment))
    }),
  )
})

test('a held release is not gone back to while there is another; a person who has no other choice still may, nothing by itself', () => {
  const environment = environmentWith([a], [b], [c])
  strictEqual(rollbackTarget(environment, new Set()), b)
  strictEqual(rollbackTarget(environment, new Set([b])), a)
  strictEqual(rollbackTarget(environment, new Set([a, b])), b)
  strictEqual(automaticTarget(environment, new Set([b])), a)
  strictEqual(automaticTarget(environment, new Set([a, b])), null)
})

test('the window is counted in releases before the one that serves, or in time since one left', () => {
  const environment = environmentWith([a], [b], [c], [d])
  const inLast = (count: number, release: ReleaseId): boolean =>
    isInWindow(environment, { kind: 'releases', count }, { release, now: 1_000 })
  deepStrictEqual([inLast(1, c), inLast(1, b), inLast(3, a), inLast(3, d)], [true, false, true, false])
  const within = (ms: number, release: ReleaseId): boolean =>
    isInWindow(environment, { kind: 'duration', ms }, { release, now: 1_000 })
  deepStrictEqual([within(600, c), within(599, c), within(700, b)], [true, false, true])
})

test('what a rollback left is never inside the window: shipping it again is a deploy with all that belongs to one', () => {
  const environment = environmentWith([a], [b], [a, 'rollback'])
  strictEqual(isInWindow(environment, { kind: 'releases', count: 10 }, { release: b, now: 1_000 }), false)
})

test('what serves, what is kept and what can be gone back to is never pruned', () => {
  const environment = { ...environmentWith([a], [b], [c]), kept: [b], previous: b }
  deepStrictEqual(neverPruned(environment), [c, b, a])
})

test('status "success" while the platform rolled back: a rollout that succeeded and was taken back says by which', () => {
  const { history } = environmentWith([a], [b], [a, 'rollback'])
  strictEqual(takenBackBy({ history }, rollout(2)), rollout(3))
  strictEqual(takenBackBy({ history }, rollout(1)), null)
  strictEqual(takenBackBy({ history }, rollout(3)), null)
  strictEqual(takenBackBy(environmentWith([a], [b], [c]), rollout(2)), null)
  const drilled: readonly Step[] = [[a], [b], [a, 'rollback'], [b, 'rollback']]
  strictEqual(takenBackBy(environmentWith(...drilled), rollout(2)), null, 'a drill brought it back')
  strictEqual(takenBackBy(environmentWith(...drilled, [c]), rollout(2)), null, 'and a newer one followed')
  strictEqual(takenBackBy(environmentWith(...drilled, [c, 'failed'], [a, 'rollback'], [c]), rollout(2)), rollout(6))
})

test('nothing that goes on by itself tries again what came back last', () => {
  const environment = environmentWith([a], [b, 'failed'])
  deepStrictEqual([cameBack(environment, b), cameBack(environment, a)], [true, false])
  strictEqual(cameBack(environmentWith([a], [b, 'failed'], [b]), b), false)
})
