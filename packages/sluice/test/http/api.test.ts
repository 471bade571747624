/** The API behind a real socket, with a real engine, gateway and service. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../../src/core/errors.ts'
import { EventFeed } from '../../src/http/event-feed.ts'
import { eventStream } from '../../src/http/streams/event-stream.ts'
import { limits } from '../../src/core/limits.ts'
import { databasePath } from '../../src/adapters/store/sqlite/files.ts'
import { verifyLedgerFile } from '../../src/adapters/store/verify-file.ts'
import { checkCheckpoint, checkProofFile, isContinued } from '../../src/adapters/store/check-notes.ts'
import { bytesOfAll } from '../../src/core/ledger/proof-file.ts'
import type { CallInput } from '../../src/http/client/client.ts'
import type { Contract } from '../../src/http/client/contract.ts'
import type { RouteId } from '../../src/http/client/paths.ts'
import type { ProblemView } from '../../src/http/client/views.ts'
import { routes } from '../../src/http/routes/table.ts'
import { schemas } from '../../src/http/schemas/all.ts'
import { type Running, startRunning } from './running.ts'

let running: Running

before(async () => {
  running = await startRunning()
})
after(() => running.close())

/** Asks, and holds the answer to the schema that the route declares. */
const ask = async <Id extends RouteId>(id: Id, input: CallInput<Id>): Promise<Contract[Id]['response']> => {
  const answer = await running.client.call(id, input)
  const { response } = routes[id]
  if (response !== 'sse' && response !== 'ndjson' && response !== 'file' && response !== 'metrics') {
    const read = schemas[response].safeParse(answer)
    deepStrictEqual(read.error?.issues ?? [], [], `${id}: ${JSON.stringify(answer)}`)
  }
  return answer
}

