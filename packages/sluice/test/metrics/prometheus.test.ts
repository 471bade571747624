/** The Prometheus source and the external judge over HTTP, against servers that answer well, badly, late, or not at all. */
import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, test } from 'node:test'
import { httpJudge } from '../../src/adapters/metrics/external-judge.ts'
import { prometheusSource } from '../../src/adapters/metrics/prometheus/source.ts'
import { SluiceError } from '../../src/core/errors.ts'
import type { ExternalQuestion } from '../../src/ports/metrics.ts'
import { codeOf, metricsContract, questionAt, specAt } from '../contracts/metrics.contract.ts'
import { freePort } from '../free-port.ts'
import { json, littlePrometheus, serving } from './little-prometheus.ts'

const never = new AbortController().signal

metricsContract('Prometheus (a little server that answers as it)', littlePrometheus)

const detailOf = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt
  } catch (error) {
    if (error instanceof SluiceError) return `${error.code}: ${error.detail}`
    throw error
  }
  return 'none'
}

type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void

const vector = (value: string): unknown => ({
  status: 'success',
  data: { resultType: 'vector', result: [{ metric: {}, value: [1, value] }] },
})

describe('Prometheus that does not do as it should', () => {
  const asked = async (answer: Answer, timeoutMs = 5_000): Promise<string> => {
    const { url, close } = await serving(answer)
    const source = prometheusSource({ now: Date.now, era: 'test' })
    const question = questionAt(url)
    const quick = { ...question, source: { ...specAt(url), timeoutMs } }
    try {
      return (await detailOf(source.sample(quick, never))).replaceAll(url, 'URL')
    } finally {
      await close()
    }
  }

  const saying =
    (body: unknown, status = 200): Answer =>
    (_, __, response) =>
      json(response, body, status)

  test('silence, nonsense, partial data, too much data and a detour are the source failing', async () => {
    assert.match(await asked(() => {}, 150), /^metric_source_failed: URL\/api\/v1\/query: no answer in 150 ms/)
    assert.match(await asked(saying('hello')), /metric_source_failed.*status 200, and not what Prometheus answers/)
    assert.match(await asked(saying({}, 503)), /metric_source_failed.*status 503/)
    assert.match(
      await asked(saying({ ...(vector('1') as object), warnings: ['remote read of one shard failed'] })),
      /metric_source_failed.*it warns: remote read of one shard failed/,
    )
    const matrix = { status: 'success', data: { resultType: 'matrix', result: [] } }
    assert.match(await asked(saying(matrix)), /a matrix where numbers are wanted/)
    const histogram = {
      status: 'success',
      data: { resultType: 'vector', result: [{ metric: {}, histogram: [1, {}] }] },
    }
    assert.match(await asked(saying(histogram)), /a histogram where numbers are wanted/)
    const detour: Answer = (_, __, response) => {
      response.writeHead(307, { location: 'http://127.0.0.1:1/' })
      response.end()
    }
    assert.match(await asked(detour), /^metric_source_failed/)
    assert.match(await asked((_, __, response) => response.end('x'.repeat(1_100_000))), /more than 1048576 bytes/)
  })

  test('a number that the source computes is the sum of its series; nothing and no number are no zero', async () => {
    const measured = async (body: unknown): Promise<string | number> => {
      const { url, close } = await serving(saying(body))
      const source = prometheusSource({ now: Date.now, era: 'test' })
      const ask = source.measure({ source: specAt(url), query: 'sum(increase(a[1h]))', authorization: null }, never)
      try {
        return await ask.catch((error: unknown) => (error instanceof SluiceError ? error.code : String(error)))
      } finally {
        await close()
      }
    }
    const series = (...values: readonly string[]): unknown => ({
      status: 'success',
      data: {
        resultType: 'vector',
        result: values.map((value, index) => ({ metric: { one: String(index) }, value: [1, value] })),
      },
    })
    assert.equal(await measured(series('2', '0.5')), 2.5)
    assert.equal(await measured(series()), 'metric_absent')
    assert.equal(await measured(series('1', 'NaN')), 'metric_absent')
    assert.equal(await measured('hello'), 'metric_source_failed')
  })

  test('NaN, infinity and negative counts are absent', async () => {
    for (const value of ['NaN', '+Inf', '-1']) assert.match(await asked(saying(vector(value))), /^metric_absent/)
    const scalar = { status: 'success', data: { resultType: 'scalar', result: [1, 'NaN'] } }
    assert.match(await asked(saying(scalar)), /^metric_absent/)
  })

  test('nobody there is the source failing, and a call that is called off ends', async () => {
    const source = prometheusSource({ now: Date.now, era: 'test' })
    const url = `http://127.0.0.1:${await freePort()}`
    assert.equal(await codeOf(source.sample(questionAt(url), never)), 'metric_source_failed')
    assert.equal(await codeOf(source.sample(questionAt(url), AbortSignal.abort())), 'metric_source_failed')
  })

  test('the secret goes into the header, all queries of a look are of one moment, and no message has the secret', async () => {
    const seen: { readonly authorization: string | undefined; readonly time: string | null }[] = []
    const { url, close } = await serving((request, body, response) => {
      seen.push({ authorization: request.headers.authorization, time: new URLSearchParams(body).get('time') })
      json(response, { status: 'error', errorType: 'unauthorized', error: 'no' }, 401)
    })
    const source = prometheusSource({ now: () => 1_700_000_000_500, era: 'test' })
    const detail = await detailOf(source.sample({ ...questionAt(url), authorization: 'Bearer s3cret' }, never))
    await close()
    assert.match(detail, /unauthorized: no/)
    assert.doesNotMatch(detail, /s3cret/)
    assert.ok(seen.length > 0)
    for (const one of seen) assert.deepEqual(one, { authorization: 'Bearer s3cret', time: '1700000000.5' })
  })

  test('what another process remembered is another era', async () => {
    const { url, close } = await serving((_, __, response) => json(response, vector('5')))
    const eras = await Promise.all(
      ['one', 'two'].map(
        async (era) => (await prometheusSource({ now: Date.now, era }).sample(questionAt(url), never)).era,
      ),
    )
    await close()
    assert.notEqual(eras[0], eras[1])
  })
})

