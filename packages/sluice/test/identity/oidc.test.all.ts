/** Signing in at a real OpenID Connect provider (`oidc-provider`, certified), by its own login page, over sockets. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { Provider } from 'oidc-provider'
import { type Typed, type as typeIn } from '../cli/sluice.ts'
import { freePort } from '../free-port.ts'
import { SmallApi } from '../http/small-api.ts'
import { listen } from '../../src/http/server.ts'

const here = 'http://127.0.0.1:7420'
let server: Server
/** Where a control plane listens for command lines. */
let there: string
let issuer: string
let small: SmallApi

/** Who the provider knows; the password is not looked at by its development pages. */
const accounts: Readonly<Record<string, { readonly name: string; readonly groups: readonly string[] }>> = {
  'subject-ada': { name: 'Ada', groups: ['sre'] },
  'subject-grace': { name: 'grace', groups: [] },
  'subject-thief': { name: 'ada', groups: ['sre'] },
}
const told = new Map<string, readonly string[]>()

before(async () => {
  there = `http://127.0.0.1:${await freePort()}`
  // The issuer is known once it listens.
  const { createServer } = await import('node:http')
  server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'sluice',
        token_endpoint_auth_method: 'none',
        redirect_uris: [`${here}/sign-in/oidc/callback`, `${there}/sign-in/oidc/callback`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    cookies: { keys: ['a key of a test'] },
    pkce: { required: () => true },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({
        sub,
        preferred_username: accounts[sub]?.name,
        groups: [...(told.get(sub) ?? accounts[sub]?.groups ?? [])],
      }),
    }),
  })
  server.on('request', provider.callback())
})
after(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(async () => {
  told.clear()
  small = await SmallApi.start()
  small.rules = {
    url: here,
    oidc: {
      issuer,
      clientId: 'sluice',
      clientSecretVariable: null,
      scopes: ['openid', 'profile'],
      nameClaim: 'preferred_username',
      groupsClaim: 'groups',
    },
    groupRoles: [{ group: 'sre', role: 'deployer', environments: ['staging'] }],
    workloads: [],
  }
})

/** A browser as far as it is needed: it keeps cookies by their host, and follows where it is sent. */
class Browser {
  readonly #cookies = new Map<string, Map<string, string>>()

  async go(
    url: string,
    form: Readonly<Record<string, string>> | null = null,
  ): Promise<{ readonly url: string; readonly response: Response }> {
    const { origin, pathname, search } = new URL(url)
    const jar = this.#cookies.get(origin) ?? new Map<string, string>()
    this.#cookies.set(origin, jar)
    const init: RequestInit = {
      redirect: 'manual',
      method: form === null ? 'GET' : 'POST',
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form === null
          ? {}
          : { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }),
      },
      ...(form === null ? {} : { body: new URLSearchParams(form).toString() }),
    }
    const response = await (origin === here ? small.fetch(`${pathname}${search}`, init) : fetch(url, init))
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';')
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      const isGone = value === '' || attributes.some((one) => /max-age=0|expires=Thu, 01 Jan 1970/i.test(one))
      if (isGone) jar.delete(name)
      else jar.set(name, value)
    }
    const to = response.headers.get('location')
    return to === null ? { url, response } : { url: new URL(to, url).href, response }
  }

  /** Signs in as somebody; gives the last answer of the control plane. `stop`: where to stop, before that address is asked. */
  async signIn(
    subject: string,
    stop: (url: string) => boolean = () => false,
  ): Promise<{ readonly url: string; readonly response: Response }> {
    let step = await this.go(`${here}/sign-in/oidc?next=%2Frollouts`)
    for (let turn = 0; turn < 20; turn += 1) {
      if (stop(step.url)) return step
      if (step.response.status < 300 || step.response.status >= 400) {
        if (step.url.startsWith(here)) return step
        const prompt = /name="prompt" value="(\w+)"/.exec(await step.response.text())?.[1]
        ok(prompt, `the provider answered ${step.response.status}`)
        step = await this.go(step.url, prompt === 'login' ? { prompt, login: subject, password: 'x' } : { prompt })
      } else if (step.url === `${here}/rollouts`) return step
      else step = await this.go(step.url)
    }
    throw new Error(`it never ended: ${step.url}`)
  }

  /** Goes where it is sent until a page is shown; at the provider it signs in as somebody. */
  async visit(
    url: string,
    subject: string,
  ): Promise<{ readonly url: string; readonly status: number; readonly text: string }> {
    let step = await this.go(url)
    for (let turn = 0; turn < 20; turn += 1) {
      const { status } = step.response
      if (status >= 300 && status < 400) {
        step = await this.go(step.url)
        continue
      }
      const text = await step.response.text()
      if (!step.url.startsWith(issuer)) return { url: step.url, status, text }
      const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1] ?? 'login'
      step = await this.go(step.url, prompt === 'login' ? { prompt, login: subject, password: 'x' } : { prompt })
    }
    throw new Error(`it never ended: ${step.url}`)
  }

  async ask(path: string): Promise<Readonly<Record<string, unknown>>> {
    const { response } = await this.go(`${here}${path}`)
    return (await response.json()) as Readonly<Record<string, unknown>>
  }
}

