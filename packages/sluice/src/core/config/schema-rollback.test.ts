import { deepStrictEqual, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from './parse.ts'
import { resolveEnvironments } from './resolve.ts'
import type { RollbackConfig } from './types-rollback.ts'

const specOf = (rollback: RollbackConfig | undefined, more: object = {}) => {
  const config = {
    service: 'shop',
    pipeline: { jobs: { build: { steps: 'true', artifacts: { app: 'dist' } } } },
    start: { command: 'node server.js' },
    environments: { production: { listen: 8080, ...(rollback === undefined ? {} : { rollback }), ...more } },
  }
  return resolveEnvironments(parseConfig(config, { file: 'x', text: '', distance: () => 99 }), {})[0]
}

test('an environment that says nothing of going back carries nothing of it, so that its releases keep their ids', () => {
  deepStrictEqual('rollback' in (specOf(undefined) ?? {}), false)
})

test('a window is a count or a duration, and a watch comes with its defaults', () => {
  deepStrictEqual(specOf({ window: 3 })?.rollback, { window: { kind: 'releases', count: 3 } })
  deepStrictEqual(specOf({ window: '7d' })?.rollback, { window: { kind: 'duration', ms: 604_800_000 } })
  deepStrictEqual(specOf({ watch: { errorRate: { above: '2%' }, latency: { above: '500ms' } } })?.rollback?.triggers, {
    watchMs: 3_600_000,
    intervalMs: 5_000,
    errorRate: { above: 0.02, forMs: 60_000, requestsMin: 100 },
    latency: { quantile: 0.95, aboveMs: 500, forMs: 60_000, requestsMin: 100 },
  })
})

test('a watch that watches nothing, or a counter that there is not, is refused', () => {
  throws(() => specOf({ watch: { for: '1h' } }), /at least one of errorRate, latency, health and metrics/)
  const metrics = [{ name: 'checkout', above: '2%' }] as const
  throws(() => specOf({ watch: { metrics } }), /only names of counters/)
})