const raw = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${running.served.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${running.token}`, ...(init.headers as Record<string, string>) },
  })

const as = (actor: string, path: string, body: object): Promise<Response> =>
  raw(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-sluice-actor': actor },
    body: JSON.stringify(body),
  })

const problem = async (response: Response): Promise<Pick<ProblemView, 'status' | 'name'>> => {
  strictEqual(response.headers.get('content-type'), 'application/problem+json')
  const { status, name, code } = (await response.json()) as ProblemView
  match(code, /^SLU-\d{4}$/)
  return { status, name }
}

const code = (expected: string) => (error: unknown) => error instanceof SluiceError && error.code === expected

const until = async <State>(look: () => Promise<State>, holds: (state: State) => boolean): Promise<State> => {
  for (;;) {
    const state = await look()
    if (holds(state)) return state
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

const settled = (id: string): Promise<Contract['rollouts.show']['response']> =>
  until(
    () => ask('rollouts.show', { params: { rollout: id } }),
    ({ settledAt }) => settledAt !== null,
  )

test('the token is for its owner only, and every route but health and the page wants it', async () => {
  strictEqual(running.tokenMode, 0o600)
  await rejects(running.clientWith(null).call('environments.list', {}), code('token_missing'))
  await rejects(running.clientWith('x'.repeat(43)).call('environments.list', {}), code('token_stale'))
  for (const path of ['/v1/events', '/v1/ledger/export', '/openapi.json', '/v1/server']) {
    const response = await fetch(`${running.served.url}${path}`)
    deepStrictEqual(await problem(response), { status: 401, name: 'token_missing' })
  }
  for (const name of ['liveness', 'readiness', 'startup'])
    strictEqual((await fetch(`${running.served.url}/health/${name}`)).status, 200)
  // The page says nothing of anything, and yet whoever has not signed in is shown where to.
  const page = await fetch(running.served.url, { redirect: 'manual' })
  deepStrictEqual([page.status, page.headers.get('location')], [303, '/sign-in'])
  match(await (await raw('/')).text(), /<title>Sluice<\/title>/)
})

test('what Prometheus reads is metrics, of the API and of every environment', async () => {
  await ask('server.show', {})
  const response = await raw('/metrics')
  match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  const lines = (await response.text()).trimEnd().split('\n')
  // The grammar of the text format.
  const sample = /^[a-z_]\w*(\{([a-z_]\w*="([^"\\]|\\.)*",?)*\})? (-?[0-9.e+-]+|NaN|[+-]Inf)$/
  deepStrictEqual(
    lines.filter((line) => !/^# (HELP|TYPE) [a-z_]\w* /.test(line) && !sample.test(line)),
    [],
  )
  const has = (line: string): boolean => lines.includes(line)
  ok(has('sluice_rollouts_live{service="tiny",environment="production"} 0'))
  ok(lines.some((line) => line.startsWith('sluice_http_requests_total{route="server.show",status="200"} ')))
  ok(lines.some((line) => line.startsWith('process_resident_memory_bytes ')))
  deepStrictEqual(await problem(await fetch(`${running.served.url}/metrics`)), { status: 401, name: 'token_missing' })
})

test('a request for another host is refused, so that no web page can rebind its name to this address', async () => {
  const { hostname, port } = new URL(running.served.url)
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.on('data', (data) => (text += data.toString()))
    socket.on('close', () => resolve(text))
    socket.write(
      `GET /v1/server HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer ${running.token}\r\nConnection: close\r\n\r\n`,
    )
  })
  match(answer, /^HTTP\/1\.1 421 /)
  strictEqual(answer.includes('SLU-1106'), true)
})

test('who sends is looked at before what is sent', async () => {
  // The bodies never end, so that an answer means that nobody waited for it.
  const begin = async (method: string, path: string): Promise<number | undefined> => {
    const answered = Promise.withResolvers<number | undefined>()
    const sending = request(`${running.served.url}${path}`, { method })
    sending.on('response', ({ statusCode }) => answered.resolve(statusCode))
    sending.on('error', answered.reject)
    sending.write(Buffer.alloc(1_000))
    const status = await answered.promise
    sending.destroy()
    return status
  }
  strictEqual(await begin('PUT', `/v1/cache/protected/blobs/00/${'0'.repeat(64)}`), 401)
  strictEqual(await begin('POST', '/v1/runs'), 401)
})

test('a request that is off says where, and changes nothing', async () => {
  const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    raw(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
  const off = { status: 400, name: 'usage_invalid' }
  deepStrictEqual(await problem(await post('/v1/runs', '{')), off)
  deepStrictEqual(await problem(await post('/v1/runs', '{"reff":"HEAD"}')), off)
  deepStrictEqual(await problem(await post('/v1/runs', '{"jobs":[]}')), off)
  deepStrictEqual(await problem(await post('/v1/runs', `{"ref":"${'x'.repeat(limits.requestBodyBytesMax)}"}`)), off)
  deepStrictEqual(await problem(await post('/v1/runs', '{}', { 'idempotency-key': 'two words' })), off)
  deepStrictEqual(await problem(await raw('/v1/runs?limit=0')), off)
  deepStrictEqual(await problem(await raw('/v1/runs?limits=5')), off)
  deepStrictEqual(await problem(await raw('/v1/ledger?id=run_1')), off)
  deepStrictEqual(await problem(await raw('/v1/events?kind=cat&id=tom')), off)
  deepStrictEqual(await problem(await raw('/v2/runs')), { status: 404, name: 'not_found' })
  deepStrictEqual(await problem(await raw('/v1/runs/run_0/jobs/x/log')), { status: 404, name: 'not_found' })
  deepStrictEqual(await problem(await raw('/v1/environments/nowhere')), { status: 404, name: 'not_found' })
  deepStrictEqual((await ask('runs.list', {})).items, [])
})

test('a commit goes to staging and production, and every answer on the way is of the form that the table says', async () => {
  const fresh = await ask('environments.list', {})
  deepStrictEqual(
    fresh.environments.map(({ name, after: before_, serving }) => ({ name, after: before_, serving })),
    [
      { name: 'staging', after: null, serving: null },
      { name: 'production', after: 'staging', serving: null },
    ],
  )
  await rejects(ask('environments.deploy', { params: { environment: 'staging' }, body: {} }), code('not_found'))

  const { run } = await ask('runs.start', { body: { ref: 'HEAD', reason: 'the first' } })
  const done = await until(
    () => ask('runs.show', { params: { run } }),
    ({ settledAt }) => settledAt !== null,
  )
  strictEqual(done.status, 'succeeded')
  strictEqual(done.by.name, 'Grace Höpper')
  await checkLog(run)
  await rejects(ask('runs.cancel', { params: { run }, body: {} }), code('command_conflict'))

  const plan = await ask('environments.plan', { params: { environment: 'production' } })
  deepStrictEqual(
    plan.refusals.map(({ kind }) => kind),
    ['not_verified'],
  )
  await rejects(
    ask('environments.deploy', { params: { environment: 'production' }, body: {} }),
    code('admission_refused'),
  )

  const first = await ask('environments.deploy', { params: { environment: 'staging' }, body: { release: 'latest' } })
  strictEqual((await settled(first.rollout)).status, 'succeeded')
  const hotfix = { remediates: [] }
  const second = await ask('environments.promote', { params: { environment: 'production' }, body: { hotfix } })
  const rollout = await settled(second.rollout)
  strictEqual(rollout.status, 'succeeded')
  deepStrictEqual([...new Set(rollout.steps.map(({ status }) => status))], ['done'])
  await rejects(
    ask('rollouts.command', { params: { rollout: second.rollout }, body: { command: 'pause' } }),
    code('command_conflict'),
  )
  const why = await ask('rollouts.why', { params: { rollout: second.rollout } })
  strictEqual(why.deciding, null)
  ok(why.story.length > 0)

  const production = await ask('environments.show', { params: { environment: 'production' } })
  strictEqual(production.serving?.id, done.release?.id)
  deepStrictEqual(
    production.observed.traffic?.arms.map(({ release, shareBp }) => ({ id: release.id, shareBp })),
    [{ id: done.release?.id, shareBp: 10_000 }],
  )
  strictEqual(
    production.observed.instances?.every(({ status }) => status === 'running'),
    true,
  )
  const served = await fetch(`http://127.0.0.1:${production.observed.traffic?.listen.port}/`)
  strictEqual(served.status, 200)

  const release = await ask('releases.show', { params: { release: 'latest' } })
  deepStrictEqual(release.serves.toSorted(), ['production', 'staging'])
  const verified = await ask('releases.verify', { params: { release: release.id.slice(0, 16) } })
  deepStrictEqual([verified.intact, verified.artifacts.map(({ status }) => status)], [true, ['ok']])
  strictEqual((await ask('releases.list', {})).items.length, 1)
  strictEqual((await ask('rollouts.list', { query: { environment: 'staging' } })).items.length, 1)
  strictEqual((await ask('server.show', {})).service, 'tiny')
})

