import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { isAwaited, type Lane, laneAt, nearLane, performing } from './lane.ts'

const effect = { sequence: 3, deadlineMs: 1_000 }

test('only the outcome of the effect in flight is awaited', () => {
  const lane = performing(effect, 50)
  deepStrictEqual([isAwaited(lane, 3), isAwaited(lane, 2), isAwaited({ kind: 'due', at: 9 }, 3)], [true, false, false])
  deepStrictEqual([laneAt(lane), laneAt({ kind: 'due', at: 9 })], [1_050, 9])
})

test('a clock that was set back makes nobody wait longer than their own span', () => {
  const due: Lane<typeof effect> = { kind: 'due', at: 90_000_000 }
  strictEqual(laneAt(nearLane(due, 500, 1_000)), 1_500)
  strictEqual(laneAt(nearLane(performing(effect, 90_000_000), 500, 1_000)), 2_000)
  const near = performing(effect, 1_000)
  strictEqual(nearLane(near, 500, 1_200), near)
})
