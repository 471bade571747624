/** Webhooks and configs, fuzzed: whatever is sent, nothing breaks, nothing hangs, and nothing starts that was not signed. */
import { ok, strictEqual } from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { parseConfig } from '../../src/core/config/parse.ts'
import { configShape } from '../../src/core/config/shape.ts'
import { SluiceError } from '../../src/core/errors.ts'
import type { SourceRules } from '../../src/core/source/rules.ts'
import { hookExamples } from '../http/hook-examples.ts'
import { SmallApi } from '../http/small-api.ts'
import { Prng } from '../sim/prng.ts'

const seed = Number(process.env['SLUICE_FUZZ_SEED'] ?? 1)
const requests = Number(process.env['SLUICE_FUZZ_REQUESTS'] ?? 20_000)
const configs = requests

const config = {
  service: 'shop',
  pipeline: {
    on: { branches: ['main'], pullRequests: ['main'] },
    jobs: {
      test: { steps: 'true', secrets: ['A'] },
      build: { needs: ['test'], steps: 'true', artifacts: { app: 'dist' } },
    },
  },
  start: { command: 'node server.js' },
  environments: { production: { listen: 8080, strategy: { kind: 'canary', steps: [{ share: '5%', bake: '1m' }] } } },
  source: {
    remote: '/srv/git/shop.git',
    github: { repository: 'Codertocat/Hello-World', webhookSecret: 'S' },
    gitlab: { project: 'mike/diaspora', webhookSecret: 'S' },
    push: { secret: 'S' },
    poll: { every: '1m' },
  },
}

const place = { file: 'sluice.config.ts', text: '', distance: (): number => 99, shape: configShape() }

const rulesOf = (): SourceRules => {
  const { source } = parseConfig(config, place)
  if (source === undefined) throw new Error('the config has a source')
  return source
}

const values: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1e308,
  2 ** 53,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '../../etc/passwd',
  '--upload-pack=x',
  'refs/heads/',
  'refs/heads/\n',
  '0'.repeat(40),
  'f'.repeat(64),
  'ext::sh -c x',
  '$(id)',
  'x'.repeat(10_000),
  [],
  {},
  [[[[]]]],
  { constructor: 1 },
  '9'.repeat(400),
  'refs/heads/a..b',
  '1e99d',
]

type Random = { readonly below: (bound: number) => number }

/** One place of a value changed: taken away, doubled, put in place of another, or named otherwise. */
const mutated = (value: unknown, random: Random): unknown => {
  if (random.below(6) === 0 || typeof value !== 'object' || value === null) return values[random.below(values.length)]
  if (Array.isArray(value)) {
    if (value.length === 0) return [values[random.below(values.length)]]
    const at = random.below(value.length)
    if (random.below(4) === 0) return [...value, ...value]
    return value.map((one: unknown, index) => (index === at ? mutated(one, random) : one))
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value)
  const chosen = entries[random.below(Math.max(1, entries.length))]
  if (chosen === undefined) return { [String(values[random.below(values.length)])]: 1 }
  const [name] = chosen
  const kind = random.below(5)
  if (kind === 0) return Object.fromEntries(entries.filter(([one]) => one !== name))
  if (kind === 1) return { ...value, ['__proto__']: chosen[1], [`${name}\u0000`]: chosen[1] }
  return Object.fromEntries(entries.map(([one, held]) => [one, one === name ? mutated(held, random) : held]))
}

const bytes = (random: Random, length: number): Uint8Array => Uint8Array.from({ length }, () => random.below(256))

/** Header values as HTTP lets through. */
const headerText = (random: Random): string =>
  Array.from({ length: random.below(60) }, () => String.fromCharCode(33 + random.below(94))).join('')

test(`webhooks, fuzzed with seed ${seed}: no error of ours, no wait, and nothing on record that was not signed`, async () => {
  const random = new Prng(seed)
  const small = await SmallApi.start()
  small.keys = { rules: rulesOf(), secrets: new Map([['S', 'the secret']]) }
  const payloads = hookExamples
    .filter(({ name }) => /^(?:push|pull_request|create|delete|ping)$/.test(name))
    .flatMap(({ name, examples: some }) => some.map((payload) => ({ name, payload })))
  const counts = new Map<number, number>()
  const known = small.world.rows.length
  let signedOnes = 0
  const began = performance.now()
  for (let index = 0; index < requests; index += 1) {
    const { name, payload } = payloads[random.below(payloads.length)] ?? { name: 'push', payload: {} }
    let changed: unknown = payload
    for (let times = random.below(4); times > 0; times -= 1) changed = mutated(changed, random)
    const isBytes = random.below(10) === 0
    const body = isBytes ? bytes(random, random.below(2_000)) : (JSON.stringify(changed) ?? '')
    const isSigned = index >= requests / 2
    const signature = `sha256=${createHmac('sha256', 'the secret').update(body).digest('hex')}`
    const path = ['github', 'gitlab', 'push'][random.below(3)] ?? 'github'
    const headers: Record<string, string> = { 'x-github-event': random.below(5) === 0 ? headerText(random) : name }
    if (isSigned) Object.assign(headers, { 'x-hub-signature-256': signature, 'x-gitlab-token': 'the secret' })
    else if (random.below(2) === 0)
      headers['x-hub-signature-256'] = random.below(2) === 0 ? headerText(random) : signature.slice(0, -1)
    for (const extra of [
      'x-gitlab-token',
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
      'content-type',
      'x-github-delivery',
    ])
      if (random.below(6) === 0 && !(isSigned && extra === 'x-gitlab-token')) headers[extra] = headerText(random)
    const response = await small.fetch(`/hooks/${path}`, { method: 'POST', body, headers })
    await response.arrayBuffer()
    counts.set(response.status, (counts.get(response.status) ?? 0) + 1)
    ok([202, 400, 401].includes(response.status), `request ${index}: ${response.status}`)
    if (!isSigned) {
      strictEqual(response.status, 401, `request ${index}`)
      strictEqual(small.world.rows.length, known, `request ${index} is on record`)
    } else if (response.status === 202) signedOnes += 1
  }
  const took = performance.now() - began
  ok(signedOnes > requests / 20 && (counts.get(400) ?? 0) > requests / 50, JSON.stringify([...counts]))
  ok(took / requests < 20, `${(took / requests).toFixed(1)} ms a request`)
  // What was signed is on record, and starts nothing: no commit was fetched.
  strictEqual((await small.world.engine.reading.runs({})).items.length, 0)
  ok(
    small.logged.every((line) => !line.startsWith('request_failed')),
    small.logged.find((line) => line.startsWith('request_failed')),
  )
})

test(`configs, fuzzed with seed ${seed}: each is read or refused in words, soon`, () => {
  const random = new Prng(seed)
  let [read, refused] = [0, 0]
  for (let index = 0; index < configs; index += 1) {
    let changed: unknown = config
    for (let times = 1 + random.below(3); times > 0; times -= 1) changed = mutated(changed, random)
    const began = performance.now()
    try {
      parseConfig(changed, place)
      read += 1
    } catch (error) {
      ok(error instanceof SluiceError, `config ${index}: ${String(error)}`)
      ok(['config_invalid', 'needs_cycle'].includes(error.code), `config ${index}: ${error.code}`)
      refused += 1
    }
    ok(performance.now() - began < 10_000, `config ${index} took long`)
  }
  ok(read > 0 && refused > configs / 2, `${read} read, ${refused} refused`)
})
