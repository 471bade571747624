/** The whole corpus of GitHub Actions workflows: `npm run test:workflows`. */
import { ok } from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readCases } from '../support/case.ts'
import { checkCase } from './check-case.ts'

const cases = readCases(fileURLToPath(new URL('cases', import.meta.url)))

test('there is a corpus', () => {
  ok(cases.length >= 60)
})

for (const one of cases)
  test(`${one.name}: ${one.about}`, async () => {
    await checkCase(one)
  })