test('a hotfix is on record with its change and its metrics, and names rollouts of its own environment only', async () => {
  const params = { environment: 'production' }
  const newest = async (environment: string): Promise<string> => {
    const [one] = (await ask('changes.list', { query: { environment } })).items
    return one?.id ?? ''
  }
  const [staged, promoted] = [await newest('staging'), await newest('production')]
  const told = async (change: string) => (await ask('changes.show', { params: { change } })).hotfix
  deepStrictEqual([await told(staged), await told(promoted)], [null, { remediates: [] }])
  const { rework } = await ask('dora.show', { query: params })
  deepStrictEqual(rework.rollouts, [promoted.replace('chg_', 'rol_')])
  const naming = (...remediates: readonly string[]) => ({ params, body: { hotfix: { remediates } } })
  await rejects(ask('environments.promote', naming('rol_none')), code('not_found'))
  const many = naming(...Array.from({ length: limits.remediatedMax + 1 }, () => promoted))
  for (const wrong of [naming(staged), naming('latest'), naming('<script>'), many]) {
    await rejects(ask('environments.deploy', wrong), code('usage_invalid'))
    const past = { params, body: { ...wrong.body, reason: 'it is down' } }
    await rejects(ask('environments.breakGlass', past), code('usage_invalid'))
  }
  // A change is named as well as its rollout, and what serves already is all that is wrong with it.
  await rejects(ask('environments.deploy', naming(promoted)), code('admission_refused'))
})

test('a lock names its holder, stops a deploy, and lets a rollback speak; the same key asks once', async () => {
  const params = { environment: 'staging' }
  const lock = { params, body: { reason: 'incident' }, idempotencyKey: 'lock-1' }
  strictEqual((await ask('environments.lock', lock)).lock?.reason, 'incident')
  // The same request once more is the same answer, and a second lock is refused by the name of the first's holder.
  strictEqual((await ask('environments.lock', lock)).lock?.by.name, 'Grace Höpper')
  await rejects(ask('environments.lock', { ...lock, idempotencyKey: 'lock-2' }), code('command_conflict'))
  await rejects(
    ask('environments.lock', { ...lock, body: { reason: 'incident', until: 9_000_000_000_000 } }),
    code('command_conflict'),
  )
  const { refusals } = await ask('environments.plan', { params })
  ok(refusals.some(({ kind, who }) => kind === 'locked' && who === 'Grace Höpper'))
  await rejects(ask('environments.rollback', { params, body: {} }), code('not_found'))
  strictEqual((await ask('environments.unlock', { params, body: {} })).lock, null)
  await ask('environments.lock', { params, body: { reason: 'short', until: Date.now() + 100 } })
  // One that has run out is none, whoever looks.
  await until(
    () => ask('environments.show', { params }),
    ({ lock: held }) => held === null,
  )
  await rejects(ask('environments.lock', { params, body: { reason: 'over', until: 1 } }), /off already/)
  const endsAt = Date.now() + 3_600_000
  strictEqual(
    (await ask('environments.freeze', { params, body: { reason: 'holidays', until: endsAt } })).freezes[0]?.until,
    endsAt,
  )
  await rejects(ask('environments.freeze', { params, body: { reason: 'over', until: 1 } }), code('usage_invalid'))
  await rejects(ask('environments.freeze', { params, body: { reason: 'over', from: 1, until: 2 } }), /over already/)
  deepStrictEqual((await ask('environments.unfreeze', { params, body: {} })).freezes, [])
  // Whoever started the run that built it does not approve it; somebody else does.
  const yes = { params: { environment: 'production' }, body: { release: 'latest', reason: 'seen' } }
  await rejects(ask('environments.approve', yes), code('self_approval'))
  strictEqual((await as('bob', '/v1/environments/production/approvals', yes.body)).status, 200)
  const { approvals } = await ask('environments.show', { params: { environment: 'production' } })
  deepStrictEqual(
    approvals.map(({ by }) => by.name),
    ['bob'],
  )
})