test('a person signs in at the provider, has the roles of its groups, and comes back to where it wanted to go', async () => {
  const browser = new Browser()
  const { url } = await browser.signIn('subject-ada')
  strictEqual(url, `${here}/rollouts`)
  const who = await browser.ask('/v1/session')
  deepStrictEqual([who['kind'], who['name'], who['groups']], ['person', 'ada', ['sre']])
  deepStrictEqual(who['grants'], [{ role: 'deployer', environments: ['staging'] }])
  const rows = small.world.rows.filter(({ key }) => key.kind === 'person' || key.kind === 'session')
  deepStrictEqual(
    rows.map(({ type }) => type),
    ['person_added', 'groups_changed', 'signed_in'],
  )
  // Who is no longer in the group has no longer its role.
  told.set('subject-ada', [])
  await new Browser().signIn('subject-ada')
  deepStrictEqual((await browser.ask('/v1/session'))['grants'], [])
})

test('who signs in without a group may nothing', async () => {
  const browser = new Browser()
  await browser.signIn('subject-grace')
  strictEqual((await browser.ask('/v1/environments'))['name'], 'forbidden')
})

test('somebody else to whom the provider gives the same name does not get what the first one has', async () => {
  await new Browser().signIn('subject-ada')
  const { response } = await new Browser().signIn('subject-thief')
  strictEqual(response.status, 401)
  match(await response.text(), /the name ada is that of somebody else here/)
})

test('who was removed here does not come back by signing in', async () => {
  await new Browser().signIn('subject-ada')
  await small.ask('r'.repeat(43), 'people.remove', { params: { person: 'ada' } })
  const { response } = await new Browser().signIn('subject-ada')
  strictEqual(response.status, 401)
  match(await response.text(), /was removed/)
})

test('an answer of the provider is good once, in the browser that asked, with the state that it was asked with', async () => {
  const browser = new Browser()
  const { url: callback } = await browser.signIn('subject-ada', (url) =>
    url.startsWith(`${here}/sign-in/oidc/callback`),
  )
  const stranger = await new Browser().go(callback)
  strictEqual(stranger.response.status, 401)
  const forged = new URL(callback)
  forged.searchParams.set('state', 'another')
  strictEqual((await browser.go(forged.href)).response.status, 401)
  // The flow is over with the first answer that came for it, whatever came of it.
  strictEqual((await browser.go(callback)).response.status, 401)
  const other = new Browser()
  const { url: second } = await other.signIn('subject-ada', (url) => url.startsWith(`${here}/sign-in/oidc/callback`))
  const code = new URL(second)
  code.searchParams.set('code', `${code.searchParams.get('code')}x`)
  const { response } = await other.go(code.href)
  strictEqual(response.status, 401)
  strictEqual(small.world.rows.filter(({ type }) => type === 'signed_in').length, 0)
})

