/** Lists with a filter: who is meant, how much is looked at for one answer, and where to go on. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { before, test } from 'node:test'
import { databasePath } from '../../src/adapters/store/sqlite/files.ts'
import { openSqliteStore } from '../../src/adapters/store/sqlite/store.ts'
import { limits } from '../../src/core/limits.ts'
import type { Release } from '../../src/core/model.ts'
import { plainJob } from '../../src/core/pipeline/plain-plans.ts'
import { runSummary } from '../../src/core/pipeline/summary.ts'
import { Reading } from '../../src/engine/reading/reading.ts'
import type { RunsInput } from '../../src/http/client/list-filters.ts'
import type { RouteId } from '../../src/http/client/paths.ts'
import { meantPage, pageOf } from '../../src/http/handlers/meant-page.ts'
import { runFilter } from '../../src/http/handlers/list-filters.ts'
import { ada } from '../engine/small-world.ts'
import { plannedRun } from '../pipeline/jobs.ts'
import { temporaryDirectory } from '../store/directory.ts'
import { rootToken, SmallApi } from './small-api.ts'

type Query = Readonly<Record<string, string | number>>
type Item = Readonly<Record<string, unknown>>

let small: SmallApi
let releases: readonly [Release, Release, Release]

/** Three releases: the second serves production, the third staging and is on its way nowhere else. */
before(async () => {
  small = await SmallApi.start()
  const { world } = small
  const [one, two, three] = [await world.cut('1.1.0'), await world.cut('1.2.0'), await world.cut('2.0.0')]
  releases = [one, two, three]
  for (const release of [one, two]) await world.rollOut(release)
  await world.rollOut(three, 'staging')
})

const list = async (
  id: RouteId,
  query: Query = {},
  token = rootToken,
): Promise<{ readonly items: readonly Item[]; readonly next: string | null }> => {
  const { status, body } = await small.ask(token, id, { query })
  strictEqual(status, 200, JSON.stringify(body))
  return body as never
}

const told = async (id: RouteId, field: string, query: Query = {}): Promise<readonly unknown[]> =>
  (await list(id, query)).items.map((item) => item[field])

test('releases are found by version, commit, what they serve, and whether they are held', async () => {
  const [, two, three] = releases
  await small.ask(rootToken, 'releases.hold', { params: { release: three.id }, body: { reason: 'it is slow' } })
  const versions = async (query: Query): Promise<readonly string[]> =>
    (await told('releases.list', 'version', query)).map(String).toSorted()
  deepStrictEqual(await versions({}), ['1.0.0', '1.1.0', '1.2.0', '2.0.0'])
  deepStrictEqual(await versions({ version: 'v1.' }), ['1.0.0', '1.1.0', '1.2.0'])
  deepStrictEqual(await versions({ version: '1.2' }), ['1.2.0'])
  deepStrictEqual(await versions({ commit: two.content.commit.id.slice(0, 7).toUpperCase() }), ['1.2.0'])
  deepStrictEqual(await versions({ serves: 'production' }), ['1.2.0'])
  deepStrictEqual(await versions({ serves: 'nowhere' }), [])
  deepStrictEqual(await versions({ held: 'true' }), ['2.0.0'])
  deepStrictEqual(await versions({ held: 'false', version: '2' }), [])
  deepStrictEqual(await versions({ service: 'shop', held: 'false' }), ['1.0.0', '1.1.0', '1.2.0'])
  deepStrictEqual(await versions({ service: 'till' }), [])
  // Nothing else can serve it: nobody has to ask for the rest of the list.
  strictEqual((await list('releases.list', { serves: 'production', limit: 1 })).next, null)
})

test('rollouts and changes are found by environment, service, status and when they began', async () => {
  const all = (await list('rollouts.list')).items
  deepStrictEqual(
    all.map(({ environment }) => environment),
    ['staging', 'production', 'production'],
  )
  const [last, , first] = all.map(({ startedAt }) => Number(startedAt))
  const found = async (id: 'rollouts.list' | 'changes.list', query: Query): Promise<number> =>
    (await list(id, query)).items.length
  strictEqual(await found('rollouts.list', { environment: 'production' }), 2)
  strictEqual(await found('rollouts.list', { status: 'succeeded', service: 'shop' }), 3)
  strictEqual(await found('rollouts.list', { status: 'rolled_back' }), 0)
  strictEqual(await found('rollouts.list', { service: 'till' }), 0)
  strictEqual(await found('rollouts.list', { from: last ?? 0 }), 1)
  strictEqual(await found('rollouts.list', { to: last ?? 0 }), 2)
  strictEqual(await found('rollouts.list', { from: first ?? 0, to: last ?? 0, environment: 'staging' }), 0)
  strictEqual(await found('changes.list', { environment: 'production', from: first ?? 0, status: 'succeeded' }), 2)
  strictEqual(await found('changes.list', { environment: 'production', to: first ?? 0 }), 0)
})

