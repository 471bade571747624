import { describe, it } from 'node:test'
import { checkLowering, checkRun, readCases } from './corpus.ts'

describe('GitLab pipelines run as their documentation says, to the last output', () => {
  for (const one of readCases()) it(`${one.name}: ${one.about}`, () => checkRun(one, checkLowering(one)))
})
