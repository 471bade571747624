/** People, tokens and sessions over the API: what lets in, for how long, and what ends it. Time is turned by hand. */
import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { limits } from '../../src/core/limits.ts'
import { parseToken, tokenText } from '../../src/core/identity/token-text.ts'
import { SmallApi, rootToken } from './small-api.ts'

let small: SmallApi
beforeEach(async () => {
  small = await SmallApi.start()
})

const day = 86_400_000
const cookieIn = (response: Response): string => (response.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''

/** Signs in as a browser does. */
const signIn = (
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  small.fetch('/sign-in', {
    method: 'POST',
    body: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin', ...headers },
  })

const who = async (token: string): Promise<readonly [number, string | null]> => {
  const { status, name, body } = await small.ask(token, 'session.show')
  return [status, status === 200 ? String(body['name']) : name]
}

test('a token says its kind and carries check digits, so that one that was mistyped is told without asking anybody', () => {
  const parts = { kind: 'pat', id: '0'.repeat(19), secret: 'A'.repeat(43) } as const
  const text = tokenText(parts)
  deepStrictEqual(parseToken(text), parts)
  for (let at = 0; at < text.length; at += 1) {
    const other = text[at] === '0' ? '1' : '0'
    strictEqual(parseToken(text.slice(0, at) + other + text.slice(at + 1)), null, `character ${at}`)
  }
})

test('a person has what it was granted, in its own name, and its own tokens count as the person', async () => {
  const session = await small.person('ada', [{ role: 'deployer', environments: ['staging'] }])
  deepStrictEqual(await who(session), [200, 'ada'])
  const { body } = await small.ask(session, 'tokens.create', { body: { label: 'laptop' } })
  const token = String(body['token'])
  // Only the owner may say another name.
  const headers = { 'x-sluice-actor': 'grace' }
  strictEqual(
    (
      await small.ask(token, 'environments.lock', {
        params: { environment: 'staging' },
        body: { reason: 'x' },
        headers,
      })
    ).status,
    200,
  )
  deepStrictEqual(small.world.rows.findLast(({ type }) => type === 'locked')?.actor, { kind: 'person', name: 'ada' })
  const breaking = { params: { environment: 'staging' }, body: { reason: 'ada is away' } }
  await small.ask(rootToken, 'environments.unlock', { ...breaking, headers })
  deepStrictEqual(small.world.rows.findLast(({ type }) => type === 'unlocked')?.actor, {
    kind: 'person',
    name: 'grace',
  })
})

test('a token never has more than its maker, lives no longer, and ends with the token that it was made with', async () => {
  const session = await small.person('ada', [{ role: 'deployer', environments: ['staging'] }])
  const more = await small.ask(session, 'tokens.create', { body: { label: 'x', scope: [{ role: 'admin' }] } })
  deepStrictEqual([more.status, more.name], [403, 'forbidden'])
  const wider = await small.ask(session, 'tokens.create', { body: { label: 'x', scope: [{ role: 'deployer' }] } })
  strictEqual(wider.status, 403)
  strictEqual(
    (await small.ask(session, 'tokens.create', { body: { label: 'x', kind: 'service', scope: [{ role: 'viewer' }] } }))
      .status,
    403,
  )
  const viewer = { role: 'viewer', environments: ['staging'] } as const
  const first = await small.ask(session, 'tokens.create', {
    body: { label: 'narrow', scope: [viewer], expiresInMs: day },
  })
  const narrow = String(first.body['token'])
  strictEqual(
    (await small.ask(narrow, 'environments.lock', { params: { environment: 'staging' }, body: { reason: 'x' } }))
      .status,
    403,
  )
  const second = await small.ask(narrow, 'tokens.create', { body: { label: 'made with it', expiresInMs: 300 * day } })
  strictEqual(second.body['expiresAt'], first.body['expiresAt'])
  const child = String(second.body['token'])
  strictEqual(
    (await small.ask(child, 'environments.lock', { params: { environment: 'staging' }, body: { reason: 'x' } })).status,
    403,
  )
  deepStrictEqual(await who(child), [200, 'ada'])
  await small.ask(session, 'tokens.revoke', { params: { token: String(first.body['id']) } })
  deepStrictEqual(
    [await who(narrow), await who(child)],
    [
      [401, 'token_stale'],
      [401, 'token_stale'],
    ],
  )
})

test('a token expires; 30 days unless told otherwise, a year at most', async () => {
  const session = await small.person('ada', [{ role: 'viewer' }])
  const { body } = await small.ask(session, 'tokens.create', { body: { label: 'x' } })
  strictEqual(Number(body['expiresAt']) - small.world.now, 30 * day)
  strictEqual((await small.ask(session, 'tokens.create', { body: { label: 'x', expiresInMs: 366 * day } })).status, 400)
  await small.world.pass(30 * day - 1_000)
  deepStrictEqual(await who(String(body['token'])), [200, 'ada'])
  await small.world.pass(2_000)
  deepStrictEqual(await who(String(body['token'])), [401, 'token_stale'])
})

test('who is removed is out at once, with every token and session, and stays out when somebody of that name is added', async () => {
  const session = await small.person('ada', [{ role: 'admin' }])
  const token = String((await small.ask(session, 'tokens.create', { body: { label: 'x' } })).body['token'])
  await small.world.pass(1_000)
  strictEqual((await small.ask(rootToken, 'people.remove', { params: { person: 'ada' } })).status, 200)
  deepStrictEqual(
    [await who(session), await who(token)],
    [
      [401, 'token_stale'],
      [401, 'token_stale'],
    ],
  )
  await small.world.pass(1_000)
  const again = await small.person('ada')
  deepStrictEqual(
    [await who(session), await who(token), await who(again)],
    [
      [401, 'token_stale'],
      [401, 'token_stale'],
      [200, 'ada'],
    ],
  )
  // With nothing of before.
  strictEqual((await small.ask(again, 'environments.list')).status, 403)
})

test('a role that is taken back is gone with the next request, for tokens too', async () => {
  const session = await small.person('ada', [{ role: 'deployer' }])
  const token = String((await small.ask(session, 'tokens.create', { body: { label: 'x' } })).body['token'])
  const lock = (): Promise<{ readonly status: number }> =>
    small.ask(token, 'environments.lock', { params: { environment: 'staging' }, body: { reason: 'x' } })
  strictEqual((await lock()).status, 200)
  await small.ask(rootToken, 'people.revoke', { params: { person: 'ada', role: 'deployer' } })
  strictEqual((await lock()).status, 403)
})

test('a new password ends what was signed in with the old one; one’s own takes the one that it is now', async () => {
  const session = await small.person('ada')
  const set = (body: object): Promise<{ readonly status: number; readonly name: string | null }> =>
    small.ask(session, 'people.password', { params: { person: 'ada' }, body })
  const password = 'another password of ada'
  strictEqual((await set({ password })).name, 'sign_in_failed')
  strictEqual((await set({ password: 'short', current: 'the password of ada' })).name, 'usage_invalid')
  await small.world.pass(1_000)
  strictEqual((await set({ password, current: 'the password of ada' })).status, 200)
  deepStrictEqual(await who(session), [401, 'token_stale'])
  strictEqual((await small.ask(null, 'session.start', { body: { name: 'ada', password } })).status, 200)
})

test('passwords are tried a few times freely and then slowly, whoever there is by that name', async () => {
  await small.person('ada')
  for (const name of ['ada', 'nobody']) {
    const attempt = (): Promise<{ readonly name: string | null; readonly body: object }> =>
      small.ask(null, 'session.start', { body: { name, password: 'wrong' } })
    const answers = []
    for (let turn = 0; turn < limits.signInFailuresFree; turn += 1) answers.push((await attempt()).body)
    strictEqual(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1)
    strictEqual((await attempt()).name, 'overloaded')
    await small.world.pass(limits.signInDelayMs)
    strictEqual((await attempt()).name, 'sign_in_failed')
    strictEqual((await attempt()).name, 'overloaded')
  }
})

test('a browser gets a cookie that no script reads and no other site sends, and nothing else', async () => {
  await small.person('ada', [{ role: 'viewer' }])
  const response = await signIn({ name: 'ada', password: 'the password of ada' })
  deepStrictEqual([response.status, response.headers.get('location')], [303, '/'])
  match(
    response.headers.get('set-cookie') ?? '',
    /^slu-[0-9a-f]{8}=slu_ses_\S+; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/,
  )
  strictEqual(await response.text(), '')
  const cookie = cookieIn(response)
  strictEqual((await small.fetch('/v1/session', { headers: { cookie } })).status, 200)
  // What was handed out for one is good for nothing in the other.
  const [name, value = ''] = cookie.split(/=(.*)/s)
  deepStrictEqual(await who(value), [401, 'token_stale'])
  const bearer = await small.person('grace')
  strictEqual((await small.fetch('/v1/session', { headers: { cookie: `${name}=${bearer}` } })).status, 401)
  strictEqual((await small.fetch('/v1/session', { headers: { cookie: `${name}=${rootToken}` } })).status, 401)
  // A bearer that is wrong is not saved by a cookie that is right.
  strictEqual((await small.fetch('/v1/session', { headers: { cookie, authorization: 'Bearer wrong' } })).status, 401)
})

test('over TLS the cookie is of this host alone', async () => {
  await small.person('ada')
  small.rules = { ...small.rules, url: 'https://sluice.example.com' }
  const response = await signIn({ name: 'ada', password: 'the password of ada' })
  match(
    response.headers.get('set-cookie') ?? '',
    /^__Host-slu=\S+; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure$/,
  )
})

test('a page of another site changes nothing in the name of who is signed in', async () => {
  await small.person('ada', [{ role: 'deployer' }])
  const cookie = cookieIn(await signIn({ name: 'ada', password: 'the password of ada' }))
  const lock = async (headers: Readonly<Record<string, string>>): Promise<string> => {
    const response = await small.fetch('/v1/environments/staging/lock', {
      method: 'PUT',
      body: '{"reason":"x"}',
      headers: { cookie, 'content-type': 'application/json', ...headers },
    })
    const { name } = (await response.json()) as { readonly name: string }
    return response.status === 200 ? 'locked' : name
  }
  for (const headers of [
    {},
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:7421' },
    { 'sec-fetch-site': 'cross-site', origin: 'http://127.0.0.1:7420' },
  ])
    strictEqual(await lock(headers), 'origin_refused', JSON.stringify(headers))
  strictEqual(await lock({ 'sec-fetch-site': 'same-origin' }), 'locked')
  await small.ask(rootToken, 'environments.unlock', { params: { environment: 'staging' }, body: { reason: 'done' } })
  strictEqual(await lock({ origin: 'http://127.0.0.1:7420' }), 'locked')
  // Nor does it sign anybody in: whose browser it is would go on under another name.
  strictEqual(
    (await signIn({ name: 'ada', password: 'the password of ada' }, { 'sec-fetch-site': 'cross-site' })).status,
    403,
  )
})

test('a session ends by itself after a day, or after eight hours in which nobody used it', async () => {
  const session = await small.person('ada')
  for (let hours = 0; hours < 23; hours += 1) {
    await small.world.pass(3_600_000)
    deepStrictEqual(await who(session), [200, 'ada'], `after ${hours + 1} hours`)
  }
  await small.world.pass(3_600_001)
  deepStrictEqual(await who(session), [401, 'token_stale'])
  const idle = await small.person('grace')
  await small.world.pass(limits.sessionIdleMs - 1_000)
  deepStrictEqual(await who(idle), [200, 'grace'])
  await small.world.pass(limits.sessionIdleMs + 1)
  deepStrictEqual(await who(idle), [401, 'token_stale'])
})

test('a sign-in survives a restart of the control plane, and so does its end', async () => {
  const [stays, goes] = [await small.person('ada'), await small.person('grace')]
  strictEqual((await small.ask(goes, 'session.end')).status, 200)
  await small.world.restart()
  deepStrictEqual(
    [await who(stays), await who(goes)],
    [
      [200, 'ada'],
      [401, 'token_stale'],
    ],
  )
})

test('signing out in a browser ends the session, not only the cookie', async () => {
  await small.person('ada')
  const cookie = cookieIn(await signIn({ name: 'ada', password: 'the password of ada' }))
  const out = await small.fetch('/sign-out', { method: 'POST', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
  deepStrictEqual([out.status, out.headers.get('location')], [303, '/sign-in'])
  match(out.headers.get('set-cookie') ?? '', /Max-Age=0/)
  strictEqual((await small.fetch('/v1/session', { headers: { cookie } })).status, 401)
})

test('the owner signs in by its token; a wrong one is told on the page, and where to go afterwards is of this address', async () => {
  const wrong = await signIn({ token: 'x'.repeat(43) })
  strictEqual(wrong.status, 401)
  match(await wrong.text(), /that is not the token/)
  strictEqual(wrong.headers.get('set-cookie'), null)
  const cookie = cookieIn(await signIn({ token: rootToken }))
  strictEqual((await small.fetch('/v1/people', { headers: { cookie } })).status, 200)
  for (const [next, to] of [
    ['/rollouts?x=1', '/rollouts?x=1'],
    ['//evil.example', '/'],
    ['https://evil.example', '/'],
    ['/\\evil.example', '/'],
    // What is left of these without their dots begins with two slashes, and is another host.
    ['/.//evil.example', '/'],
    ['/here/..//evil.example', '/'],
    ['/%2e/\\evil.example', '/'],
  ]) {
    const response = await small.fetch(`/sign-in?next=${encodeURIComponent(next ?? '')}`, {
      method: 'POST',
      body: new URLSearchParams({ token: rootToken }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
    })
    strictEqual(response.headers.get('location'), to, next)
  }
  const page = await small.fetch('/sign-in?next=%22%3E%3Cscript%3E')
  match(page.headers.get('content-security-policy') ?? '', /script-src 'self'.*frame-ancestors 'none'/)
  ok(!(await page.text()).includes('<script'))
})

/** Reads a stream until it ends; resolves with what came. */
const readAll = async (response: Response): Promise<string> => {
  let text = ''
  for await (const chunk of response.body ?? []) text += new TextDecoder().decode(chunk)
  return text
}

test('a stream ends at once when its reader may not read any more, and within a minute when its token has expired', async () => {
  const session = await small.person('ada', [{ role: 'viewer' }])
  const open = async (token: string): Promise<{ readonly text: Promise<string> }> => {
    const response = await small.fetch('/v1/events', { headers: { authorization: `Bearer ${token}` } })
    strictEqual(response.status, 200)
    return { text: readAll(response) }
  }
  const revoked = await open(session)
  await small.ask(rootToken, 'people.revoke', { params: { person: 'ada', role: 'viewer' } })
  match(await revoked.text, /^retry: 1000/)
  const { body } = await small.ask(rootToken, 'tokens.create', {
    body: { label: 'short', kind: 'service', scope: [{ role: 'viewer' }], expiresInMs: 60_000 },
  })
  const expired = await open(String(body['token']))
  await small.world.pass(limits.reauthoriseEveryMs + 1_000)
  match(await expired.text, /^retry: 1000/)
  const goes = await open(rootToken)
  await small.world.pass(limits.reauthoriseEveryMs * 3)
  small.closing.abort()
  match(await goes.text, /still here/)
})

test('everything that changes who may what is in the ledger, with who changed it; and no secret is', async () => {
  const session = await small.person('ada', [{ role: 'viewer' }])
  const token = String((await small.ask(session, 'tokens.create', { body: { label: 'laptop' } })).body['token'])
  const { body: lists } = await small.ask(rootToken, 'tokens.list')
  await small.ask(rootToken, 'people.remove', { params: { person: 'ada' } })
  const rows = small.world.rows.filter(({ key }) => ['person', 'token', 'session'].includes(key.kind))
  deepStrictEqual(
    rows.map(({ type, actor }) => `${type} ${actor.name}`),
    [
      'person_added token',
      'password_set token',
      'role_granted token',
      'signed_in ada',
      'token_issued ada',
      'person_removed token',
    ],
  )
  const everything = JSON.stringify([small.world.rows, lists, small.logged])
  const secrets = [session, token].map((text) => parseToken(text)?.secret ?? text)
  for (const secret of [...secrets, 'the password of ada', rootToken]) {
    for (const form of [
      secret,
      Buffer.from(secret).toString('base64'),
      encodeURIComponent(secret),
      small.context.sha256(secret),
    ])
      ok(!everything.includes(form), 'a secret is in the ledger, in a list or in the log')
  }
})

test('the use of a token is on record, once an hour and not each time', async () => {
  const { body } = await small.ask(rootToken, 'tokens.create', {
    body: { label: 'ci', kind: 'service', scope: [{ role: 'viewer' }] },
  })
  const used = async (): Promise<number> => small.world.rows.filter(({ type }) => type === 'token_used').length
  for (let turn = 0; turn < 10; turn += 1) await small.ask(String(body['token']), 'environments.list')
  strictEqual(await used(), 1)
  await small.world.pass(limits.lastUseEveryMs)
  await Promise.all(Array.from({ length: 10 }, () => small.ask(String(body['token']), 'environments.list')))
  await small.world.pass(1)
  strictEqual(await used(), 2)
  const { body: list } = await small.ask(rootToken, 'tokens.list')
  const [first] = list['items'] as readonly { readonly usedAt: number }[]
  notStrictEqual(first?.usedAt, null)
})

test('the same idempotency key of somebody else is another one: it has its own answer, never the first one’s', async () => {
  const deployer = [{ role: 'deployer' }] as const
  const [ada, grace] = [await small.person('ada', deployer), await small.person('grace', deployer)]
  const laptop = String((await small.ask(ada, 'tokens.create', { body: { label: 'laptop' } })).body['token'])
  // Two programs that are called the same are two.
  const [one, two] = [await small.service('ci', deployer), await small.service('ci', deployer)]
  const headers = { 'idempotency-key': 'k-1' }
  const lock = (token: string, more: Readonly<Record<string, string>> = {}, until: number | null = null) =>
    small.ask(token, 'environments.lock', {
      params: { environment: 'staging' },
      body: { reason: 'mine', until },
      headers: { ...headers, ...more },
    })
  const unlock = () =>
    small.ask(rootToken, 'environments.unlock', { params: { environment: 'staging' }, body: { reason: 'next' } })
  const locked = (): number => small.world.rows.filter(({ type }) => type === 'locked').length
  strictEqual((await lock(ada)).status, 200)
  // Ada's key is hers with each of her tokens; an answer that is told again does nothing.
  strictEqual((await lock(laptop)).status, 200)
  strictEqual(locked(), 1)
  // Hers would be told to everybody; as it is, they are refused by what is so: it is locked.
  for (const token of [grace, one]) {
    const refused = await lock(token)
    deepStrictEqual([refused.status, refused.name], [409, 'command_conflict'])
    match(String(refused.body['detail']), /ada/)
  }
  let done = 1
  for (const [token, more] of [
    [grace, {}],
    [one, {}],
    [two, {}],
    [rootToken, { 'x-sluice-actor': 'linus' }],
    [rootToken, { 'x-sluice-actor': 'ada' }],
  ] as const) {
    await unlock()
    strictEqual((await lock(token, more)).status, 200)
    strictEqual(locked(), (done += 1), `${JSON.stringify(more)}: done on its own`)
  }
  // For other words, one's own key is refused as before.
  const other = await lock(grace, {}, small.world.now + day)
  deepStrictEqual([other.status, other.name], [409, 'command_conflict'])
  match(String(other.body['detail']), /the idempotency key k-1 was used/)
})

const typedIn = { 'sec-fetch-site': 'none' }
const ticketOf = async (token: string): Promise<string> =>
  String((await small.ask(token, 'session.ticket')).body['path'])
const whoIn = async (cookie: string): Promise<readonly [number, string | null]> => {
  const response = await small.fetch('/v1/session', { headers: { cookie } })
  const { name } = (await response.json()) as { readonly name: string }
  return [response.status, name]
}
const personalToken = async (name: string): Promise<readonly [token: string, id: string]> => {
  const session = await small.person(name, [{ role: 'viewer' }])
  const { body } = await small.ask(session, 'tokens.create', { body: { label: 'laptop' } })
  return [String(body['token']), String(body['id'])]
}

test('sluice open: an address signs a browser in, in one click and once; who comes a second time ends what was made of it', async () => {
  const [token] = await personalToken('ada')
  const path = await ticketOf(token)
  // What lasts is in no address.
  ok(!path.includes(token.split('_')[3] ?? '?') && !path.includes(rootToken))
  // Who only looks does not use it up.
  strictEqual((await small.fetch(path, { method: 'HEAD' })).headers.get('set-cookie'), null)
  const first = await small.fetch(`${path}&next=%2Frollouts`, { headers: typedIn })
  deepStrictEqual([first.status, first.headers.get('location')], [303, '/rollouts'])
  strictEqual(first.headers.get('referrer-policy'), 'no-referrer')
  strictEqual(first.headers.get('cache-control'), 'no-store')
  match(first.headers.get('set-cookie') ?? '', /; HttpOnly; SameSite=Lax/)
  deepStrictEqual(await whoIn(cookieIn(first)), [200, 'ada'])
  for (const headers of [typedIn, {}]) {
    const again = await small.fetch(path, { headers })
    deepStrictEqual([again.status, again.headers.get('set-cookie')], [401, null])
    match(await again.text(), /this address was used before; whoever signed in by it is signed out now/)
  }
  deepStrictEqual(await whoIn(cookieIn(first)), [401, 'token_stale'])
  ok(!small.logged.join().includes(path.slice(path.indexOf('=') + 1)), 'no log has it')
})

test('sluice open: an address is good for two minutes, and leads nowhere else', async () => {
  const path = await ticketOf(rootToken)
  await small.world.pass(limits.signInTicketMs - 1)
  const abroad = await small.fetch(`${path}&next=https%3A%2F%2Fevil.example`, { headers: typedIn })
  deepStrictEqual([abroad.status, abroad.headers.get('location')], [303, '/'])
  const late = await ticketOf(rootToken)
  await small.world.pass(limits.signInTicketMs)
  for (const wrong of [late, '/sign-in/open?ticket=guess', '/sign-in/open'])
    strictEqual((await small.fetch(wrong, { headers: typedIn })).status, 401)
})

test('sluice open: a link on somebody’s page signs nobody in as somebody else without asking', async () => {
  const [token] = await personalToken('mallory')
  const path = await ticketOf(token)
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, {}] as const) {
    const asked = await small.fetch(path, { headers })
    deepStrictEqual([asked.status, asked.headers.get('set-cookie')], [200, null])
    match(await asked.text(), /Sign in as mallory\?/)
  }
  const form = new URLSearchParams({ ticket: path.slice(path.indexOf('=') + 1) }).toString()
  const send = (site: string): Promise<Response> =>
    small.fetch('/sign-in/open', {
      method: 'POST',
      body: form,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': site },
    })
  strictEqual((await send('cross-site')).status, 403)
  const own = await send('same-origin')
  strictEqual(own.status, 303)
  deepStrictEqual(await whoIn(cookieIn(own)), [200, 'mallory'])
})

test('sluice open: an address from a mail signs nobody in over who is signed in already', async () => {
  const [ada] = await personalToken('ada')
  const [mallory] = await personalToken('mallory')
  const cookie = cookieIn(await small.fetch(await ticketOf(ada), { headers: typedIn }))
  const sent = await small.fetch(await ticketOf(mallory), { headers: { ...typedIn, cookie } })
  deepStrictEqual([sent.status, sent.headers.get('set-cookie')], [200, null])
  match(await sent.text(), /Sign in as mallory\?/)
  const own = await small.fetch(await ticketOf(ada), { headers: { ...typedIn, cookie } })
  strictEqual(own.status, 303)
})

test('sluice open: what a token does not let through, no browser gets by it; what it began ends with it', async () => {
  const [token, id] = await personalToken('ada')
  const scope = [{ role: 'viewer' }] as const
  const narrow = String((await small.ask(token, 'tokens.create', { body: { label: 'x', scope } })).body['token'])
  const program = await small.service('ci', [{ role: 'admin' }])
  for (const refused of [narrow, program, await small.person('grace')])
    strictEqual((await small.ask(refused, 'session.ticket')).name, 'forbidden')
  const brief = await small.ask(token, 'tokens.create', { body: { label: 'x', expiresInMs: 300_000 } })
  const [long, short] = await Promise.all(
    [token, String(brief.body['token'])].map(async (one) =>
      cookieIn(await small.fetch(await ticketOf(one), { headers: typedIn })),
    ),
  )
  await small.world.pass(301_000)
  deepStrictEqual(await whoIn(String(short)), [401, 'token_stale'])
  deepStrictEqual(await whoIn(String(long)), [200, 'ada'])
  await small.ask(rootToken, 'tokens.revoke', { params: { token: id } })
  deepStrictEqual(await whoIn(String(long)), [401, 'token_stale'])
})
