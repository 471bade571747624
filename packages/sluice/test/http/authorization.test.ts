/**
 * Who may ask for what: every route, for every role, where the role counts and where it does not. What is expected stands here in words of its own and is not made from the tables under test; a new
 * route fails until somebody says here who may.
 */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { before, test } from 'node:test'
import { roles, type Role } from '../../src/core/identity/permissions.ts'
import { paths, type RouteId } from '../../src/http/client/paths.ts'
import { routes } from '../../src/http/routes/table.ts'
import { rootToken, type Sent, SmallApi } from './small-api.ts'

/** Letters of the roles that may, the least powerful first: viewer, developer, approver, deployer, admin (`x`). `-` nobody but the owner, `*` whoever has signed in, `open` anybody. */
const matrix: Readonly<Record<RouteId, string>> = {
  'server.show': 'vdapx',
  'metrics.show': 'vdapx',
  'environments.list': 'vdapx',
  'environments.show': 'vdapx',
  'environments.plan': 'vdapx',
  'environments.deploy': 'px',
  'environments.promote': 'px',
  'environments.rollback': 'apx',
  'environments.approve': 'ax',
  'environments.reject': 'ax',
  'environments.breakGlass': 'x',
  'environments.reviewGlass': 'ax',
  'environments.lock': 'px',
  'environments.unlock': 'px',
  'environments.freeze': 'px',
  'environments.unfreeze': 'px',
  'environments.maintain': 'px',
  'environments.endMaintenance': 'px',
  'environments.queue': 'vdapx',
  'environments.dequeue': 'px',
  'environments.verify': 'px',
  'releases.list': 'vdapx',
  'releases.show': 'vdapx',
  'releases.verify': 'vdapx',
  'releases.hold': 'px',
  'releases.unhold': 'px',
  'runs.list': 'vdapx',
  'runs.start': 'dpx',
  'runs.show': 'vdapx',
  'runs.evidence': 'vdapx',
  'runs.attachments': 'vdapx',
  'runs.attachment': 'vdapx',
  'runs.logs': 'vdapx',
  'runs.play': 'dpx',
  'runs.cancel': 'dpx',
  'runs.insights': 'vdapx',
  'rollouts.list': 'vdapx',
  'rollouts.show': 'vdapx',
  'rollouts.why': 'vdapx',
  'rollouts.command': 'dapx',
  'rollouts.approve': 'ax',
  'rollouts.reject': 'ax',
  'approvals.list': 'vdapx',
  'line.show': 'vdapx',
  'line.stop': 'dapx',
  'line.resume': 'px',
  'changes.list': 'vdapx',
  'changes.show': 'vdapx',
  'incidents.list': 'vdapx',
  'incidents.show': 'vdapx',
  'incidents.open': 'dapx',
  'incidents.resolve': 'dapx',
  'drills.list': 'vdapx',
  'drills.show': 'vdapx',
  'drills.start': 'px',
  'trains.list': 'vdapx',
  'trains.start': 'px',
  'trains.show': 'vdapx',
  'trains.command': 'apx',
  'notifications.list': 'vdapx',
  'notifications.show': 'vdapx',
  'notifications.retry': 'px',
  'notifications.retryAll': 'px',
  'notifications.discard': 'px',
  'notifications.channels': 'vdapx',
  'notifications.test': 'px',
  'notifications.why': 'vdapx',
  'source.show': 'vdapx',
  'arrivals.list': 'vdapx',
  'arrivals.show': 'vdapx',
  'arrivals.receive': 'dpx',
  'arrivals.redeliver': 'dpx',
  // By their signatures alone: see hooks.test.ts.
  'hooks.github': 'open',
  'hooks.gitlab': 'open',
  'hooks.push': 'open',
  'secrets.list': 'vdapx',
  'secrets.set': 'x',
  'secrets.remove': 'x',
  'ledger.page': 'vdapx',
  'ledger.verify': 'vdapx',
  'ledger.export': 'vdapx',
  'ledger.checkpoint': 'vdapx',
  'ledger.inclusion': 'vdapx',
  'ledger.consistency': 'vdapx',
  'ledger.prune': 'x',
  'dora.show': 'vdapx',
  'report.compliance': 'vdapx',
  'events.stream': 'vdapx',
  'session.show': '*',
  'session.start': 'open',
  'session.ways': 'open',
  'session.ticket': '*',
  'session.redeem': 'open',
  'session.end': '*',
  'sessions.list': '*',
  'sessions.end': '*',
  'tokens.list': '*',
  'tokens.create': '*',
  'tokens.exchange': 'open',
  'tokens.revoke': '*',
  'people.list': 'vdapx',
  'people.add': 'x',
  'people.remove': 'x',
  'people.grant': 'x',
  'people.revoke': 'x',
  'people.password': '*',
  'health.liveness': 'open',
  'health.readiness': 'open',
  'health.startup': 'open',
}