test('a stopped line, a no, a broken glass and the change that it is are told as the table says', async () => {
  const stopped = await ask('line.stop', { body: { reason: 'payments fail' } })
  deepStrictEqual([stopped.status, stopped.by?.name, stopped.rollouts], ['stopped', 'Grace Höpper', []])
  strictEqual((await ask('environments.list', {})).line.reason, 'payments fail')
  const params = { environment: 'staging' }
  await ask('environments.reject', { params, body: { release: 'latest', reason: 'not this week' } })
  const { refusals } = await ask('environments.plan', { params })
  ok(refusals.some(({ kind }) => kind === 'line_stopped'))
  const glass = await ask('environments.breakGlass', { params, body: { reason: 'checkout is down' } }).catch(
    (error: unknown) => error,
  )
  // Where the release serves already, there is nothing to break the glass for.
  ok(glass instanceof SluiceError ? glass.code === 'admission_refused' : await settled(String(Object(glass).rollout)))
  deepStrictEqual(
    (await ask('approvals.list', {})).items.filter(({ kind }) => kind === 'rollout'),
    [],
  )
  const changes = await ask('changes.list', { query: { environment: 'staging' } })
  const [newest] = changes.items
  ok(newest !== undefined)
  const change = await ask('changes.show', { params: { change: newest.id } })
  deepStrictEqual([change.rollout, change.environment, change.triggeredBy], [newest.rollout, 'staging', 'Grace Höpper'])
  strictEqual((await ask('line.resume', { body: { reason: 'it was the bank' } })).status, 'running')
  await rejects(ask('line.resume', { body: {} }), code('command_conflict'))
  strictEqual((await ask('line.show', {})).status, 'running')
})

