/** Tokens of CI services: which are exchanged, and every way to forge one that is not. The issuer is a real server with real keys. */
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import type { WorkloadRule } from '../../src/core/identity/rules.ts'
import { type Answered, SmallApi } from '../http/small-api.ts'

const audience = 'https://sluice.example.com'
let server: Server
let issuer: string
let keys: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }
let small: SmallApi

before(async () => {
  keys = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    const isDiscovery = request.url === '/.well-known/openid-configuration'
    response.end(JSON.stringify(isDiscovery ? { issuer, jwks_uri: `${issuer}/keys` } : { keys: [jwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})

/** What a job of GitHub Actions says of itself, as far as it matters here. */
const claims = { repository_id: '74', repository_owner_id: '65', ref: 'refs/heads/main', repository: 'acme/shop' }

const rule = (parts: Partial<WorkloadRule> = {}): WorkloadRule => ({
  name: 'ci',
  issuer,
  audience,
  claims: { repository_id: '74', repository_owner_id: '65', ref: 'refs/heads/main' },
  grant: { role: 'deployer', environments: ['staging'] },
  lifetimeMs: 900_000,
  ...parts,
})

beforeEach(async () => {
  small = await SmallApi.start()
  await small.world.pass(86_400_000)
  small.rules = { ...small.rules, workloads: [rule()] }
})

let made = 0
type Forging = {
  readonly payload?: JWTPayload
  readonly key?: CryptoKey | Uint8Array
  readonly alg?: string
  readonly without?: readonly string[]
}

/** A token of the issuer, or one that is not quite. */
const assertion = async ({
  payload = {},
  key = keys.privateKey,
  alg = 'RS256',
  without = [],
}: Forging = {}): Promise<string> => {
  const now = Math.floor(small.world.now / 1_000)
  made += 1
  const whole: JWTPayload = {
    iss: issuer,
    aud: audience,
    sub: 'repo:acme@65/shop@74:ref:refs/heads/main',
    iat: now,
    nbf: now,
    exp: now + 300,
    jti: `once-${made}`,
    actor: 'ada',
    ...claims,
    ...payload,
  }
  for (const name of without) delete whole[name]
  return new SignJWT(whole).setProtectedHeader({ alg, kid: 'one' }).sign(key)
}

const exchange = (token: string): Promise<Answered> => small.ask(null, 'tokens.exchange', { body: { token } })

test('a job gets a short-lived token with the role of its rule, and the ledger says for whom', async () => {
  const { status, body } = await exchange(await assertion())
  strictEqual(status, 200)
  strictEqual(Number(body['expiresAt']) - small.world.now, 900_000)
  const token = String(body['token'])
  match(token, /^slu_wif_/)
  const may = async (environment: string): Promise<number> =>
    (await small.ask(token, 'environments.deploy', { params: { environment }, body: { release: 'none' } })).status
  deepStrictEqual([await may('staging'), await may('production')], [404, 403])
  const { status: locked } = await small.ask(token, 'environments.lock', {
    params: { environment: 'staging' },
    body: { reason: 'x' },
  })
  strictEqual(locked, 200)
  // A program, whatever its service calls who started it.
  deepStrictEqual(small.world.rows.findLast(({ type }) => type === 'locked')?.actor, {
    kind: 'system',
    name: 'workload:ci',
  })
  const issued = small.world.rows.findLast(({ type }) => type === 'token_issued')?.body as {
    subject: { workload: object }
  }
  const subject = 'repo:acme@65/shop@74:ref:refs/heads/main'
  deepStrictEqual(issued.subject.workload, { rule: 'ci', issuer, subject, startedBy: 'ada' })
  await small.world.pass(900_000)
  strictEqual((await small.ask(token, 'session.show')).name, 'token_stale')
})

test('what a job shows is good once, also after a restart', async () => {
  const token = await assertion()
  strictEqual((await exchange(token)).status, 200)
  strictEqual((await exchange(token)).name, 'sign_in_failed')
  await small.world.restart()
  strictEqual((await exchange(token)).name, 'sign_in_failed')
  const both = await assertion()
  const answers = await Promise.all([exchange(both), exchange(both)])
  strictEqual(answers.filter(({ status }) => status === 200).length, 1)
})

test('no forged, foreign, early, late or unlimited token is exchanged', async () => {
  const now = Math.floor(small.world.now / 1_000)
  const stranger = await generateKeyPair('RS256')
  const pem = await exportSPKI(keys.publicKey)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const [, payload = ''] = (await assertion()).split('.')
  const confused = `${part({ alg: 'HS256', typ: 'JWT' })}.${payload}`
  const [head = '', , signature = ''] = (await assertion()).split('.')
  const forged: Readonly<Record<string, string>> = {
    'signed by another key': await assertion({ key: stranger.privateKey }),
    'signed by nobody': `${part({ alg: 'none' })}.${payload}.`,
    'signed with the public key as a secret': `${confused}.${createHmac('sha256', pem).update(confused).digest('base64url')}`,
    'with claims put in place of those that were signed': `${head}.${part({ iss: issuer, aud: audience, ...claims })}.${signature}`,
    'made for somebody else': await assertion({ payload: { aud: 'https://other.example' } }),
    'made for nobody': await assertion({ without: ['aud'] }),
    'of another issuer': await assertion({ payload: { iss: 'https://evil.example' } }),
    'of no issuer': await assertion({ without: ['iss'] }),
    expired: await assertion({ payload: { exp: now - 61 } }),
    'that never expires': await assertion({ without: ['exp'] }),
    'for later': await assertion({ payload: { nbf: now + 120 } }),
    'issued long ago': await assertion({ payload: { iat: now - 3_600, exp: now + 3_600 } }),
    'issued at no time': await assertion({ without: ['iat'] }),
    'without a number of its own': await assertion({ without: ['jti'] }),
    'of nobody': await assertion({ without: ['sub'] }),
    'that is no token': 'x.y.z',
  }
  for (const [what, token] of Object.entries(forged)) {
    const { status, name } = await exchange(token)
    deepStrictEqual([status, name], [401, 'sign_in_failed'], what)
  }
  strictEqual(small.world.rows.filter(({ type }) => type === 'token_issued').length, 0)
})

test('every claim of the rule must be exactly what it says: numbers, not names', async () => {
  const others: readonly JWTPayload[] = [
    { repository_id: '75' },
    { repository_id: '740' },
    { repository_owner_id: '66' },
    { ref: 'refs/heads/main2' },
    { ref: 'refs/pull/1/merge' },
    { repository_id: ['74'] },
    { repository_id: { 74: true } },
  ]
  for (const payload of others) {
    const { status, body } = await exchange(await assertion({ payload }))
    strictEqual(status, 401, JSON.stringify(payload))
    match(String(body['detail']), /no rule lets this job in/)
  }
  strictEqual((await exchange(await assertion({ payload: { repository_id: 74 } }))).status, 200)
  strictEqual((await exchange(await assertion({ payload: { repository: 'evil/shop' } }))).status, 200)
})

test('of several rules that one counts whose audience and claims fit', async () => {
  const production = rule({
    name: 'production',
    audience: `${audience}/production`,
    grant: { role: 'admin', environments: null },
  })
  small.rules = { ...small.rules, workloads: [production, rule()] }
  const { body } = await exchange(await assertion())
  const { body: who } = await small.ask(String(body['token']), 'session.show')
  strictEqual(who['name'], 'workload:ci')
  small.rules = { ...small.rules, workloads: [] }
  strictEqual((await exchange(await assertion())).name, 'sign_in_failed')
})