const letters: Readonly<Record<Role, string>> = {
  viewer: 'v',
  developer: 'd',
  approver: 'a',
  deployer: 'p',
  admin: 'x',
}

/** What counts for the whole service, wherever it was granted: looking, planning, running. */
const isAnywhere = (id: RouteId): boolean => /v|^dpx$/.test(matrix[id])

/** Routes that are of no environment, so that changing something by them takes the role in all of them. */
const isOfService = (id: RouteId): boolean => /^(releases|people|secrets|ledger|line|notifications)\./.test(id)

/** A request of each route that is well-formed and comes to nothing: what it names is not there, or it is turned down. */
const sent = (id: RouteId, environment: string, live: Readonly<Record<string, string>>): Sent => {
  const names = [...paths[id].path.matchAll(/:(\w+)/g)].map(([, name]) => String(name))
  const params = Object.fromEntries(
    names.map((name) => [name, name === 'environment' ? environment : (live[name] ?? 'none')]),
  )
  return {
    params: id === 'people.grant' || id === 'people.revoke' ? { ...params, role: 'viewer' } : params,
    ...bodies(environment)[id],
  }
}

const bodies = (environment: string): Partial<Readonly<Record<RouteId, Sent>>> => ({
  'environments.approve': { body: { release: 'none' } },
  'environments.reject': { body: { release: 'none', reason: 'x' } },
  'environments.breakGlass': { body: { release: 'none', reason: 'x' } },
  'environments.reviewGlass': { body: { reason: 'x' } },
  'line.stop': { body: { reason: 'x', underway: 'finish' } },
  'rollouts.reject': { body: { reason: 'x' } },
  'environments.deploy': { body: { release: 'none' } },
  'ledger.prune': { body: { before: 1, reason: 'x' } },
  'secrets.set': { body: { value: 'x' } },
  'notifications.test': { body: { channel: 'none' } },
  'notifications.why': { query: { subject: 'none' } },
  'ledger.inclusion': { query: { seq: 1 } },
  'ledger.consistency': { query: { from: 1 } },
  'environments.promote': { body: { release: 'none' } },
  'environments.rollback': { body: { release: 'none' } },
  'environments.lock': { body: { reason: 'x' } },
  'environments.freeze': { body: { reason: 'x', until: 1 } },
  'environments.maintain': { body: { reason: 'x' } },
  'releases.hold': { body: { reason: 'x' } },
  'runs.attachment': { query: { path: 'x' } },
  'runs.start': { body: { ref: 'none' } },
  'runs.play': { body: { job: 'none' } },
  'arrivals.receive': { body: { id: 'none', refs: [{ ref: 'none' }] } },
  'rollouts.command': { body: { command: 'pause' } },
  'incidents.open': { body: { environment, title: 'x' } },
  'trains.start': { body: { members: [{ service: 'shop', environment }] } },
  'trains.command': { body: { command: 'abort' } },
  'session.start': { body: { name: 'nobody', password: 'x' } },
  'session.redeem': { body: { code: 'x', verifier: 'x'.repeat(43) } },
  'tokens.create': { body: { label: 'x' } },
  'tokens.exchange': { body: { token: 'x' } },
  'people.add': { body: { name: 'NOBODY' } },
  'people.password': { body: { password: 'long enough, and wrong' } },
})

const ids = Object.keys(paths).filter((id): id is RouteId => Object.hasOwn(paths, id))

let small: SmallApi
/** Tokens by role: everywhere, and in staging alone. */
const everywhere = new Map<Role, string>()
const inStaging = new Map<Role, string>()
/** Things of each environment that routes name by their id. */
const live: Record<string, Record<string, string>> = { staging: {}, production: {} }

before(async () => {
  small = await SmallApi.start()
  for (const role of roles) {
    everywhere.set(role, await small.service(`${role}s`, [{ role }]))
    inStaging.set(role, await small.service(`${role}s-staging`, [{ role, environments: ['staging'] }]))
  }
  for (const environment of ['staging', 'production']) {
    const { body } = await small.ask(rootToken, 'incidents.open', { body: { environment, title: 'x' } })
    const started = await small.ask(rootToken, 'environments.deploy', {
      params: { environment },
      body: { release: 'latest' },
    })
    const train = await small.ask(rootToken, 'trains.start', {
      body: { members: [{ service: 'shop', environment, release: 'latest' }] },
    })
    live[environment] = {
      incident: String(body['id']),
      rollout: String(started.body['rollout']),
      train: String(train.body['train']),
    }
  }
})

