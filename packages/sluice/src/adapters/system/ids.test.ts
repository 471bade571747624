import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rolloutId, runId } from '../../core/model.ts'
import { systemIds } from './ids.ts'

test('ids have the form of the model, never meet, and sort by the time of their making, even when the clock goes back', () => {
  const times = [1_700_000_000_000, 1_700_000_000_000, 1_600_000_000_000, 1_700_000_000_005]
  const ids = systemIds(() => times.shift() ?? 1_700_000_000_006)
  const made = Array.from({ length: 100 }, () => ids.next('run'))
  assert.deepEqual(made.map(runId), made)
  assert.deepEqual(made.toSorted(), made)
  assert.equal(new Set(made).size, made.length)
  assert.equal(rolloutId(ids.next('rol')).length, 'rol_'.length + 19)
})
