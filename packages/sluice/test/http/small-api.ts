/**
 * The API over a small world: a real engine on a store in memory, asked without a socket. What a test does not need of the machine is not there; time is turned by hand. The service is `shop`, with
 * staging and production, once a release was cut.
 */
import { hookVerifier } from '../../src/adapters/source/hook-verifier.ts'
import { type HookKeys, noHookKeys } from '../../src/http/hook-keys.ts'
import { createHash } from 'node:crypto'
import { openIdentityProvider } from '../../src/adapters/identity/open.ts'
import { noAccessRules, type AccessRules } from '../../src/core/identity/rules.ts'
import type { GrantInput } from '../../src/http/client/contract-identity.ts'
import type { RouteId } from '../../src/http/client/paths.ts'
import { addressOf } from '../../src/http/client/client.ts'
import { paths } from '../../src/http/client/paths.ts'
import { type Api, createApi } from '../../src/http/api.ts'
import type { ApiContext } from '../../src/http/context.ts'
import { EventFeed } from '../../src/http/event-feed.ts'
import { SharedAnswer } from '../../src/http/shared-answer.ts'
import { SignInTickets } from '../../src/http/sign-in-tickets.ts'
import type { EnvironmentsView } from '../../src/http/client/environment-views.ts'
import type { Ports } from '../../src/engine/ports.ts'
import { SmallWorld } from '../engine/small-world.ts'
import { smallSecrets } from './small-secrets.ts'

/** The owner's token in these tests. */
export const rootToken: string = 'r'.repeat(43)

/** What of a request is not in its route. */
export type Sent = {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number>>
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer, read. */
export type Answered = {
  readonly status: number
  readonly name: string | null
  readonly body: Readonly<Record<string, unknown>>
}

/** See the file's header. */
export class SmallApi {
  readonly world: SmallWorld
  readonly logged: string[] = []
  readonly closing: AbortController = new AbortController()
  rules: AccessRules = noAccessRules
  /** What webhooks are checked with. */
  keys: HookKeys = noHookKeys
  readonly context: ApiContext
  readonly api: Api

  /** `more`: parts that a test has of its own. */
  constructor(more: Partial<Ports> = {}) {
    this.world = new SmallWorld(more)
    const { world, logged } = this
    const absent = new Proxy({}, { get: () => () => Promise.reject(new TypeError('not part of this world')) }) as never
    const say = (event: string, fields: object): void => void logged.push(`${event} ${JSON.stringify(fields)}`)
    this.context = {
      get engine() {
        return world.engine
      },
      clock: { now: () => world.now, after: (ms, callback) => world.after(ms, callback) },
      log: { info: say, warn: say, error: say },
      sha256: (text) => createHash('sha256').update(text).digest('hex'),
      artifacts: absent,
      provenances: absent,
      secretKeeper: smallSecrets(),
      evidence: absent,
      source: absent,
      runner: absent,
      deliveries: absent,
      book: absent,
      settings: () => Promise.reject(new TypeError('no config in this world')),
      access: () => Promise.resolve(this.rules),
      hookKeys: () => Promise.resolve(this.keys),
      hookVerifier: hookVerifier(Date.now),
      looking: () => ({ lookedAt: null, failure: null }),
      provider: openIdentityProvider({}),
      tickets: new SignInTickets({ now: () => world.now }),
      server: { version: '1.2.3', pid: 1, startedAt: 0, projectDir: '/project', stateDir: '/project/.sluice' },
      cache: () => Promise.resolve(new Response(null, { status: 404 })),
      get feed() {
        return new EventFeed(world.engine)
      },
      get overview() {
        return new SharedAnswer<EnvironmentsView>(world.engine, { clock: { now: () => world.now }, freshMs: 0 })
      },
      isStarted: () => true,
      closing: this.closing.signal,
    }
    this.api = createApi(this.context, { token: rootToken, host: '127.0.0.1' })
  }

  /** A world with a release of `shop`, running. */
  static async start(): Promise<SmallApi> {
    const small = new SmallApi()
    await small.world.cut('1.0.0')
    await small.world.engine.start()
    return small
  }

  /** Sends a request as it is. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { host: '127.0.0.1:7420', ...(init.headers as Record<string, string>) }
    return this.api.fetch(new Request(`http://127.0.0.1:7420${path}`, { ...init, headers }))
  }

  /** Asks a route with a bearer, or with none. */
  async ask(token: string | null, id: RouteId, { params, query, body, headers = {} }: Sent = {}): Promise<Answered> {
    const { method } = paths[id]
    const path = addressOf('', id, {
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { query }),
    })
    const response = await this.fetch(path, {
      method: method.toUpperCase(),
      ...(method === 'get' ? {} : { body: JSON.stringify(body ?? {}) }),
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    const read = (isJson ? JSON.parse(text) : { text }) as Readonly<Record<string, unknown>>
    return { status: response.status, name: typeof read['name'] === 'string' ? read['name'] : null, body: read }
  }

  /** A program's token of these roles. */
  async service(label: string, scope: readonly GrantInput[]): Promise<string> {
    const { status, body } = await this.ask(rootToken, 'tokens.create', { body: { label, kind: 'service', scope } })
    if (status !== 200) throw new Error(JSON.stringify(body))
    return String(body['token'])
  }

  /** A person with these roles, and the token of its sign-in. */
  async person(name: string, grants: readonly GrantInput[] = []): Promise<string> {
    const password = `the password of ${name}`
    await this.ask(rootToken, 'people.add', { body: { name, password } })
    for (const { role, environments = null } of grants)
      await this.ask(rootToken, 'people.grant', { params: { person: name, role }, body: { environments } })
    const { body } = await this.ask(null, 'session.start', { body: { name, password } })
    return String(body['token'])
  }
}
