/** Writes of people, tokens and sessions that are asked again under their idempotency key: done once, answered again, and nothing secret kept for it. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { openSqliteStore } from '../../src/adapters/store/sqlite/store.ts'
import { parseToken } from '../../src/core/identity/token-text.ts'
import { SluiceError } from '../../src/core/errors.ts'
import type { RouteId } from '../../src/http/client/paths.ts'
import type { Store } from '../../src/ports/store.ts'
import { temporaryDirectory } from '../store/directory.ts'
import { type Answered, rootToken, type Sent, SmallApi } from './small-api.ts'

const password = 'the password of ada'

const asked = (small: SmallApi, key: string, id: RouteId, sent: Sent): Promise<Answered> =>
  small.ask(rootToken, id, { ...sent, headers: { 'idempotency-key': key } })

const signIn = async (small: SmallApi, words: string): Promise<number> =>
  (await small.ask(null, 'session.start', { body: { name: 'ada', password: words } })).status

test('each write is done once under its key, answered again as before, and another request under it is refused', async () => {
  const small = await SmallApi.start()
  const eve = await small.person('eve')
  const session = String((await small.ask(eve, 'session.show')).body['id'])
  const made = await small.ask(eve, 'tokens.create', { body: { label: 'laptop' } })
  const [ada, role] = [{ person: 'ada' }, { person: 'ada', role: 'deployer' }]
  const grant = { role: 'viewer', environments: ['staging'] }
  // Of each: the request, and another one of the same route.
  const cases: readonly (readonly [RouteId, Sent, Sent])[] = [
    [
      'people.add',
      { body: { name: 'ada', password, grant } },
      { body: { name: 'ada', password: `${password}!`, grant } },
    ],
    ['people.grant', { params: role, body: { environments: ['staging'] } }, { params: role }],
    ['people.revoke', { params: role }, { params: { ...ada, role: 'viewer' } }],
    ['people.password', { params: ada, body: { password: `new ${password}` } }, { params: ada, body: { password } }],
    [
      'tokens.revoke',
      { params: { token: String(made.body['id']) } },
      { params: { token: String(made.body['id']) }, body: { reason: 'x' } },
    ],
    ['sessions.end', { params: { session } }, { params: { session }, body: { reason: 'x' } }],
    ['people.remove', { params: ada }, { params: { person: 'eve' } }],
  ]
  const answers = new Map<RouteId, Answered>()
  for (const [id, request, other] of cases) {
    const rows = small.world.rows.length
    const first = await asked(small, id, id, request)
    answers.set(id, first)
    strictEqual(first.status, 200, `${id}: ${JSON.stringify(first.body)}`)
    const written = small.world.rows.length
    ok(written > rows, id)
    deepStrictEqual(await asked(small, id, id, request), first, id)
    const refused = await asked(small, id, id, other)
    deepStrictEqual([refused.status, refused.name], [409, 'command_conflict'], id)
    match(String(refused.body['detail']), /^the idempotency key \S+ was used for another request$/, id)
    strictEqual(small.world.rows.length, written, `${id} wrote again`)
  }
  // What comes late, and again after a restart, undoes nothing of what was done since.
  await small.person('ada')
  await small.world.restart()
  const rows = small.world.rows.length
  for (const [id, request] of cases) deepStrictEqual(await asked(small, id, id, request), answers.get(id), id)
  strictEqual(small.world.rows.length, rows)
  strictEqual(await signIn(small, password), 200)
})

test('a token that is asked for again is not made again: the refusal names it, and says where its value went', async () => {
  const small = await SmallApi.start()
  const request = { body: { label: 'ci', kind: 'service', scope: [{ role: 'viewer' }] } }
  const first = await asked(small, 'k', 'tokens.create', request)
  const value = String(first.body['token'])
  const again = await asked(small, 'k', 'tokens.create', request)
  deepStrictEqual([again.status, again.name], [409, 'command_conflict'])
  match(
    String(again.body['detail']),
    new RegExp(`^this request made token ${String(first.body['id'])}; .* cannot be shown again$`),
  )
  match(String(again.body['hint']), /^sluice token revoke tok_/)
  match(
    String((await asked(small, 'k', 'tokens.create', { body: { ...request.body, label: 'other' } })).body['detail']),
    /the idempotency key k was used for another request/,
  )
  strictEqual((await small.ask(value, 'session.show')).status, 200)
  const atOnce = await Promise.all([1, 2, 3].map(() => asked(small, 'k-2', 'tokens.create', request)))
  deepStrictEqual(atOnce.map(({ status }) => status).toSorted(), [200, 409, 409])
  strictEqual(small.world.rows.filter(({ type }) => type === 'token_issued').length, 2)
  // What is kept of the requests holds no value, nor a password in a form that is quick to try.
  await asked(small, 'k', 'people.add', { body: { name: 'grace', password } }).then(({ status }) =>
    strictEqual(status, 409),
  )
  strictEqual((await asked(small, 'k-3', 'people.add', { body: { name: 'grace', password } })).status, 200)
  const store = small.world.disk.open()
  const kept = await Promise.all(['k', 'k-2', 'k-3'].map((key) => store.request(`root:token ${key}`)))
  ok(kept.every((one) => one !== null))
  const secrets = [value, password, ...atOnce.map(({ body }) => body['token'])].filter((one) => one !== undefined)
  for (const secret of secrets.map(String)) {
    const bare = parseToken(secret)?.secret ?? secret
    for (const form of [bare, small.context.sha256(bare)]) ok(!JSON.stringify(kept).includes(form))
  }
  const words = { name: 'addPerson', person: 'grace', grant: null, password, reason: null }
  ok(!JSON.stringify(kept).includes(small.context.sha256(JSON.stringify(words))))
})

/** How the next commit ends: the control plane dies before it is written, or after that and before anybody is told. */
type Death = 'before' | 'after' | null

