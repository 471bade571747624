import { deepStrictEqual, match, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { SluiceError } from '../errors.ts'
import { parseConfig } from './parse.ts'
import { resolveEnvironments } from './resolve.ts'

const parsed = (production: object, more: object = {}) =>
  parseConfig(
    {
      service: 'shop',
      pipeline: { jobs: { build: { steps: 'true', artifacts: { app: 'dist' } } } },
      start: { command: 'node server.js' },
      environments: { staging: { listen: 8081 }, production: { listen: 8080, ...production } },
      ...more,
    },
    { file: 'x', text: '', distance: () => 99 },
  )

const specOf = (production: object, more: object = {}) => resolveEnvironments(parsed(production, more), {})[1]

const refusedFor = (pattern: RegExp, production: object, more: object = {}): void => {
  throws(
    () => parsed(production, more),
    (error: unknown) => {
      match(error instanceof SluiceError ? error.detail : String(error), pattern)
      return true
    },
  )
}

const window = { effect: 'deny', start: '2026-01-02T18:00', for: '2d', reason: 'weekend' }

test('a release that says nothing about governance carries nothing of it, and a number of approvals is as before', () => {
  const spec = specOf({ approvals: 2 })
  deepStrictEqual([spec?.approvals, spec?.governance], [2, undefined])
})

test('approvals, windows, overrun and policies are resolved into the environment where they hold', () => {
  const policies = {
    soaked: { environments: ['production'], soak: '1h' },
    hours: { windows: [{ ...window, effect: 'allow', for: 'PT9H30M' }] },
  }
  const spec = specOf(
    { approvals: { groups: { security: 2 }, self: true, expireAfter: '1d' }, windows: [window], overrun: 'pause' },
    { policies },
  )
  const rule = { effect: 'deny', start: '2026-01-02T18:00:00', zone: 'UTC', repeat: null, reason: 'weekend' }
  deepStrictEqual([spec?.approvals, spec?.approvalsExpireAfterMs], [2, 86_400_000])
  deepStrictEqual(spec?.governance, {
    groups: [{ group: 'security', count: 2 }],
    selfApproval: 'allowed',
    windows: [
      { ...rule, lastsDays: 2, lastsMs: 0 },
      { ...rule, effect: 'allow', lastsDays: 0, lastsMs: 34_200_000, policy: 'hours' },
    ],
    overrun: 'pause',
    policies: [{ name: 'soaked', soakMs: 3_600_000 }],
  })
})

test('what cannot be read or can never hold is refused with its place', () => {
  refusedFor(/windows\[0\]\.repeat: expected a recurrence rule/, { windows: [{ ...window, repeat: 'FREQ=HOURLY' }] })
  refusedFor(/windows\[0\]\.repeat: expected a recurrence rule/, { windows: [{ ...window, repeat: 'BYDAY=FR' }] })
  refusedFor(/windows\[0\]\.zone: expected the name of a time zone/, { windows: [{ ...window, zone: 'Mars/Olympus' }] })
  refusedFor(/windows\[0\]\.for: expected a window of at least a minute/, { windows: [{ ...window, for: '30s' }] })
  refusedFor(
    /policies\.p\.environments\[0\]: there is no environment "prod"/,
    {},
    { policies: { p: { environments: ['prod'], soak: '1h' } } },
  )
  refusedFor(/policies\.p: nothing comes before "staging"/, {}, { policies: { p: { soak: '1h' } } })
  refusedFor(/policies\.p: expected at least one of/, {}, { policies: { p: {} } })
})

test('an objective over requests is of a place that somebody measures, over a window, and leaves room for a budget', () => {
  const metrics = { url: 'http://127.0.0.1:9090', counters: { http: { total: 'a{{release}}', bad: 'b{{release}}' } } }
  const slo = { objective: '99.95%', over: '28d', total: 'sum(a[{{window}}])', bad: 'sum(b[{{window}}])' }
  const of = (change: object, environments: readonly string[] = ['production']) => ({
    policies: { budget: { environments, slo: { ...slo, ...change } } },
  })
  deepStrictEqual(specOf({ metrics }, of({}))?.governance?.policies, [
    {
      name: 'budget',
      slo: {
        objectiveBp: 9_995,
        windowMs: 28 * 86_400_000,
        total: slo.total,
        bad: slo.bad,
        whenSpent: 'refuse',
      },
    },
  ])
  refusedFor(/"staging" has no metric source/, { metrics }, of({}, ['staging', 'production']))
  refusedFor(/"production" has no metric source/, {}, of({}))
  refusedFor(/expected a share from '50%' to '99.99%'/, { metrics }, of({ objective: '100%' }))
  refusedFor(/expected \{\{window\}\} in it/, { metrics }, of({ bad: 'b' }))
  refusedFor(/expected only these placeholders/, { metrics }, of({ total: 'a{{release}}[{{window}}]' }))
})
