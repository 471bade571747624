/** Who is asked from outside is loaded once, and remembers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openOutside } from '../../src/adapters/metrics/open.ts'
import { questionAt } from '../contracts/metrics.contract.ts'
import { json, littlePrometheus, serving } from './little-prometheus.ts'

const never = new AbortController().signal

test('one source is held for all questions, so that an instance that starts again takes nothing away', async () => {
  const world = await littlePrometheus()
  const { metrics } = openOutside({ now: Date.now, era: 'test' })
  const units = async (value: number): Promise<number> => {
    const labels = (release: string) => ({ labels: { release, code: '200' }, value })
    await world.expose({ http_requests_total: [labels('rel_a'), labels('rel_b')] })
    return (await metrics.sample(questionAt(world.url), never)).candidate.units
  }
  assert.deepEqual([await units(10), await units(4)], [10, 14])
  await world.remove()
})

test('the external judge is there as well', async () => {
  const { url, close } = await serving((_, __, response) => json(response, { nextStep: { directive: 'continue' } }))
  const { externalJudge } = openOutside({ now: Date.now, era: 'test' })
  const judge = { url, authorization: null, secretVersions: {}, intervalMs: 1, timeoutMs: 1_000, parameters: {} }
  const of = { rollout: 'rol_1', step: '1', candidate: 'b', stable: null, shareBp: 1 }
  const question = { judge, authorization: null, service: 'shop', environment: 'production', ...of }
  assert.deepEqual(await externalJudge.evaluate(question, never), { directive: 'continue', reason: 'no reason given' })
  await close()
})
