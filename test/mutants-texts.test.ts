/** The bugs that `bench:sim` plants are found by their text: a change that moves one of them is told here, not an hour into a benchmark. */
import { deepStrictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { mutants } from '../bench/sim/mutants.ts'

test('each mutant finds its place exactly once', () => {
  const lost = mutants.filter(({ file, find }) => {
    const text = readFileSync(new URL(`../packages/sluice/src/${file}`, import.meta.url), 'utf8')
    return text.split(find).length !== 2
  })
  deepStrictEqual(
    lost.map(({ file, find, why }) => ({ file, find, why })),
    [],
  )
})