test('drills are found by environment and outcome', async () => {
  const [one] = releases
  small.world.count(one, 500, 0)
  const wanted = { service: 'shop', environment: 'production', dwellMs: null, confirm: 'production' } as const
  const { drill } = await small.world.engine.startDrill(wanted, ada)
  deepStrictEqual(await told('drills.list', 'id', { outcome: 'passed' }), [])
  deepStrictEqual(await told('drills.list', 'id', { environment: 'production' }), [drill])
  await small.world.until(
    () => small.world.engine.reading.drill(drill),
    ({ status }) => status === 'ended',
  )
  deepStrictEqual(await told('drills.list', 'id', { outcome: 'passed' }), [drill])
  deepStrictEqual(await told('drills.list', 'id', { outcome: 'failed' }), [])
  deepStrictEqual(await told('drills.list', 'id', { environment: 'staging' }), [])
})

test('a filtered list goes on behind the last that was given, whatever happens meanwhile', async () => {
  const open = async (title: string, environment: string): Promise<string> => {
    const { body } = await small.ask(rootToken, 'incidents.open', { body: { environment, title } })
    await small.world.later(1_000)
    return String(body['id'])
  }
  const one = await open('one', 'production')
  await open('two', 'staging')
  const three = await open('three', 'production')
  await open('four', 'staging')
  const five = await open('five', 'production')
  const query = { environment: 'production', status: 'open', limit: 1 }
  const first = await list('incidents.list', query)
  deepStrictEqual(
    first.items.map(({ id }) => id),
    [five],
  )
  await small.ask(rootToken, 'incidents.resolve', { params: { incident: five } })
  await open('six', 'production')
  const second = await list('incidents.list', { ...query, cursor: first.next ?? '' })
  const third = await list('incidents.list', { ...query, cursor: second.next ?? '' })
  deepStrictEqual(
    [...second.items, ...third.items].map(({ id }) => id),
    [three, one],
  )
  strictEqual(third.next, null)
  deepStrictEqual(await told('incidents.list', 'id', { status: 'resolved' }), [five])
  strictEqual((await list('incidents.list')).items.length, 6)
})

test('people are found by role and text, tokens by owner and how they stand now', async () => {
  const session = await small.person('ada', [{ role: 'deployer', environments: ['staging'] }])
  await small.person('adam', [{ role: 'viewer' }])
  await small.person('grace', [{ role: 'viewer' }])
  const names = async (query: Query): Promise<readonly unknown[]> =>
    (await told('people.list', 'name', query)).toSorted()
  deepStrictEqual(await names({}), ['ada', 'adam', 'grace'])
  deepStrictEqual(await names({ search: 'ADA' }), ['ada', 'adam'])
  deepStrictEqual(await names({ role: 'viewer' }), ['adam', 'grace'])
  deepStrictEqual(await names({ role: 'viewer', search: 'ada' }), ['adam'])
  await small.ask(rootToken, 'people.remove', { params: { person: 'adam' } })
  deepStrictEqual(await names({ search: 'ada' }), ['ada'])

  const minute = limits.tokenLifetimeMsMin
  for (const label of ['short', 'gone', 'laptop']) {
    const expiresInMs = label === 'short' ? minute : minute * 60
    const { body } = await small.ask(session, 'tokens.create', { body: { label, expiresInMs } })
    if (label === 'gone') await small.ask(session, 'tokens.revoke', { params: { token: String(body['id']) } })
  }
  await small.service('ci', [{ role: 'viewer' }])
  const labels = async (query: Query): Promise<readonly unknown[]> =>
    (await told('tokens.list', 'label', query)).toSorted()
  deepStrictEqual(await labels({ owner: 'ada', status: 'active' }), ['laptop', 'short'])
  await small.world.later(minute)
  deepStrictEqual(await labels({ owner: 'ada', status: 'active' }), ['laptop'])
  deepStrictEqual(await labels({ owner: 'ada', status: 'expired' }), ['short'])
  deepStrictEqual(await labels({ status: 'revoked' }), ['gone'])
  deepStrictEqual(await labels({ owner: 'ada' }), ['gone', 'laptop', 'short'])
  // What is somebody else's is found by no filter.
  const mine = await list('tokens.list', { status: 'active' }, session)
  deepStrictEqual(
    mine.items.map(({ label }) => label),
    ['laptop'],
  )
})

