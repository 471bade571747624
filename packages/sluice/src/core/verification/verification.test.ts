import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Certificate, daysLeft, unmetByCertificate } from './certificate.ts'
import { dependenciesIn, unmetByDependencies, upWords } from './dependencies.ts'
import { type MatchText, unmetBy } from './expect.ts'
import { parseJsonPath, valuesAtPath } from './json-path.ts'
import { checksOf, environmentTarget, outcomeOf, reportEvidence, reportText } from './report.ts'
import type { Check, CheckResult, DependenciesCheck, HttpAnswer, HttpExpectation, TlsCheck } from './types.ts'

const matching: MatchText = (pattern, text) => (new RegExp(pattern, 'u').test(text) ? 'yes' : 'no')

const good: HttpExpectation = {
  status: [{ from: 200, to: 299 }],
  withinMs: null,
  headers: {},
  body: [],
  json: [],
}
const answer = (parts: Partial<HttpAnswer> = {}): HttpAnswer => ({
  status: 200,
  headers: {},
  body: '',
  durationMs: 5,
  ...parts,
})
const said = (parts: Partial<HttpAnswer>, expect: Partial<HttpExpectation>): readonly string[] =>
  unmetBy(answer(parts), { ...good, ...expect }, matching).map(({ outcome, detail }) => `${outcome}: ${detail}`)

describe('paths into JSON', () => {
  const document = { a: { 'b c': [1, { d: null }, 3] }, empty: [], __proto__of: 1 }
  const at = (path: string): readonly unknown[] | null => {
    const segments = parseJsonPath(path)
    return segments === null ? null : valuesAtPath(document, segments)
  }

  test('names, indexes from both ends, and the wildcard', () => {
    deepStrictEqual(at('$'), [document])
    deepStrictEqual(at("$.a['b c'][0]"), [1])
    deepStrictEqual(at('$.a["b c"][-1]'), [3])
    deepStrictEqual(at('$.a.*[1].d'), [null])
    deepStrictEqual(at("$['a'].*[*]"), [1, { d: null }, 3])
  })

  test('a path that leads nowhere has no values, also where JavaScript would find some', () => {
    for (const path of [
      '$.b',
      '$.a[0]',
      "$.a['b c'][3]",
      '$.empty[-1]',
      '$.empty[*]',
      '$.constructor',
      '$.empty.length',
    ])
      deepStrictEqual(at(path), [], path)
  })

  test('what is no path is told from a path that leads nowhere', () => {
    for (const path of ['', 'a', '$a', '$.', '$..a', '$[01]', '$[1:2]', '$[?@.a]', "$['a"])
      strictEqual(at(path), null, path)
  })
})

describe('an answer and what was expected of it', () => {
  test('everything that is wrong is said, with the values', () => {
    deepStrictEqual(
      said(
        {
          status: 503,
          durationMs: 900.4,
          headers: { server: 'a' },
          body: '{"status":"down","items":[{"id":"x"},{"id":2}]}',
        },
        {
          withinMs: 500,
          headers: { server: [{ kind: 'equals', text: 'b' }], 'x-version': [{ kind: 'contains', text: '1' }] },
          body: [
            { kind: 'contains', text: 'Welcome' },
            { kind: 'matches', text: '^\\{' },
          ],
          json: [
            { path: '$.status', test: { kind: 'equals', value: 'up' } },
            { path: '$.items[*].id', test: { kind: 'text', all: [{ kind: 'matches', text: '^[0-9]+$' }] } },
            { path: '$.version', test: { kind: 'exists' } },
          ],
        },
      ),
      [
        'failed: status 503, expected 200 to 299',
        'failed: it took 900 ms, expected at most 500 ms',
        'failed: header server is "a", expected "b"',
        'failed: no header x-version',
        'failed: the body does not contain "Welcome"',
        'failed: $.status is "down", expected "up"',
        'failed: $.items[*].id does not match /^[0-9]+$/',
        'failed: nothing at $.version',
      ],
    )
  })

  test('an answer that is as expected leaves nothing to say', () => {
    deepStrictEqual(
      said(
        { status: 304, body: '{"a":[{"ok":true},{"ok":true}]}' },
        {
          status: [
            { from: 200, to: 299 },
            { from: 304, to: 304 },
          ],
          withinMs: 5,
          json: [{ path: '$.a[*].ok', test: { kind: 'equals', value: true } }],
        },
      ),
      [],
    )
  })

  test('a value is not what only looks like it', () => {
    const json: HttpExpectation['json'] = [{ path: '$', test: { kind: 'equals', value: 1 } }]
    deepStrictEqual(said({ body: '"1"' }, { json }), ['failed: $ is "1", expected 1'])
    deepStrictEqual(said({ body: 'no' }, { json }), ['failed: the body is no JSON: "no"'])
    deepStrictEqual(said({ body: 'null' }, { json: [{ path: '$', test: { kind: 'equals', value: null } }] }), [])
  })

  test('a time that is no number is no pass', () => {
    deepStrictEqual(said({ durationMs: Number.NaN }, { withinMs: 500 }), [
      'failed: it took NaN ms, expected at most 500 ms',
    ])
  })

  test('what could not be looked at is broken: a body too large, a pattern that takes too long', () => {
    const undecided = unmetBy(
      answer({ body: 'a' }),
      { ...good, body: [{ kind: 'matches', text: '(a+)+$' }] },
      () => 'undecided',
    )
    deepStrictEqual(
      undecided.map(({ outcome }) => outcome),
      ['broken'],
    )
    for (const expect of [
      { body: [{ kind: 'contains', text: 'a' }] },
      { json: [{ path: '$', test: { kind: 'exists' } }] },
    ] as const)
      deepStrictEqual(said({ body: null }, expect), ['broken: the body is too large to be looked at'])
  })
})