/** Whether a request was let in: it may have failed for any other reason. Streams are not waited for. */
const isLetIn = async (token: string | null, id: RouteId, environment: string): Promise<boolean> => {
  if (id === 'events.stream' || id === 'ledger.export') {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` }
    const { status, body } = await small.fetch(paths[id].path, { headers })
    await body?.cancel()
    return status !== 401 && status !== 403
  }
  const { status, name } = await small.ask(token, id, sent(id, environment, live[environment] ?? {}))
  // `people.password` of somebody else is refused by its handler, to whoever is no admin; a ticket to whoever is no person.
  if ((id === 'people.password' || id === 'session.ticket') && name === 'forbidden') return true
  if (name === 'sign_in_failed' || name === 'hook_refused') return true
  ok(status !== 500 || name !== null, id)
  return status !== 401 && status !== 403
}

test('every route has a row in the matrix, and says in its table who may', () => {
  deepStrictEqual(Object.keys(matrix).toSorted(), ids.toSorted())
  for (const id of ids) ok(routes[id].needs, id)
})

test('nothing is let in without a token but what is open, nor with a wrong one', async () => {
  const forged = `slu_pat_${'0'.repeat(19)}_${'A'.repeat(43)}_00000000`
  for (const id of ids) {
    strictEqual(await isLetIn(null, id, 'staging'), matrix[id] === 'open', id)
    for (const token of ['x'.repeat(43), forged])
      strictEqual(await isLetIn(token, id, 'staging'), matrix[id] === 'open', id)
  }
})

test('a role that counts everywhere lets in to what it may in each environment, and to nothing else', async () => {
  for (const role of roles)
    for (const environment of ['staging', 'production'])
      for (const id of ids.filter((one) => one !== 'session.end')) {
        const expected = /^(open|\*)$/.test(matrix[id]) || matrix[id].includes(letters[role])
        strictEqual(
          await isLetIn(everywhere.get(role) ?? '', id, environment),
          expected,
          `${role}, ${id}, ${environment}`,
        )
      }
})

test('a role in one environment counts there, and elsewhere for looking, planning and running alone', async () => {
  for (const role of roles)
    for (const environment of ['staging', 'production'])
      for (const id of ids.filter((one) => one !== 'session.end')) {
        // A drill, a run or a token that is not there is of no environment.
        const mayThere =
          matrix[id].includes(letters[role]) && (isAnywhere(id) || (environment === 'staging' && !isOfService(id)))
        const expected = /^(open|\*)$/.test(matrix[id]) || mayThere
        strictEqual(
          await isLetIn(inStaging.get(role) ?? '', id, environment),
          expected,
          `${role}, ${id}, ${environment}`,
        )
      }
})

test('each command of a rollout asks for what it does', async () => {
  const { rollout = '' } = live['production'] ?? {}
  const may = async (role: Role, command: string): Promise<boolean> =>
    (await small.ask(everywhere.get(role) ?? '', 'rollouts.command', { params: { rollout }, body: { command } }))
      .status !== 403
  const expected: Readonly<Record<string, string>> = {
    pause: 'dapx',
    resume: 'px',
    retry: 'px',
    skip: 'px',
    promote: 'px',
    abort: 'apx',
  }
  for (const [command, who] of Object.entries(expected))
    for (const role of roles) strictEqual(await may(role, command), who.includes(letters[role]), `${role} ${command}`)
})

test('a release goes on over a refusal by an admin alone', async () => {
  const body = { release: 'none', overrides: ['held'] }
  for (const role of roles) {
    const { status } = await small.ask(everywhere.get(role) ?? '', 'environments.deploy', {
      params: { environment: 'staging' },
      body,
    })
    strictEqual(status === 403, role !== 'admin', role)
  }
})

test('a refusal says who is refused what, and who may', async () => {
  const token = inStaging.get('deployer') ?? ''
  const { status, body } = await small.ask(token, 'environments.deploy', { params: { environment: 'production' } })
  strictEqual(status, 403)
  strictEqual(body['name'], 'forbidden')
  strictEqual(
    body['detail'],
    'token:deployers-staging may not deploy in production; that takes deployer or admin there',
  )
})