/** The real store, which dies as it is told, and then answers nothing any more. */
const mortal = (store: Store, next: { death: Death }): Store => {
  let closed: Promise<void> | null = null
  let isDead = false
  const died = (): SluiceError => new SluiceError('store_failed', { detail: 'the control plane died' })
  const own: Partial<Store> = {
    commit: async (commit) => {
      const { death } = next
      next.death = null
      if (death !== 'before') {
        const rows = await store.commit(commit)
        if (death === null) return rows
      }
      isDead = true
      throw died()
    },
    close: () => (closed ??= store.close()),
  }
  return new Proxy(store, {
    get: (target, name) => {
      if (isDead && name !== 'close') return () => Promise.reject(died())
      const value: unknown = Reflect.get(own, name) ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

test('a control plane that dies between the write and the answer has done it once, and one that dies before it not at all', async (context) => {
  const directory = await temporaryDirectory()
  const next: { death: Death } = { death: null }
  const open = async (): Promise<Store> => mortal(await openSqliteStore({ directory, ballastBytes: 65_536 }), next)
  let store = await open()
  const small = new SmallApi({
    get store() {
      return store
    },
  })
  const bootAgain = async (): Promise<void> => {
    await small.world.engine.stop()
    store = await open()
    await small.world.restart()
  }
  context.after(async () => {
    await small.world.engine.stop()
    await rm(directory, { recursive: true })
  })
  await small.world.engine.start()
  const said = async (): Promise<readonly string[]> =>
    (await small.world.engine.ledger({ after: 0, limit: 100 })).map(({ type }) => type)
  const person = { body: { name: 'ada', password, grant: { role: 'viewer' } } }
  const token = { body: { label: 'ci', kind: 'service', scope: [{ role: 'viewer' }] } }
  const whole = ['person_added', 'password_set', 'role_granted']
  next.death = 'before'
  strictEqual((await asked(small, 'p', 'people.add', person)).name, 'store_failed')
  await bootAgain()
  // Not the half of it.
  deepStrictEqual(await said(), [])
  strictEqual(await signIn(small, password), 401)
  next.death = 'after'
  strictEqual((await asked(small, 'p', 'people.add', person)).name, 'store_failed')
  await bootAgain()
  const answered = await asked(small, 'p', 'people.add', person)
  deepStrictEqual(
    [answered.status, answered.body['name'], answered.body['grants']],
    [200, 'ada', [{ role: 'viewer', environments: null }]],
  )
  const other = await asked(small, 'p', 'people.add', { body: { ...person.body, password: `${password}!` } })
  strictEqual(other.name, 'command_conflict')
  deepStrictEqual(await said(), whole)
  strictEqual(await signIn(small, password), 200)
  next.death = 'after'
  strictEqual((await asked(small, 't', 'tokens.create', token)).name, 'store_failed')
  await bootAgain()
  const again = await asked(small, 't', 'tokens.create', token)
  strictEqual(again.name, 'command_conflict')
  const [, id = ''] = /^this request made token (tok_\w+);/.exec(String(again.body['detail'])) ?? []
  strictEqual((await small.ask(rootToken, 'tokens.revoke', { params: { token: id } })).status, 200)
  deepStrictEqual(await said(), [...whole, 'signed_in', 'token_issued', 'token_revoked'])
})

test('whoever is here keeps its password when somebody of that name is to be added; of two at once, one is', async () => {
  const small = await SmallApi.start()
  await small.person('ada')
  for (const body of [{ name: 'ada' }, { name: 'ada', password: `${password}!` }]) {
    const refused = await small.ask(rootToken, 'people.add', { body })
    deepStrictEqual([refused.status, refused.name], [409, 'command_conflict'])
  }
  deepStrictEqual([await signIn(small, password), await signIn(small, `${password}!`)], [200, 401])
  await small.ask(rootToken, 'people.remove', { params: { person: 'ada' } })
  const words = [`one ${password}`, `two ${password}`]
  const added = await Promise.all(
    words.map((one) => small.ask(rootToken, 'people.add', { body: { name: 'ada', password: one } })),
  )
  deepStrictEqual(added.map(({ status }) => status).toSorted(), [200, 409])
  const signedIn = []
  for (const one of words) signedIn.push(await signIn(small, one))
  deepStrictEqual(
    signedIn,
    added.map(({ status }) => (status === 200 ? 200 : 401)),
  )
})

test('a person is not added without the role that it was to begin with', async () => {
  const small = await SmallApi.start()
  for (const grant of [
    { role: 'nosuch' },
    { role: 'viewer', environments: [] },
    { role: 'viewer', environments: [''] },
  ]) {
    const refused = await small.ask(rootToken, 'people.add', { body: { name: 'ada', password, grant } })
    deepStrictEqual([refused.status, refused.name], [400, 'usage_invalid'])
  }
  strictEqual(small.world.rows.filter(({ key }) => key.kind === 'person').length, 0)
  const grant = { role: 'deployer', environments: ['staging'] }
  const { status, body } = await small.ask(rootToken, 'people.add', { body: { name: 'ada', password, grant } })
  deepStrictEqual([status, body['grants']], [200, [grant]])
})