describe('a certificate', () => {
  const now = Date.UTC(2026, 5, 1)
  const day = 86_400_000
  const check: TlsCheck = {
    kind: 'tls',
    name: 'certificate',
    scopes: ['environment'],
    timeoutMs: 1_000,
    retries: 0,
    retryDelayMs: 1_000,
    host: 'shop.example',
    port: 443,
    serverName: 'shop.example',
    daysLeftMin: 14,
    authority: null,
  }
  const sound: Certificate = {
    subject: 'shop.example',
    issuer: 'ca',
    validFrom: now - day,
    validTo: now + 14 * day,
    chainFault: null,
    nameFault: null,
  }
  const faults = (parts: Partial<Certificate>): readonly string[] =>
    unmetByCertificate({ ...sound, ...parts }, check, now).map(({ detail }) => detail)

  test('is sound with exactly the days that are wanted, and not with a second less', () => {
    deepStrictEqual(faults({}), [])
    strictEqual(daysLeft(sound, now), 14)
    match(faults({ validTo: now + 14 * day - 1_000 })[0] ?? '', /ends in 13 days/)
  })

  test('every fault is said: ended, not begun, another name, an untrusted chain, no dates', () => {
    match(faults({ validTo: now })[0] ?? '', /^it ended at 2026-06-01/)
    match(faults({ validFrom: now + 1 })[0] ?? '', /^it is valid from/)
    deepStrictEqual(faults({ nameFault: 'it is for a.example', chainFault: 'SELF_SIGNED_CERT_IN_CHAIN' }), [
      'it is not for shop.example: it is for a.example',
      'its chain is not trusted: SELF_SIGNED_CERT_IN_CHAIN',
    ])
    match(faults({ validTo: Number.NaN })[0] ?? '', /does not say how long/)
  })
})

