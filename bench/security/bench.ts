/**
 * `npm run bench:security [-- --quick] [--json]`: requests made from the API's own OpenAPI document, as somebody with every role, as somebody with none, and as nobody, against a real engine. None may be answered
 * with a server error, none may hang, and no answer may hold a secret, however it is encoded: a password, tokens, and the value of a secret that is kept. Beside them, routes that no permission guards.
 */
import { randomBytes } from 'node:crypto'
import { paths } from '../../packages/sluice/src/http/client/paths.ts'
import { openApi } from '../../packages/sluice/src/http/openapi.ts'
import { routes } from '../../packages/sluice/src/http/routes/table.ts'
import { rootToken, SmallApi } from '../../packages/sluice/test/http/small-api.ts'
import { describeMachine } from '../lib/machine.ts'
import { progress, report } from '../lib/report.ts'
import { atLeast, atMost, judge, readOptions } from '../lib/targets.ts'
import { createFuzzer, drawFrom, type FuzzedRequest } from './requests.ts'
import { formsOf } from './secrets.ts'

const { quick, json } = readOptions(process.argv.slice(2))
const machine = describeMachine()
const seed = Number(process.env['SLUICE_SEED'] ?? 1)
const wanted = quick ? 5_000 : 100_000
/** How long one answer may take, milliseconds. */
const answerMs = 5_000
/** Requests to one world: then another begins, so that what they lock and freeze does not decide what the next ones meet. */
const perWorld = 2_500

/** Errors that say that the world is not there: what of the machine a small world has not. */
const isAbsence = (text: string): boolean =>
  text.includes('not part of this world') || text.includes('no config in this world')

type Found = { readonly errors: string[]; readonly leaks: string[]; readonly statuses: Map<number, number> }
const found: Found = { errors: [], leaks: [], statuses: new Map() }

const small = { requests: 0 }
for (let world = 0; small.requests < wanted; world += 1) await fuzz(seed + world)

async function fuzz(worldSeed: number): Promise<void> {
  const draw = drawFrom(worldSeed)
  const api = await SmallApi.start()
  const password = randomBytes(18).toString('base64url')
  await api.ask(rootToken, 'people.add', { body: { name: 'canary', password } })
  const value = randomBytes(24).toString('base64url')
  const kept = await api.ask(rootToken, 'secrets.set', { params: { secret: 'CANARY' }, body: { value } })
  if (kept.status !== 200) throw new Error(`the canary is not kept: ${JSON.stringify(kept.body)}`)
  const makers = {
    admin: () => api.service('canary', [{ role: 'admin' }]),
    viewer: () => api.service('viewer', [{ role: 'viewer', environments: ['staging'] }]),
  }
  const tokens = { admin: await makers.admin(), viewer: await makers.viewer() }
  const secrets = [password, value, tokens.admin, tokens.viewer, rootToken].flatMap(formsOf)
  const next = createFuzzer(openApi('1.2.3'), draw)
  for (let count = 0; count < perWorld && small.requests < wanted; count += 1) {
    const asker = (['owner', 'admin', 'viewer', 'owner', 'admin', 'nobody'] as const)[draw(6)] ?? 'nobody'
    const token = asker === 'owner' ? rootToken : asker === 'nobody' ? null : tokens[asker]
    const request = next()
    small.requests += 1
    const answer = await send(api, request, token)
    if (answer.status === 401 && (asker === 'admin' || asker === 'viewer')) {
      // It has signed itself out, or was revoked by another of these requests.
      tokens[asker] = await makers[asker]()
      secrets.push(...formsOf(tokens[asker]))
    }
    found.statuses.set(answer.status, (found.statuses.get(answer.status) ?? 0) + 1)
    const told = `${request.method} ${request.path.slice(0, 200)} ${request.body?.slice(0, 300) ?? ''} (seed ${worldSeed}, request ${count})`
    const logged = api.logged.splice(0).join('\n')
    if (
      answer.status === 0 ||
      (answer.status >= 500 && answer.status !== 503 && answer.status !== 504 && !isAbsence(logged))
    )
      found.errors.push(`${answer.status} ${told}: ${answer.text.slice(0, 300)} ${logged.slice(0, 600)}`)
    if (secrets.some((secret) => answer.text.includes(secret) || logged.includes(secret))) found.leaks.push(told)
  }
  const ledger = JSON.stringify(api.world.rows)
  for (const secret of secrets) if (ledger.includes(secret)) found.leaks.push(`the ledger of seed ${worldSeed}`)
  api.closing.abort()
  await api.world.engine.stop().catch(() => {})
  progress(`${small.requests} requests, ${found.errors.length} errors, ${found.leaks.length} leaks`)
}

/** Status 0: no answer in time. Streams are read to their first piece. */
async function send(
  api: SmallApi,
  request: FuzzedRequest,
  token: string | null,
): Promise<{ readonly status: number; readonly text: string }> {
  const headers = { ...request.headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) }
  const init = { method: request.method, headers, ...(request.body === null ? {} : { body: request.body }) }
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), answerMs).unref())
  const answered = await Promise.race([answerOf(api, request.path, init), late])
  return answered ?? { status: 0, text: 'no answer' }
}

async function answerOf(
  api: SmallApi,
  path: string,
  init: RequestInit,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await api.fetch(path, init)
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true)
    return { status: response.status, text: await response.text() }
  const reader = response.body?.getReader()
  const { value } = (await reader?.read()) ?? {}
  await reader?.cancel()
  return { status: response.status, text: new TextDecoder().decode(value) }
}

const signingIn = ['session.start', 'session.ways', 'session.redeem', 'tokens.exchange']
// Hooks are let in by their signatures alone, each by its own: `hooks.test.ts`.
const signed = ['hooks.github', 'hooks.gitlab', 'hooks.push']
const open = new Set([...signingIn, ...signed, 'health.liveness', 'health.readiness', 'health.startup'])
const unmapped = Object.keys(paths).filter((id) => {
  const needs = (routes as Readonly<Record<string, { readonly needs?: unknown }>>)[id]?.needs
  return needs === undefined || (needs === 'open' && !open.has(id))
})

const { figures, missed, exitCode } = judge(
  [
    atLeast({ name: 'security.fuzzedRequests', value: small.requests, unit: 'requests' }, wanted),
    atMost({ name: 'security.serverErrors', value: found.errors.length, unit: 'answers' }, 0),
    atMost({ name: 'security.leaks', value: found.leaks.length, unit: 'answers, logs or ledgers' }, 0),
    atMost({ name: 'security.unmappedRoutes', value: unmapped.length, unit: 'routes' }, 0),
  ],
  { quick },
)
const statuses = [...found.statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
report({
  command: 'bench:security',
  machine,
  figures,
  json,
  notes: [
    `answers by status: ${statuses.join(', ')}; a seed is replayed by SLUICE_SEED=${seed}`,
    'what needs a repository, a runner or a config is not in this world: such requests end with an error that says so, and are not counted',
    ...[...new Set(found.errors)].slice(0, 10).map((one) => `ERROR: ${one}`),
    ...found.leaks.slice(0, 10).map((one) => `LEAK: ${one}`),
    ...unmapped.map((id) => `UNMAPPED: ${id}`),
    ...missed,
  ],
})
process.exitCode = exitCode
