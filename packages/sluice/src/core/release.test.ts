import { deepStrictEqual, notStrictEqual, strictEqual, throws } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { GateVerdict } from './evidence/gates/types.ts'
import fc from 'fast-check'
import { canonicalJson } from './canonical-json.ts'
import { SluiceError } from './errors.ts'
import { type Artifact, commitId, digest, runId } from './model.ts'
import { cutRelease, isIntact, type ReleaseDraft } from './release.ts'
import { absentRelease, releaseMachine } from './release-machine.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const artifact = (name: string, fill = 'b'): Artifact => ({
  name,
  digest: digest(`sha256:${fill.repeat(64)}`),
  bytes: 10,
})
const draft: ReleaseDraft = {
  schema: 1,
  service: 'shop',
  version: '1.0.0+aaaaaaa',
  commit: { id: commitId('a'.repeat(40)), subject: 'über', author: 'ada', committedAt: 1 },
  start: { command: 'node server.js', artifact: 'app' },
  environments: [],
  migrations: [],
}
const run = runId('run_1')

test('canonical JSON sorts members by UTF-16 code units, as in the example of RFC 8785, section 3.2.3', () => {
  const value = {
    '€': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '😀': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    ö: 'Latin Small Letter O With Diaeresis',
  }
  const order = [
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]
  deepStrictEqual(Object.values(JSON.parse(canonicalJson([value]))[0]).length, order.length)
  deepStrictEqual(
    [...canonicalJson(value).matchAll(/:"([^"]*(?:: Grinning Face)?)"/g)].map(([, text]) => text),
    order,
  )
})

test('canonical JSON writes literals, numbers and strings as the example of RFC 8785, section 3.2.2', () => {
  const value = {
    numbers: [333_333_333.333_333_3, 1e30, 4.5, 2e-3, 1e-27],
    string: '€$\u000f\nA\'B"\\\\"/',
    literals: [null, true, false],
  }
  strictEqual(
    canonicalJson(value),
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  )
})

test('canonical JSON refuses what is not JSON', () => {
  for (const value of [undefined, Number.NaN, { a: undefined }, [() => 1], '\ud800', 1n])
    throws(() => canonicalJson(value), /bug: canonical JSON/)
})

test('canonical JSON is JSON, and the same text for whatever order members came in', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value)
      deepStrictEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
      strictEqual(canonicalJson(reversed(value)), text)
    }),
  )
})

test('the same content is the same release, whatever the order of keys and artifacts, whoever cuts it and when', () => {
  const one = cutRelease({ draft, artifacts: [artifact('app'), artifact('docs')], run, at: 1 }, sha256)
  const other = cutRelease(
    {
      draft: { ...draft, ...reversedKeys(draft) },
      artifacts: [artifact('docs'), artifact('app')],
      run: runId('run_2'),
      at: 2,
    },
    sha256,
  )
  strictEqual(one.id, other.id)
  strictEqual(one.id, 'rel_94c96ef60f0cba9cd8da560b0829dc5025b90b6a6f49a8c2e199a307a39bbdeb')
})

test('any other content is another release', () => {
  const one = cutRelease({ draft, artifacts: [artifact('app')], run, at: 1 }, sha256)
  notStrictEqual(cutRelease({ draft, artifacts: [artifact('app', 'c')], run, at: 1 }, sha256).id, one.id)
  notStrictEqual(
    cutRelease({ draft: { ...draft, version: '1.0.1' }, artifacts: [artifact('app')], run, at: 1 }, sha256).id,
    one.id,
  )
})

test('a release that passed only by an excuse is another one than one that needed none', () => {
  const verdict: Omit<GateVerdict, 'status'> = {
    gate: 'tests',
    kind: 'tests',
    unit: 'tests',
    sentence: '2 tests ran',
    measured: 0,
    threshold: 0,
    bound: 'at_most',
    base: null,
    details: [],
    detailsTotal: 0,
    evidence: null,
    reports: [],
  }
  const cut = { draft, artifacts: [artifact('app')], run, at: 1 }
  const passed = cutRelease({ ...cut, gates: [{ ...verdict, status: 'pass' }] }, sha256)
  const waived = cutRelease({ ...cut, gates: [{ ...verdict, status: 'waived' }] }, sha256)
  deepStrictEqual(passed.content.gates, [{ gate: 'tests', status: 'pass' }])
  notStrictEqual(waived.id, passed.id)
  // Numbers differ from run to run; the content is the same.
  strictEqual(cutRelease({ ...cut, gates: [{ ...verdict, status: 'pass', measured: 1 }] }, sha256).id, passed.id)
  throws(() => cutRelease({ ...cut, gates: [{ ...verdict, status: 'fail' }] }, sha256), /gate tests let the run pass/)
})

test('a release that was changed after it was cut is not intact', () => {
  const release = cutRelease({ draft, artifacts: [artifact('app')], run, at: 1 }, sha256)
  strictEqual(isIntact(release, sha256), true)
  strictEqual(isIntact({ ...release, content: { ...release.content, version: '6.6.6' } }, sha256), false)
})

test('a run that did not make the artifact that is started cuts no release', () => {
  throws(
    () => cutRelease({ draft, artifacts: [artifact('docs')], run, at: 1 }, sha256),
    (error) =>
      error instanceof SluiceError &&
      error.code === 'artifact_missing' &&
      error.detail.includes('"app"') &&
      error.detail.includes('"docs"'),
  )
})

test('the same content cut again leaves the release as it was first cut', () => {
  const first = cutRelease({ draft, artifacts: [artifact('app')], run, at: 1 }, sha256)
  const cut = releaseMachine.decide(absentRelease, { type: 'release_cut', at: 1, release: first }).state
  const again = releaseMachine.decide(cut, { type: 'release_cut', at: 2, release: { ...first, cutAt: 2 } })
  deepStrictEqual(cut, { status: 'cut', release: first })
  strictEqual(again.state, cut)
})

const reversedKeys = (value: object): object => Object.fromEntries(Object.entries(value).toReversed())

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reversed(inner)]),
  )
}