test('a value that no list takes is refused by the name of its parameter, and so is a parameter that there is not', async () => {
  const wrong: readonly (readonly [RouteId, string, string])[] = [
    ['runs.list', 'status', 'done'],
    ['runs.list', 'commit', 'main'],
    ['runs.list', 'event', 'merge'],
    ['runs.list', 'pipeline', 'jenkins'],
    ['runs.list', 'from', 'yesterday'],
    ['releases.list', 'held', 'maybe'],
    ['rollouts.list', 'status', 'failed'],
    ['changes.list', 'status', 'red'],
    ['incidents.list', 'status', 'closed'],
    ['drills.list', 'outcome', 'aborted'],
    ['trains.list', 'status', 'late'],
    ['people.list', 'role', 'owner'],
    ['tokens.list', 'status', 'stale'],
    ['notifications.list', 'status', 'lost'],
    ['releases.list', 'status', 'held'],
  ]
  for (const [id, name, value] of wrong) {
    const answer = await small.ask(rootToken, id, { query: { [name]: value } })
    deepStrictEqual([answer.status, answer.name], [400, 'usage_invalid'], `${id} ${name}`)
    match(String(answer.body['detail']), new RegExp(`query.*${name}`), id)
  }
})

test('a filter looks at so many runs for one answer and no more, reads no state, and its cursor goes on to what is meant', async () => {
  const directory = await temporaryDirectory()
  const store = await openSqliteStore({ directory, ballastBytes: 65_536 })
  const looked = limits.listPortionItems * limits.listPortionsMax
  const summary = runSummary(plannedRun('run_0', [plainJob('build')]))
  const database = new DatabaseSync(databasePath(directory))
  const aggregate = database.prepare(
    `insert into "aggregate" ("kind", "id", "state", "version", "machine_version", "settled", "claims", "updated_at", "state_version")
     values ('run', ?, '{', 1, 1, 1, 0, ?, 1)`,
  )
  const text = database.prepare(`insert into "summary" ("kind", "id", "text") values ('run', ?, ?)`)
  database.exec('begin')
  for (let number = 1; number <= looked + 50; number += 1) {
    const [id, branch] = [`run_${number}`, number <= 3 ? 'fix' : 'main']
    aggregate.run(id, number)
    text.run(id, JSON.stringify({ ...summary, id, branch, startedAt: number }))
  }
  database.exec('commit')
  database.close()

  const reading = new Reading(store, () => null)
  const page = async (query: RunsInput): Promise<readonly [readonly string[], string | null]> => {
    const filter = runFilter(query)
    const { items, next } = await meantPage((asked) => reading.runSummaries({ ...asked, filter }), pageOf(query))
    return [items.map(({ id }) => id), next]
  }
  const fixes = { branch: 'fix', limit: 2 }
  const [none, goesOn] = await page(fixes)
  deepStrictEqual(none, [])
  ok(goesOn !== null)
  const [some, more] = await page({ ...fixes, cursor: goesOn })
  deepStrictEqual(some, ['run_3', 'run_2'])
  deepStrictEqual(await page({ ...fixes, cursor: more ?? '' }), [['run_1'], null])
  // Where nothing can have begun any more, the list is over.
  deepStrictEqual(await page({ branch: 'fix', from: looked - 1_000 }), [[], null])
  const newest = [looked + 50, looked + 49].map((number) => `run_${number}`)
  deepStrictEqual((await page({ status: 'running', event: 'manual', pipeline: 'config', limit: 2 }))[0], newest)
  const older = [looked - 1, looked - 2].map((number) => `run_${number}`)
  deepStrictEqual((await page({ commit: 'AAAA', service: 'shop', to: looked, limit: 2 }))[0], older)
  deepStrictEqual((await page({ limit: 2 }))[0], newest)
  await store.close()
  await rm(directory, { recursive: true })
})
