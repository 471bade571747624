import { deepStrictEqual, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { jobPlan } from '../../../test/pipeline/jobs.ts'
import { fanOut, type FannedOut } from './fan-out.ts'

const made = (list: string): FannedOut => {
  const artifacts = [
    { name: 'out', paths: ['out'], exclude: [], glob: false, when: 'success', ifMissing: 'fail', expireMs: null },
  ] as const
  const needs = [{ name: 'list', result: 'success', outputs: { packages: list } }] as const
  return fanOut(jobPlan('publish', ['list'], { artifacts }), { job: 'list', output: 'packages', as: 'PACKAGE' }, needs)
}

test('each entry of the list is a leg with a name, variables and artifacts of its own', () => {
  const legs = made('["a", {"B": 1, "C": true}]')
  ok(legs.kind === 'legs')
  deepStrictEqual(
    legs.legs.map(({ name, env, artifacts }) => [name, env, artifacts[0]?.name]),
    [
      ['publish (a)', { PACKAGE: 'a' }, 'out-a'],
      ['publish (1, true)', { B: '1', C: 'true' }, 'out-1-true'],
    ],
  )
})

test('a list that makes one leg, or one artifact, twice is refused: two jobs under one key would end each other', () => {
  for (const list of ['["a", "a"]', '[{"A": "x, y"}, {"A": "x", "B": "y"}]', '["a b", "a-b"]', '[1, "1"]']) {
    const legs = made(list)
    ok(legs.kind === 'invalid', list)
    match(legs.detail, /^output packages of job list makes .+ more than once$/)
  }
})
