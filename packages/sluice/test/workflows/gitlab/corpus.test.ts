import { test } from 'node:test'
import { type Case, checkLowering, checkRun, readCases } from './corpus.ts'

/** Cases that are run in every suite; `npm run test:workflows` runs all. */
const quick: ReadonlySet<string> = new Set(['script-one-shell', 'stages-order', 'artifacts-by-stage', 'dotenv'])

const cases = readCases()

test('GitLab pipelines are lowered as their documentation says, each semantic by a case', async (context) => {
  for (const one of cases) await context.test(`${one.name}: ${one.about}`, () => check(one))
})

const check = async (one: Case): Promise<void> => {
  const lowered = checkLowering(one)
  if (quick.has(one.name)) await checkRun(one, lowered)
}
