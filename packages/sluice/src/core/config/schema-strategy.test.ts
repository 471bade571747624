/** What may be written about strategies and hooks, and what it comes to. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { EnvironmentSpec } from '../model.ts'
import { hooksSchema } from './schema-hooks.ts'
import { strategySchema } from './schema-strategy.ts'

const parsed = (written: unknown): EnvironmentSpec['strategy'] => strategySchema.parse(written)
const refused = (written: unknown): string => {
  const { success, error } = strategySchema.safeParse(written)
  strictEqual(success, false, JSON.stringify(written))
  return JSON.stringify(error?.issues)
}

test('a stage of a canary says its share, scale, routes, mirror, checks, and what ends it', () => {
  const strategy = parsed({
    kind: 'canary',
    steps: [
      { share: '0%', mirror: '10%', pause: '10m', scale: 1 },
      {
        share: '5%',
        scale: '25%',
        routes: [{ header: 'X-Canary', equals: 'yes' }, [{ cookie: 'a' }, { cookie: 'b', startsWith: 'c' }]],
      },
      { share: '50%', approve: true, verify: true },
    ],
    ramp: 'evidence',
    verify: true,
    holdback: '2%',
  })
  deepStrictEqual(strategy, {
    kind: 'canary',
    steps: [
      { kind: 'pause', shareBp: 0, pauseMs: 600_000, scale: { kind: 'count', count: 1 }, mirrorBp: 1_000 },
      {
        kind: 'bake',
        shareBp: 500,
        bakeMs: 60_000,
        unitsMin: 100,
        scale: { kind: 'percent', percent: 25 },
        routes: [
          [{ kind: 'header', name: 'x-canary', value: { kind: 'equals', text: 'yes' } }],
          [
            { kind: 'cookie', name: 'a', value: null },
            { kind: 'cookie', name: 'b', value: { kind: 'startsWith', text: 'c' } },
          ],
        ],
      },
      { kind: 'approve', shareBp: 5_000, verify: true },
    ],
    bakeMs: 60_000,
    keepPrevious: true,
    ramp: 'evidence',
    verify: true,
    holdback: { shareBp: 200, bakeMs: 600_000, unitsMin: 100 },
  })
})

test('what is not written is not in the release: an old config keeps its id', () => {
  deepStrictEqual(Object.keys(parsed('canary')), ['kind', 'steps', 'bakeMs', 'keepPrevious'])
  deepStrictEqual(Object.keys(parsed('blueGreen')), ['kind', 'bakeMs', 'keepPrevious'])
  deepStrictEqual(Object.keys(parsed('rolling')), ['kind', 'batchSize', 'pauseMs', 'maxFailurePercent'])
})

test('rolling takes the bounds of Kubernetes, as numbers or percentages', () => {
  const strategy = parsed({ kind: 'rolling', maxSurge: '25%' })
  ok(strategy.kind === 'rolling')
  deepStrictEqual(strategy.surge, {
    maxSurge: { kind: 'percent', percent: 25 },
    maxUnavailable: { kind: 'count', count: 0 },
  })
})

test('what cannot be meant is refused, with what would fit', () => {
  const stage = (settings: object) => ({ kind: 'canary', steps: [settings] })
  ok(refused(stage({ share: '0%' })).includes('routes or a mirror at 0%'))
  ok(refused(stage({ share: '0%', mirror: '5%' })).includes('nothing to judge'))
  ok(refused(stage({ share: '5%', pause: '1m', approve: true })).includes('pause or approve, not both'))
  ok(refused(stage({ share: '5%', scale: '101%' })).includes('percentage'))
  ok(refused(stage({ share: '5%', routes: [{ header: 'a', cookie: 'b' }] })).includes('either header or cookie'))
  ok(refused(stage({ share: '5%', routes: [{ header: 'a', equals: 'b', startsWith: 'b' }] })).includes('not both'))
  ok(refused({ kind: 'canary', holdback: '10%' }).includes('from 1% to 5%'))
  ok(refused({ kind: 'canary', ramp: 'hope' }).includes("'time' or 'evidence'"))
})

test('a hook is an address or a command, and two have two names', () => {
  const hook = { name: 'smoke', at: 'before promotion', command: 'true' }
  deepStrictEqual(hooksSchema.parse([hook]), [
    {
      name: 'smoke',
      at: 'before promotion',
      target: { kind: 'command', command: 'true' },
      timeoutMs: 300_000,
      onTimeout: 'rollback',
    },
  ])
  const why = (written: unknown): string => JSON.stringify(hooksSchema.safeParse(written).error?.issues)
  ok(why([{ ...hook, url: 'https://x.example/' }]).includes('either url or command'))
  ok(why([{ ...hook, command: undefined }]).includes('either url or command'))
  ok(why([{ ...hook, command: undefined, url: 'file:///etc/passwd' }]).includes('expected an address'))
  ok(why([hook, hook]).includes('names that differ'))
  ok(why([{ ...hook, at: 'whenever' }]).includes('before start'))
})
