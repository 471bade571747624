import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SluiceError } from '../errors.ts'
import { parseConfig } from './parse.ts'
import { resolveEnvironments, secretNames } from './resolve.ts'
import type { Settings } from './settings.ts'

const parse = (rest: object): Settings =>
  parseConfig(
    {
      service: 'shop',
      pipeline: { jobs: { build: { steps: 'true', artifacts: { app: 'dist' } } } },
      start: { command: 'node server.js' },
      environments: { production: { listen: 8080, secrets: ['DATABASE_URL'], ...rest } },
    },
    { file: 'sluice.config.json', text: '', distance: () => 99 },
  )

const counters = { checkout: { total: 'a{r="{{release}}"}', bad: 'b{r="{{ release }}"}' } }
const url = 'http://127.0.0.1:9090'

test('a metric source gets every default, and the versions of the secret that opens it, which instances do not get', () => {
  const settings = parse({ metrics: { url, authorization: 'PROMETHEUS', counters } })
  assert.deepEqual(secretNames(settings, 'production'), ['DATABASE_URL', 'PROMETHEUS'])
  const [spec] = resolveEnvironments(settings, { production: { DATABASE_URL: 'v1', PROMETHEUS: 'v2' } })
  assert.deepEqual(spec?.secretVersions, { DATABASE_URL: 'v1' })
  assert.deepEqual(spec?.metrics, {
    kind: 'prometheus',
    url,
    authorization: 'PROMETHEUS',
    secretVersions: { PROMETHEUS: 'v2' },
    intervalMs: 5_000,
    timeoutMs: 2_000,
    staleAfterMs: 120_000,
    alpha: 0.001,
    metrics: [{ name: 'checkout', ...counters.checkout, tolerance: 1, ignoreBelow: 0.0005, unitsMin: 1 }],
  })
})

test('an external judge gets every default; an environment without either carries neither, so that ids of releases stay', () => {
  const [asked] = resolveEnvironments(parse({ secrets: [], externalJudge: { url } }), {})
  assert.deepEqual(asked?.externalJudge, {
    url,
    authorization: null,
    secretVersions: {},
    intervalMs: 30_000,
    timeoutMs: 3_000,
    parameters: {},
  })
  const [plain] = resolveEnvironments(parse({ secrets: [] }), {})
  assert.deepEqual(
    ['metrics', 'externalJudge'].filter((field) => Object.hasOwn(plain ?? {}, field)),
    [],
  )
})

test('what could not be asked, or would count both releases as one, is refused', () => {
  const refusal = (rest: object): string => {
    try {
      parse(rest)
    } catch (error) {
      if (error instanceof SluiceError && error.code === 'config_invalid')
        return [error.detail, ...error.evidence].join(' ')
      throw error
    }
    return 'taken'
  }
  const withTotal = (total: string): string =>
    refusal({ metrics: { url, counters: { a: { ...counters.checkout, total } } } })
  assert.match(withTotal('requests_total'), /both releases have the same counter/)
  assert.match(withTotal('requests_total{r="{{releese}}"}'), /only these placeholders/)
  assert.match(refusal({ metrics: { url: 'ftp://x', counters } }), /expected an address/)
  assert.match(refusal({ metrics: { url: 'http://user:pass@x', counters } }), /without user or password/)
  assert.match(refusal({ metrics: { url, counters: {} } }), /at least one pair/)
  assert.match(refusal({ metrics: { url, counters, timeout: '10s' } }), /at most 4s/)
  assert.match(refusal({ externalJudge: { url, timeout: '5s' } }), /at most 4s/)
})
