import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { checksOf } from '../verification/report.ts'
import { resolveEnvironments } from './resolve.ts'
import { configSchema } from './schema.ts'
import type { CheckConfig } from './types-verification.ts'

const written = (verify: unknown): unknown => ({
  service: 'shop',
  pipeline: { jobs: { test: { steps: 'true' } } },
  environments: { production: { listen: 8080, ...(verify === undefined ? {} : { verify }) } },
})

const specOf = (verify: readonly CheckConfig[] | undefined) => {
  const [spec] = resolveEnvironments(configSchema.parse(written(verify)), {})
  ok(spec !== undefined)
  return spec
}

const issue = (verify: unknown): string => {
  const read = configSchema.safeParse(written(verify))
  return read.error?.issues.map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`).join('; ') ?? ''
}

test('an environment without checks says nothing of them, so that its releases keep their ids', () => {
  strictEqual('verify' in specOf(undefined), false)
  strictEqual('verify' in specOf([]), false)
})

test('a check with nothing but what it must have has every default filled in', () => {
  deepStrictEqual(specOf([{ kind: 'http', name: 'home', path: '/' }]).verify, [
    {
      kind: 'http',
      name: 'home',
      scopes: ['candidate', 'environment'],
      timeoutMs: 10_000,
      retries: 0,
      retryDelayMs: 1_000,
      request: { origin: null, method: 'GET', path: '/', headers: {}, body: null },
      expect: { status: [{ from: 200, to: 299 }], withinMs: null, headers: {}, body: [], json: [] },
    },
  ])
})

test('what an answer must be is read in the forms that people write', () => {
  const [check] =
    specOf([
      {
        kind: 'http',
        name: 'order',
        scope: 'candidate',
        method: 'POST',
        path: '/orders?dry=1',
        headers: { 'Content-Type': 'application/json' },
        body: { items: [1] },
        timeout: '2s',
        retries: 3,
        retryDelay: '250ms',
        expect: {
          status: ['2xx', 404],
          within: '500ms',
          headers: { 'Content-Type': { contains: 'json' }, Server: 'shop' },
          body: { contains: 'ok', matches: '^\\{' },
          json: { '$.status': 'ok', '$.total': 3, '$.id': { exists: true }, '$.items[*]': { matches: '^[0-9]' } },
        },
      },
    ]).verify ?? []
  deepStrictEqual(check, {
    kind: 'http',
    name: 'order',
    scopes: ['candidate'],
    timeoutMs: 2_000,
    retries: 3,
    retryDelayMs: 250,
    request: {
      origin: null,
      method: 'POST',
      path: '/orders?dry=1',
      headers: { 'content-type': 'application/json' },
      body: '{"items":[1]}',
    },
    expect: {
      status: [
        { from: 200, to: 299 },
        { from: 404, to: 404 },
      ],
      withinMs: 500,
      headers: { 'content-type': [{ kind: 'contains', text: 'json' }], server: [{ kind: 'equals', text: 'shop' }] },
      body: [
        { kind: 'contains', text: 'ok' },
        { kind: 'matches', text: '^\\{' },
      ],
      json: [
        { path: '$.status', test: { kind: 'equals', value: 'ok' } },
        { path: '$.total', test: { kind: 'equals', value: 3 } },
        { path: '$.id', test: { kind: 'exists' } },
        { path: '$.items[*]', test: { kind: 'text', all: [{ kind: 'matches', text: '^[0-9]' }] } },
      ],
    },
  })
})

test('each kind looks where it can: certificates at the environment, response times at the candidate', () => {
  const spec = specOf([
    { kind: 'http', name: 'outside', path: '/', origin: 'https://shop.example.com' },
    { kind: 'command', name: 'smoke', command: 'node smoke.js', scope: 'environment' },
    { kind: 'tls', name: 'certificate', host: 'shop.example.com' },
    { kind: 'dependencies', name: 'dependencies', path: '/ready', up: ['GREEN'] },
    { kind: 'responseTime', name: 'as fast', path: '/' },
  ])
  const names = (scope: 'candidate' | 'environment') => checksOf(spec, scope).map(({ name }) => name)
  deepStrictEqual(names('candidate'), ['dependencies', 'as fast'])
  deepStrictEqual(names('environment'), ['outside', 'smoke', 'certificate', 'dependencies'])
})

test('what cannot be honoured is refused, with the place', () => {
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [[{ kind: 'https', name: 'a', path: '/' }], /kind: expected kind to be one of http, command, tls/],
    [[{ kind: 'http', name: 'a' }], /path/],
    [[{ kind: 'http', name: 'a', path: 'home' }], /path: expected a path/],
    [[{ kind: 'http', name: 'a', path: '/ HTTP/1.1\r\nx: y' }], /path: expected a path/],
    [
      [{ kind: 'http', name: 'a', path: '/', headers: { a: 'b\r\nc: d' } }],
      /headers\.a: expected the value of a header/,
    ],
    [[{ kind: 'http', name: 'a', path: '/', expect: { status: 99 } }], /status/],
    [[{ kind: 'http', name: 'a', path: '/', expect: { body: {} } }], /body: expected equals, contains or matches/],
    [[{ kind: 'http', name: 'a', path: '/', expect: { body: { matches: '(' } } }], /expected a regular expression/],
    [[{ kind: 'http', name: 'a', path: '/', expect: { json: { 'a.b': 1 } } }], /json/],
    [
      [{ kind: 'http', name: 'a', path: '/', origin: 'https://a.example', scope: 'both' }],
      /scope: expected scope to be/,
    ],
    [[{ kind: 'http', name: 'a', path: '/', origin: 'https://a.example/b' }], /origin: expected an address/],
    [[{ kind: 'http', name: 'a', path: '/', timeout: '0s' }], /timeout: expected a duration above zero/],
    [[{ kind: 'responseTime', name: 'a', path: '/', scope: 'environment' }], /scope/],
    [[{ kind: 'tls', name: 'a', host: 'a', retries: 101 }], /retries/],
    [
      [
        { kind: 'http', name: 'a', path: '/' },
        { kind: 'http', name: 'a', path: '/b' },
      ],
      /different names/,
    ],
  ]
  for (const [verify, why] of refused) match(issue(verify), why, JSON.stringify(verify))
})