test('maintenance is asked for with a reason, comes to the data plane, is in the ledger, and ends', async () => {
  const params = { environment: 'staging' }
  const port = (await ask('environments.show', { params })).observed.traffic?.listen.port
  const status = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/`)).status
  strictEqual(await status(), 200)
  const on = { params, body: { reason: 'new disks', html: '<p>Soon</p>' }, idempotencyKey: 'maintain-1' }
  strictEqual((await ask('environments.maintain', on)).maintenance?.by?.name, 'Grace Höpper')
  await until(
    () => ask('environments.show', { params }),
    ({ maintenance }) => maintenance?.status === 'in_force',
  )
  strictEqual(await status(), 503)
  strictEqual((await ask('environments.endMaintenance', { params, body: {} })).maintenance?.kind, 'off')
  await until(
    () => ask('environments.show', { params }),
    ({ maintenance }) => maintenance === undefined,
  )
  strictEqual(await status(), 200)
  await rejects(ask('environments.endMaintenance', { params, body: {} }), code('command_conflict'))
  await rejects(ask('environments.maintain', { params, body: { reason: 'x', holdMs: 90_000 } }), code('usage_invalid'))
  const { rows } = await ask('ledger.page', { query: { limit: 500 } })
  const told = rows.filter(({ key }) => key.kind === 'maintenance')
  deepStrictEqual(
    told.map(({ type, actor, reason }) => [type, actor.name, reason]),
    [
      ['maintenance_requested', 'Grace Höpper', 'new disks'],
      ['effect_succeeded', 'sluice', null],
      ['maintenance_requested', 'Grace Höpper', null],
      ['effect_succeeded', 'sluice', null],
    ],
  )
})

test('the same key gives the same answer, of a rollback too', async () => {
  await running.project.commit('2.0.0')
  const { run } = await ask('runs.start', { body: { ref: 'HEAD' }, idempotencyKey: 'run-2' })
  deepStrictEqual(await ask('runs.start', { body: { ref: 'HEAD' }, idempotencyKey: 'run-2' }), { run, notes: [] })
  const database = new DatabaseSync(databasePath(running.served.stateDir), { readOnly: true })
  const kept = database.prepare('select "answer" from "request" where "key" = ?').get('root:Grace Höpper run-2')
  database.close()
  deepStrictEqual({ ...kept }, { answer: JSON.stringify({ run, notes: [] }) })
  await until(
    () => ask('runs.show', { params: { run } }),
    ({ settledAt }) => settledAt !== null,
  )
  const params = { environment: 'staging' }
  const kinds: string[] = []
  for (const isWaitedFor of [false, true]) {
    // The second time it is held by the rollback of the first.
    const body = { release: 'latest', overrides: ['held'] } as const
    const { rollout } = await ask('environments.deploy', { params, body })
    if (isWaitedFor) await settled(rollout)
    const back = { params, body: {}, idempotencyKey: `back-${rollout}` }
    const first = await ask('environments.rollback', back)
    deepStrictEqual(await ask('environments.rollback', back), first)
    await settled(first.rollout)
    await rejects(ask('environments.rollback', { ...back, body: { reason: 'another' } }), code('command_conflict'))
    kinds.push(first.kind)
  }
  deepStrictEqual(kinds, ['aborted', 'started'])
})

test('a page of the rollouts of one environment holds as many as were asked for, however many of others lie between', async () => {
  const all = (await ask('rollouts.list', {})).items
  deepStrictEqual([...new Set(all.map(({ environment }) => environment))], ['staging', 'production'])
  for (const name of ['staging', 'production']) {
    const found: string[] = []
    let cursor: string | null = null
    do {
      const more: { readonly cursor?: string } = cursor === null ? {} : { cursor }
      const page: Contract['rollouts.list']['response'] = await ask('rollouts.list', {
        query: { environment: name, limit: 1, ...more },
      })
      ok(page.items.length === 1 || page.next === null)
      found.push(...page.items.map(({ id }) => id))
      cursor = page.next
    } while (cursor !== null)
    deepStrictEqual(
      found,
      all.filter(({ environment }) => environment === name).map(({ id }) => id),
    )
  }
})

test('events go on from the last one that was seen, without a gap, and tell what happens from now on', async () => {
  const stopped = new AbortController()
  const whole = await ask('ledger.page', { query: { limit: 500 } })
  const last = whole.rows.at(-1)?.seq ?? 0
  const seen: number[] = []
  const caughtUp = Promise.withResolvers<void>()
  const reading = (async () => {
    for await (const event of running.client.events({ after: 3 }, stopped.signal)) {
      if (event.id === null) continue
      seen.push(event.id)
      if (event.id === last) caughtUp.resolve()
      if (event.id === last + 1) return
    }
  })()
  await caughtUp.promise
  await ask('environments.lock', { params: { environment: 'staging' }, body: { reason: 'to be seen' } })
  await reading
  deepStrictEqual(
    seen,
    Array.from({ length: last + 1 - 3 }, (_, index) => index + 4),
  )
  await ask('environments.unlock', { params: { environment: 'staging' }, body: {} })
  const response = await raw('/v1/events', { headers: { 'last-event-id': String(last) }, signal: stopped.signal })
  const reader = response.body?.getReader()
  let text = ''
  while (!text.includes('id: ')) text += new TextDecoder().decode((await reader?.read())?.value)
  match(text, new RegExp(`id: ${last + 1}\n`))
  stopped.abort()
})

test('who has missed too much, or knows another ledger, is told what is there now, and goes on from there', async () => {
  const { seq } = (await running.client.call('ledger.page', { query: { limit: 500 } })).rows.at(-1) ?? { seq: 0 }
  const stopped = new AbortController()
  const path = `/v1/events?after=${seq + 10}`
  const reader = (await raw(`${path}&gap=snapshot`, { signal: stopped.signal })).body?.getReader()
  let text = ''
  const readUntil = async (part: string): Promise<void> => {
    while (!text.includes(part)) text += new TextDecoder().decode((await reader?.read())?.value)
  }
  await readUntil('\n\nid: ')
  await readUntil('}\n\n')
  match(text, new RegExp(`id: ${seq}\nevent: snapshot\n`))
  const [, data = ''] = /^data: (.*)$/m.exec(text) ?? []
  strictEqual(schemas.Environments.safeParse(JSON.parse(data)).success, true)
  const params = { environment: 'staging' }
  await ask('environments.lock', { params, body: { reason: 'a row' } })
  await readUntil(`id: ${seq + 1}\nevent: ledger_row\n`)
  await ask('environments.unlock', { params, body: {} })
  stopped.abort()
})

test('a hundred streams are told every row, whether they keep up or read it from the store', async () => {
  const from = (await running.client.call('ledger.page', { query: { limit: 500 } })).rows.at(-1)?.seq ?? 0
  const stopped = new AbortController()
  const afters = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? from : Math.max(0, from - index)))
  const params = { environment: 'staging' }
  const collect = async (after: number): Promise<readonly number[]> => {
    const seen: number[] = []
    for await (const { id } of running.client.events({ after }, stopped.signal)) {
      // What only says that the stream is open has no number.
      if (id === null) continue
      seen.push(id)
      if (id === from + 6) break
    }
    return seen
  }
  const all = afters.map(collect)
  for (let turn = 0; turn < 3; turn += 1) {
    await ask('environments.lock', { params, body: { reason: 'a row' } })
    await ask('environments.unlock', { params, body: {} })
  }
  for (const [index, seen] of (await Promise.all(all)).entries()) {
    const after = afters[index] ?? 0
    deepStrictEqual(
      seen,
      Array.from({ length: from + 6 - after }, (_, at) => after + 1 + at),
    )
  }
  stopped.abort()
})

test('asking for the head of an event stream opens none', async () => {
  const heads = Array.from({ length: limits.eventStreamsMax + 1 }, () => raw('/v1/events', { method: 'HEAD' }))
  for (const { status, headers } of await Promise.all(heads)) {
    deepStrictEqual([status, headers.get('content-type')], [200, 'text/event-stream; charset=utf-8'])
  }
  const { status, headers } = await raw('/v1/ledger/export', { method: 'HEAD' })
  deepStrictEqual([status, headers.get('content-type')], [200, 'application/x-ndjson'])
})

test('event streams are bounded, and a bound that was reached is left again', async () => {
  const stopped = new AbortController()
  const open = await Promise.all(
    Array.from({ length: limits.eventStreamsMax }, () => raw('/v1/events', { signal: stopped.signal })),
  )
  deepStrictEqual([...new Set(open.map(({ status }) => status))], [200])
  deepStrictEqual(await problem(await raw('/v1/events')), { status: 429, name: 'overloaded' })
  stopped.abort()
  await until(
    async () => {
      const one = new AbortController()
      const { status } = await raw('/v1/events', { signal: one.signal })
      one.abort()
      return status
    },
    (status) => status === 200,
  )
})

test('an event stream whose rows cannot be read is over for those who count it, too', async () => {
  const feed = new EventFeed({ ledger: () => Promise.reject(new Error('unreadable')), subscribe: () => () => {} })
  const source = { feed, head: async () => 1, clock: { after: () => () => {} } }
  let closed = 0
  const ended = new AbortController().signal
  const stream = eventStream(
    source,
    { after: 0, key: null, snapshot: null },
    { ended, onClose: () => void (closed += 1) },
  )
  await rejects(new Response(stream).text(), /unreadable/)
  strictEqual(closed, 1)
})

test('the ledger verifies, and its export verifies without the server', async () => {
  const found = await ask('ledger.verify', {})
  strictEqual(found.status, 'whole')
  let text = ''
  for await (const piece of running.client.exportLedger({}, new AbortController().signal)) text += piece
  const file = join(running.project.directory, 'ledger.ndjson')
  await writeFile(file, text)
  const checked = await verifyLedgerFile(file)
  deepStrictEqual({ kind: checked.kind, status: checked.found.status }, { kind: 'export', status: 'whole' })
  await writeFile(file, text.replace('to be seen', 'not to be seen'))
  strictEqual((await verifyLedgerFile(file)).found.status, 'broken')
})

test('rows say where they came from, and are found by who, what, when and where they are about', async () => {
  const all = await ask('ledger.page', { query: { limit: 500 } })
  const asked = all.rows.filter(({ actor }) => actor.kind === 'person')
  ok(asked.length > 0)
  const commands = asked.filter(({ type }) => ['run_planned', 'locked', 'frozen', 'abort_requested'].includes(type))
  ok(commands.length > 2)
  for (const { where, type } of commands) deepStrictEqual(where, { address: '127.0.0.1', client: 'sluice' }, type)
  for (const { actor, where } of all.rows) ok(actor.kind === 'person' || where === undefined)
  const seqs = async (query: CallInput<'ledger.page'>['query']): Promise<readonly number[]> =>
    (await ask('ledger.page', { query: { limit: 500, ...query } })).rows.map(({ seq }) => seq)
  const own = (holds: (row: (typeof all.rows)[number]) => boolean): readonly number[] =>
    all.rows.filter(holds).map(({ seq }) => seq)
  deepStrictEqual(
    await seqs({ who: 'Grace Höpper' }),
    own(({ actor }) => actor.name === 'Grace Höpper'),
  )
  deepStrictEqual(
    await seqs({ what: 'rollout_started' }),
    own(({ type }) => type === 'rollout_started'),
  )
  deepStrictEqual(
    await seqs({ kind: 'environment' }),
    own(({ key }) => key.kind === 'environment'),
  )
  const middle = all.rows[Math.floor(all.rows.length / 2)]?.at ?? 0
  deepStrictEqual(
    await seqs({ from: middle }),
    own(({ at }) => at >= middle),
  )
  deepStrictEqual(
    await seqs({ to: middle }),
    own(({ at }) => at < middle),
  )
  const staging = await ask('ledger.page', { query: { limit: 500, environment: 'staging' } })
  ok(staging.rows.some(({ key }) => key.kind === 'rollout'))
  ok(staging.rows.every(({ key }) => key.kind !== 'run' && !key.id.endsWith('/production')))
  await rejects(ask('ledger.page', { query: { id: 'x' } }), code('usage_invalid'))

  const backwards: number[] = []
  let before: number | null | undefined
  do {
    const query = {
      order: 'newest',
      kind: 'environment',
      limit: 3,
      ...(typeof before === 'number' ? { before } : {}),
    } as const
    const page = await ask('ledger.page', { query })
    backwards.push(...page.rows.map(({ seq }) => seq))
    before = page.next
  } while (before !== null)
  deepStrictEqual(backwards, own(({ key }) => key.kind === 'environment').toReversed())
  // Before a number far beyond the head is before the end, and no longer a way.
  const far = await ask('ledger.page', { query: { order: 'newest', before: Number.MAX_SAFE_INTEGER, who: 'nobody' } })
  deepStrictEqual(far, { rows: [], next: null })
})

test('rows as CSV have no cell that a spreadsheet takes for a formula, and rows out of their chain are not taken for a ledger', async () => {
  let csv = ''
  const never = new AbortController().signal
  for await (const piece of running.client.exportLedger({ format: 'csv', kind: 'environment' }, never)) csv += piece
  const [head, ...lines] = csv.split('\r\n')
  match(head ?? '', /^seq,time,actor_kind,actor,address,client,kind,id,environment,/)
  ok(lines.length > 2)
  for (const line of lines.slice(0, -1)) match(line, /^\d+,"\d{4}-.*","environment","tiny\//)
  let some = ''
  for await (const piece of running.client.exportLedger({ what: 'rollout_started' }, never)) some += piece
  const file = join(running.project.directory, 'some.ndjson')
  await writeFile(file, some)
  strictEqual((await verifyLedgerFile(file)).found.status, 'broken')
})

test('a checkpoint is signed, a row is proven by it, and a later one goes on from it', async () => {
  const kept = await ask('ledger.checkpoint', {})
  const checked = checkCheckpoint({ note: kept.note }, [kept.key])
  deepStrictEqual([checked.size, checked.origin, kept.origin], [kept.size, 'sluice/tiny', 'sluice/tiny'])
  const file = join(running.project.directory, 'row.tlog-proof')
  await writeFile(file, (await ask('ledger.inclusion', { query: { seq: 2 } })).proof)
  const proof = checkProofFile(file, [kept.key])
  deepStrictEqual([proof.status, proof.status === 'proven' && proof.entry.seq], ['proven', 2])
  await ask('environments.lock', { params: { environment: 'staging' }, body: { reason: 'one row more' } })
  await ask('environments.unlock', { params: { environment: 'staging' }, body: {} })
  const { from, to, hashes } = await ask('ledger.consistency', { query: { from: kept.size } })
  strictEqual(from.root, kept.root)
  const now = checkCheckpoint({ note: to.note }, [kept.key])
  ok(now.size > kept.size)
  ok(isContinued({ before: checked, after: now, proof: bytesOfAll(hashes) }))
  await rejects(ask('ledger.inclusion', { query: { seq: 1_000_000 } }), code('not_found'))
  // Nothing here is old enough.
  const young = { before: Date.now(), reason: 'tidying up' }
  await rejects(ask('ledger.prune', { body: young }), code('usage_invalid'))
  deepStrictEqual(await ask('ledger.prune', { body: { ...young, before: 1 } }), { until: 0, rows: 0 })
})

test('a secret is set, listed and removed by its name; its value is in no answer, no row and no file but as age has it', async () => {
  const value = 'correct horse battery staple'
  const set = { params: { secret: 'BATTERY' }, body: { value, reason: 'a new cell' }, idempotencyKey: 'battery-1' }
  const { version } = await ask('secrets.set', set)
  deepStrictEqual(await ask('secrets.set', set), { version })
  const second = await ask('secrets.set', { params: { secret: 'BATTERY' }, body: { value: 'another' } })
  // Said again late, it is answered, and sets nothing back.
  deepStrictEqual(await ask('secrets.set', set), { version })
  const other = { ...set, body: { ...set.body, value: 'something else' } }
  await rejects(ask('secrets.set', other), code('command_conflict'))
  const { secrets } = await ask('secrets.list', {})
  const listed = secrets.find(({ name }) => name === 'BATTERY')
  deepStrictEqual([listed?.version, listed?.versions], [second.version, 2])
  ok((listed?.setAt ?? 0) > 0)
  await rejects(ask('secrets.set', { params: { secret: `A=${value}` }, body: { value: 'x' } }), (error) => {
    ok(error instanceof SluiceError && error.code === 'usage_invalid' && !JSON.stringify(error).includes('horse'))
    return true
  })
  deepStrictEqual(await ask('secrets.remove', { params: { secret: 'BATTERY' }, body: { reason: 'gone' } }), {})
  await rejects(ask('secrets.remove', { params: { secret: 'BATTERY' }, body: {} }), code('not_found'))
  const { rows } = await ask('ledger.page', { query: { kind: 'secret', limit: 500 } })
  deepStrictEqual(
    rows.map(({ type, reason }) => [type, reason]),
    [
      ['secret_set', 'a new cell'],
      ['secret_set', null],
      ['secret_removed', 'gone'],
    ],
  )
  ok(!JSON.stringify([rows, secrets]).includes('horse'))
  const { stateDir: state } = await ask('server.show', {})
  for (const name of await readdir(state, { recursive: true, withFileTypes: true }))
    if (name.isFile())
      ok(!(await readFile(join(name.parentPath, name.name), 'latin1')).includes('correct horse'), name.name)
})

test('the five metrics and the compliance report are made of what was delivered', async () => {
  const dora = await ask('dora.show', { query: { environment: 'staging' } })
  const rollouts = (await ask('rollouts.list', { query: { environment: 'staging', limit: 500 } })).items
  const over = rollouts.filter(({ status }) => status === 'succeeded')
  ok(over.length > 0)
  ok(dora.deliveries.length > 0 && dora.deliveries.length <= rollouts.length)
  strictEqual(
    dora.frequency.count,
    dora.deliveries.filter(({ purpose, outcome }) => purpose !== 'rollback' && outcome === 'succeeded').length,
  )
  for (const { rows } of dora.deliveries) {
    const [row] = (await ask('ledger.page', { query: { after: rows[0] - 1, limit: 1 } })).rows
    strictEqual(row?.type, 'rollout_started')
  }
  const report = await ask('report.compliance', {})
  ok(report.deliveries.length >= dora.deliveries.length)
  for (const { rows } of report.findings) ok(rows.length > 0 && rows.every((row) => row > 0))
  await rejects(ask('dora.show', { query: { from: 2, to: 1 } }), code('usage_invalid'))
  await rejects(ask('dora.show', { query: { environment: 'nowhere' } }), code('not_found'))
})

test('lists of runs, and the start of one, read no state of another run', async () => {
  const earlier = (await ask('runs.list', {})).items
  deepStrictEqual(
    earlier.map(({ status, release }) => [status, release !== null]),
    [
      ['succeeded', true],
      ['succeeded', true],
    ],
  )
  const database = new DatabaseSync(databasePath(running.served.stateDir))
  database.exec(`update "aggregate" set "state" = '{' where "kind" = 'run'`)
  database.close()
  deepStrictEqual((await ask('runs.list', {})).items, earlier)
  const commit = earlier[1]?.commit.id.slice(0, 8) ?? ''
  const event = 'manual'
  deepStrictEqual((await ask('runs.list', { query: { commit, event, status: 'succeeded' } })).items, [earlier[1]])
  deepStrictEqual((await ask('runs.list', { query: { event: 'push' } })).items, [])
  const { run } = await ask('runs.start', { body: { ref: 'HEAD', jobs: ['build'] } })
  strictEqual((await ask('runs.list', { query: { limit: 1 } })).items[0]?.id, run)
  await until(
    () => ask('runs.show', { params: { run } }),
    ({ settledAt }) => settledAt !== null,
  )
})

test('an address where nobody answers is said to be unreachable', async () => {
  const { createClient } = await import('../../src/http/client/client.ts')
  const { freePort } = await import('../free-port.ts')
  const nobody = createClient({
    url: `http://127.0.0.1:${await freePort()}`,
    token: null,
    actor: 'x',
    transport: fetch,
    timeoutMs: 5_000,
  })
  await rejects(nobody.call('server.show', {}), code('server_unreachable'))
})

