import { deepStrictEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { requestOf } from '../../../../test/workflows/gitlab/corpus.ts'
import type { Lowered } from '../../../core/pipeline/job-plan.ts'
import { lowerGitlab } from './lower.ts'

const lower = (pipeline: string): Lowered => lowerGitlab(requestOf({ name: '', about: '', pipeline, expect: {} }))

const staged = (count: number, width: number): string => {
  const stages = Array.from({ length: count / width }, (_, index) => `s${index}`)
  const jobs = Array.from(
    { length: count },
    (_, index) => `job-${index}: { stage: s${Math.floor(index / width)}, script: echo }`,
  )
  return [`stages: [${stages.join(', ')}]`, ...jobs].join('\n')
}

test('the order of stages takes about two lines a job, not one between every two', () => {
  const { jobs, notes } = lower(staged(1_000, 250))
  deepStrictEqual([jobs.length, notes], [1_003, []])
  deepStrictEqual(
    jobs.reduce((sum, { needs }) => sum + needs.length, 0),
    750 + 750 + 2,
  )
})

test('nested aliases stay as small as they are written', () => {
  const levels = Array.from({ length: 30 }, (_, index) => `.l${index + 1}: &l${index + 1} [*l${index}, *l${index}]`)
  const { notes } = lower(['.l0: &l0 [echo]', ...levels, 'job: { script: *l8, after_script: echo }'].join('\n'))
  deepStrictEqual(notes, [])
  const { notes: refused } = lower(
    ['.l0: &l0 [echo, echo, echo, echo, echo, echo, echo, echo]', ...levels.slice(0, 12), 'job: { script: *l11 }'].join(
      '\n',
    ),
  )
  ok(refused.some(({ level, message }) => level === 'error' && /expected a text|more than 10000 lines/.test(message)))
})

test('a text that is no pipeline is told, whatever it is', () => {
  for (const text of ['', '[]', 'text', '- a', 'job: !unknown x', '\u0000', 'a: &a [*a]', '? [x]\n: y', '---\n---\n'])
    ok(
      lower(text).notes.some(({ level }) => level === 'error'),
      JSON.stringify(text),
    )
})