const fieldsIn = (page: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...page.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  )

test('sluice login: a command line is let in by a browser that signs in at the provider, and keeps a token of its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-login-'))
  small.rules = { ...small.rules, url: there }
  const listening = await listen(small.api, { host: '127.0.0.1', port: Number(new URL(there).port) })
  const sluice = (...args: readonly string[]): Typed =>
    typeIn([...args, '--server', there], { cwd: folder, env: { XDG_CONFIG_HOME: folder } })
  try {
    const login = sluice('login', '--no-browser')
    await login.said('/sign-in/cli?')
    const [address = ''] = /http:\S+\/sign-in\/cli\S+/.exec(login.noted()) ?? []
    const browser = new Browser()
    const signIn = await browser.visit(address, 'subject-ada')
    strictEqual(signIn.status, 200)
    const [, toProvider = ''] = /href="(\/sign-in\/oidc[^"]+)"/.exec(signIn.text) ?? []
    const asked = await browser.visit(`${there}${toProvider.replaceAll('&amp;', '&')}`, 'subject-ada')
    match(asked.text, /Let the command line on this computer in as ada\?/)
    const back = await browser.go(`${there}/sign-in/cli`, fieldsIn(asked.text))
    match(back.url, /^http:\/\/127\.0\.0\.1:\d+\/\?code=[\w-]{43}&state=/)
    // Somebody else who finds the port is told nothing, and stops nothing.
    strictEqual((await fetch(back.url.replace(/state=./, 'state=_'))).status, 404)
    strictEqual((await fetch(back.url)).status, 200)
    const { code, stdout, stderr } = await login.ended
    strictEqual(code, 0, stderr)
    match(stdout, /signed in to http:\S+ as ada, until /)
    const path = join(folder, 'sluice', 'logins.json')
    strictEqual((await stat(path)).mode & 0o777, 0o600)
    const kept = JSON.parse(await readFile(path, 'utf8')) as {
      readonly logins: Readonly<Record<string, { readonly token: string; readonly expiresAt: number }>>
    }
    match(kept.logins[there]?.token ?? '', /^slu_pat_/)
    strictEqual(kept.logins[there]?.expiresAt, small.world.now + 30 * 86_400_000)
    match((await sluice('whoami').ended).stdout, /^ada, a person/)
    const used = new URL(back.url).searchParams.get('code') ?? ''
    const again = await small.ask(null, 'session.redeem', { body: { code: used, verifier: 'x'.repeat(43) } })
    deepStrictEqual([again.status, again.name], [401, 'sign_in_failed'])
  } finally {
    await listening.close()
    await rm(folder, { recursive: true, force: true })
  }
})

test('a code for a command line is good once, for whoever knows what its challenge was made of', async () => {
  const browser = new Browser()
  await browser.signIn('subject-ada')
  const verifier = 'v'.repeat(43)
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const coded = async (): Promise<string> => {
    const { url } = await browser.go(`${here}/sign-in/cli`, { port: '1234', state: 's'.repeat(22), challenge })
    return new URL(url).searchParams.get('code') ?? ''
  }
  const redeem = async (code: string, said: string): Promise<number> =>
    (await small.ask(null, 'session.redeem', { body: { code, verifier: said } })).status
  const stolen = await coded()
  strictEqual(await redeem(stolen, 'w'.repeat(43)), 401)
  strictEqual(await redeem(stolen, verifier), 401)
  const good = await coded()
  strictEqual(await redeem(good, verifier), 200)
  strictEqual(await redeem(good, verifier), 401)
  // A code of a command line opens no browser.
  strictEqual(
    (await small.fetch(`/sign-in/open?ticket=${await coded()}`, { headers: { 'sec-fetch-site': 'none' } })).status,
    401,
  )
  for (const wrong of [{ port: '0' }, { port: '1234', state: 'short' }, { challenge: 'x' }])
    strictEqual(
      (await browser.go(`${here}/sign-in/cli`, { port: '1234', state: 's'.repeat(22), challenge, ...wrong })).response
        .status,
      400,
    )
})
