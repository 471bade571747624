import assert from 'node:assert/strict'
import { it } from 'node:test'
import { limits } from '../core/limits.ts'
import { capacity, jobsAtOnce } from './capacity.ts'

it('as many jobs run at once as there are cores, as far as free memory goes, and always one', () => {
  const of = (cores: number, jobs: number) => ({ cores, memoryBytes: 1e12, freeBytes: jobs * limits.jobMemoryBytes })
  assert.equal(jobsAtOnce(of(8, 100), { wanted: null, running: 0 }), 8)
  assert.equal(jobsAtOnce(of(8, 100), { wanted: 20, running: 0 }), 20)
  assert.equal(jobsAtOnce(of(8, 2.5), { wanted: null, running: 3 }), 5)
  assert.equal(jobsAtOnce(of(8, 0), { wanted: null, running: 0 }), 1)
})

it('no more is free than there is', () => {
  const { cores, memoryBytes, freeBytes } = capacity()
  assert.ok(cores >= 1 && freeBytes > 0 && freeBytes <= memoryBytes)
})