const questionFor = (url: string): ExternalQuestion => ({
  judge: {
    url,
    authorization: null,
    secretVersions: {},
    intervalMs: 1_000,
    timeoutMs: 150,
    parameters: { team: 'shop' },
  },
  authorization: 'Basic eA==',
  service: 'shop',
  environment: 'production',
  rollout: 'rol_1',
  step: '3/judge',
  candidate: 'rel_b',
  stable: 'rel_a',
  shareBp: 2_500,
})

describe('the external judge over HTTP', () => {
  const asked = async (answer: Answer): Promise<string> => {
    const { url, close } = await serving(answer)
    try {
      const { directive, reason } = await httpJudge().evaluate(questionFor(url), never)
      return `${directive}: ${reason}`
    } catch (error) {
      if (error instanceof SluiceError) return `${error.code}: ${error.detail}`
      throw error
    } finally {
      await close()
    }
  }

  test("is asked in the form of Spinnaker's deployment monitors", async () => {
    let body = ''
    let authorization: string | undefined
    const heard = await asked((request, text, response) => {
      body = text
      authorization = request.headers.authorization
      json(response, {
        nextStep: { directive: 'wait', unknown: 1 },
        statusReasons: [{ message: 'not enough traffic', logSummary: 'x' }, { message: 'ask again' }],
      })
    })
    assert.equal(heard, 'wait: not enough traffic; ask again')
    assert.equal(authorization, 'Basic eA==')
    assert.deepEqual(JSON.parse(body), {
      application: 'shop',
      account: 'production',
      region: 'production',
      cloudProvider: 'sluice',
      executionId: 'rol_1',
      deploymentId: 'rol_1',
      stageId: 'rol_1/3/judge',
      oldServerGroup: 'rel_a',
      newServerGroup: 'rel_b',
      newInstances: [],
      currentProgress: 25,
      parameters: { team: 'shop' },
    })
  })

  test('says one of four words; everything else is no answer', async () => {
    const saying = (body: unknown, status = 200): Promise<string> =>
      asked((_, __, response) => json(response, body, status))
    for (const directive of ['abort', 'complete', 'continue', 'wait'])
      assert.equal(await saying({ nextStep: { directive }, statusReasons: null }), `${directive}: no reason given`)
    for (const body of [{}, { nextStep: {} }, { nextStep: { directive: 'UNSPECIFIED' } }, 'continue', null])
      assert.match(await saying(body), /^external_judge_failed: .*no nextStep\.directive/)
    assert.match(await saying({ nextStep: { directive: 'continue' } }, 500), /^external_judge_failed: .*status 500/)
    assert.match(await asked(() => {}), /^external_judge_failed: .*no answer in 150 ms/)
  })
})
