import { deepStrictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { keepMiss } from './misses.ts'

test('what a run that was called off left makes room for the next; of one run the first stay', () => {
  const kept = new Map<string, number>()
  const keep = (...keys: readonly string[]): readonly string[] => {
    for (const [index, key] of keys.entries()) keepMiss(kept, [key, index], 3)
    return [...kept.keys()]
  }
  deepStrictEqual(keep('run_1/a', 'run_1/b', 'run_1/c', 'run_1/d'), ['run_1/a', 'run_1/b', 'run_1/c'])
  deepStrictEqual(keep('run_2/a'), ['run_1/b', 'run_1/c', 'run_2/a'])
  deepStrictEqual(keep('run_2/a', 'run_2/b', 'run_2/c', 'run_2/d'), ['run_2/a', 'run_2/b', 'run_2/c'])
})
