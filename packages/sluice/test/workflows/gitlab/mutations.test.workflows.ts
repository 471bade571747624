import { ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lowerGitlab } from '../../../src/adapters/ci/gitlab/lower.ts'
import { readCases, requestOf } from './corpus.ts'

const pieces = [
  '[',
  ']',
  '{',
  '}',
  ': ',
  '- ',
  '\n',
  '&a ',
  '*a',
  '!reference ',
  'null',
  '<<: ',
  '$',
  '"',
  '  ',
  '[]',
  '{}',
  '5',
]

test('whatever is cut out of a pipeline or put into it, lowering says what is wrong and never throws', () => {
  const cases = readCases()
  const edit = fc.record({ at: fc.nat(), cut: fc.nat({ max: 30 }), put: fc.constantFrom('', ...pieces) })
  fc.assert(
    fc.property(fc.constantFrom(...cases), fc.array(edit, { minLength: 1, maxLength: 5 }), (one, edits) => {
      const pipeline = edits.reduce((text, { at, cut, put }) => {
        const start = at % (text.length + 1)
        return text.slice(0, start) + put + text.slice(start + cut)
      }, one.pipeline)
      const { jobs, notes } = lowerGitlab(requestOf({ ...one, pipeline }))
      ok(jobs.length > 0 || notes.length > 0)
    }),
    { numRuns: 3_000 },
  )
})