describe('dependencies', () => {
  const check: DependenciesCheck = {
    kind: 'dependencies',
    name: 'dependencies',
    scopes: ['candidate'],
    timeoutMs: 1_000,
    retries: 0,
    retryDelayMs: 1_000,
    request: { origin: null, method: 'GET', path: '/ready', headers: {}, body: null },
    list: null,
    up: upWords,
    required: [],
    optional: [],
  }
  const unmet = (body: unknown, parts: Partial<DependenciesCheck> = {}, status = 200): readonly string[] =>
    unmetByDependencies(answer({ status, body: typeof body === 'string' ? body : JSON.stringify(body) }), {
      ...check,
      ...parts,
    }).map(({ outcome, detail }) => `${outcome}: ${detail}`)

  test('are read in the forms in use', () => {
    const forms = [
      { dependencies: { database: 'up', cache: false } },
      { status: 'DOWN', components: { database: { status: 'UP' }, cache: { status: 'false' } } },
      { checks: { database: [{ status: 'up' }], cache: [{ status: 'false' }] } },
      {
        details: [
          { name: 'database', state: 'up' },
          { name: 'cache', healthy: false },
        ],
      },
    ]
    for (const form of forms)
      deepStrictEqual(
        dependenciesIn(form, null),
        [
          { name: 'database', status: 'up' },
          { name: 'cache', status: 'false' },
        ],
        JSON.stringify(form),
      )
    deepStrictEqual(dependenciesIn({ a: { b: { queue: 'ok' } } }, '$.a.b'), [{ name: 'queue', status: 'ok' }])
  })

  test('one that is down fails, unless it may be down; one that says nothing is not up', () => {
    deepStrictEqual(unmet({ dependencies: { database: 'down', mail: {} } }, {}, 503), [
      'failed: database is "down"',
      'failed: mail is "unknown"',
    ])
    deepStrictEqual(unmet({ dependencies: { database: 'up', mail: 'down' } }, { optional: ['mail'] }), [])
  })

  test('an answer that lists nothing, not the required one, or is no JSON, is broken', () => {
    deepStrictEqual(unmet({ status: 'up' }), ['broken: the answer lists no dependencies'])
    deepStrictEqual(unmet({ dependencies: {} }), ['broken: the answer lists no dependencies'])
    deepStrictEqual(unmet('<html>', {}, 200), ['broken: status 200, and its body is no JSON'])
    deepStrictEqual(unmet({ dependencies: { a: 'up' } }, { required: ['b'] }), ['broken: b is not in the list'])
  })

  test('an answer that says not ready is not talked away by its list', () => {
    deepStrictEqual(unmet({ dependencies: { a: 'up' } }, {}, 503), [
      'failed: status 503, though every dependency is up',
    ])
  })
})

describe('a report', () => {
  const result = (name: string, outcome: CheckResult['outcome']): CheckResult => ({
    name,
    outcome,
    detail: `${name} says so`,
    durationMs: 1,
    evidence: [`line of ${name}`],
  })
  const report = (...results: readonly CheckResult[]) => ({ scope: 'candidate', results }) as const

  test('passes only when something was looked at and all of it passed', () => {
    strictEqual(outcomeOf(report()), 'broken')
    strictEqual(outcomeOf(report(result('a', 'passed'))), 'passed')
    strictEqual(outcomeOf(report(result('a', 'passed'), result('b', 'broken'))), 'broken')
    strictEqual(outcomeOf(report(result('a', 'broken'), result('b', 'failed'))), 'failed')
  })

  test('is told with what did not pass, and its evidence', () => {
    const mixed = report(result('a', 'passed'), result('b', 'failed'), result('c', 'broken'))
    strictEqual(reportText(mixed), '2 of 3 checks did not pass: b failed: b says so; c is broken: c says so')
    deepStrictEqual(reportEvidence(mixed), ['b: line of b', 'c: line of c'])
    strictEqual(reportText(report()), 'no check looked at the candidate')
  })

  test('only the checks of its scope are made, and their longest time is known before', () => {
    const command: Check = {
      kind: 'command',
      name: 'smoke',
      scopes: ['candidate', 'environment'],
      timeoutMs: 1_000,
      retries: 2,
      retryDelayMs: 100,
      command: 'true',
    }
    const http: Check = {
      kind: 'http',
      name: 'home',
      scopes: ['candidate'],
      timeoutMs: 500,
      retries: 0,
      retryDelayMs: 100,
      request: { origin: null, method: 'GET', path: '/', headers: {}, body: null },
      expect: good,
    }
    const verify = [command, http]
    deepStrictEqual(checksOf({ verify }, 'environment'), [command])
    deepStrictEqual(checksOf({ verify }, 'candidate'), verify)
    deepStrictEqual(checksOf({}, 'candidate'), [])
  })

  test('an environment that listens everywhere is reached here', () => {
    const at = (host: string) => environmentTarget({ name: 'production', listen: { host, port: 80 } }).host
    deepStrictEqual(['0.0.0.0', '[::]', '[::1]', '10.0.0.1'].map(at), ['127.0.0.1', '::1', '::1', '10.0.0.1'])
  })
})
