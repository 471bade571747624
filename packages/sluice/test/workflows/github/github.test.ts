/** A few cases of the corpus that together touch lowering, resolving and running; the rest is in `npm run test:workflows`. */
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readCases } from '../support/case.ts'
import { checkCase } from './check-case.ts'

const chosen = new Set(['call-inputs-outputs', 'commands-legacy', 'composite-action', 'step-conditions'])

for (const one of readCases(fileURLToPath(new URL('cases', import.meta.url))))
  if (chosen.has(one.name))
    test(`${one.name}: ${one.about}`, async () => {
      await checkCase(one)
    })