/** The log of a job that went well: all of it, what is looked for, and its marks. */
const checkLog = async (run: string): Promise<void> => {
  const log = await ask('runs.logs', { params: { run, job: 'build' } })
  ok(log.lines.length > 0)
  strictEqual(log.next, log.lines.length)
  strictEqual(log.marks, null)
  const command = log.lines.find(({ text }) => text === '$ node --check server.js')
  const found = await ask('runs.logs', {
    params: { run, job: 'build' },
    query: { search: 'node --check', marks: 'true' },
  })
  deepStrictEqual(found.lines, [command])
  strictEqual(found.next, log.next)
  deepStrictEqual(
    found.marks?.folds.map(({ kind, depth, from, to, outcome }) => ({ kind, depth, from, to, outcome })),
    [{ kind: 'step', depth: 0, from: 1, to: log.next, outcome: 'succeeded' }],
  )
  await rejects(ask('runs.logs', { params: { run, job: 'nothing' } }), code('not_found'))
}

test('who sends wrong tokens again and again is told to wait, whatever comes next', async () => {
  const wrong = (): Promise<Response> =>
    fetch(`${running.served.url}/v1/server`, { headers: { authorization: 'Bearer wrong' } })
  for (let sent = 0; sent < limits.wrongTokensBurst; sent += 1) await wrong()
  const response = await wrong()
  strictEqual(response.headers.get('retry-after'), '1')
  deepStrictEqual(await problem(response), { status: 429, name: 'overloaded' })
  deepStrictEqual(await problem(await raw('/v1/server')), { status: 429, name: 'overloaded' })
})
