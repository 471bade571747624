/**
 * A control plane over a world that is small and does what it is told: instances start at once, the router shows what it was given. Time is turned by hand; counts, health and failures are
 * set by the test.
 */
import { createHash } from 'node:crypto'
import { setImmediate as drained } from 'node:timers/promises'
import { timesOf } from '../../src/adapters/calendar/rrule.ts'
import { type CommitFault, createMemoryDisk, type MemoryDisk } from '../../src/adapters/store/memory.ts'
import { parseConfig } from '../../src/core/config/parse.ts'
import { resolveEnvironments } from '../../src/core/config/resolve.ts'
import type { PolicyConfig } from '../../src/core/config/types-governance.ts'
import type { EnvironmentConfig } from '../../src/core/config/types.ts'
import { SluiceError } from '../../src/core/errors.ts'
import type { LedgerRow } from '../../src/core/ledger/entry.ts'
import {
  commitId,
  digest,
  type HealthPolicy,
  type Instance,
  type Release,
  type ReleaseId,
  runId,
} from '../../src/core/model.ts'
import { cutRelease } from '../../src/core/release.ts'
import type { ArmCounters, GatewayNotice, Route } from '../../src/core/routing.ts'
import { type Caller, Engine } from '../../src/engine/engine.ts'
import type { Ports } from '../../src/engine/ports.ts'
import type { Rollout } from '../../src/engine/trusted.ts'
import type { Commit } from '../../src/ports/store.ts'
import type { Notifier, NotifyRead } from '../../src/ports/notifier.ts'
import type { RetireRequest, StartRequest } from '../../src/ports/driver.ts'
import { memoryCredentials } from '../identity/memory-credentials.ts'
import { Timeline } from '../sim/engine/timeline.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

type Absent =
  | 'source'
  | 'remote'
  | 'project'
  | 'config'
  | 'artifacts'
  | 'evidence'
  | 'runner'
  | 'pipelines'
  | 'github'
  | 'externalJudge'
  | 'verifier'
  | 'reviews'
  | 'hooks'

/** Who asks in these tests. */
export const ada: Caller = { by: { kind: 'person', name: 'ada' }, reason: 'because', idempotencyKey: null }

/** What a test says of a release. */
export type Made = {
  /** `shop` when absent. */
  readonly service?: string
  readonly staging?: Partial<EnvironmentConfig>
  readonly production?: Partial<EnvironmentConfig>
  readonly migrations?: readonly string[]
  readonly flags?: readonly string[]
  readonly policies?: Readonly<Record<string, PolicyConfig>>
  /** Of every secret in production. */
  readonly secretVersion?: string
}

type Place = { readonly service: string; readonly environment: string }

/** How the world calls an environment: by its name alone where it is one of `shop`. */
const placeOf = ({ service, environment }: Place): string =>
  service === 'shop' ? environment : `${service}/${environment}`

/** See the file's header. */
export class SmallWorld {
  readonly disk: MemoryDisk = createMemoryDisk(sha256)
  readonly started: StartRequest[] = []
  readonly retired: RetireRequest[] = []
  /** How the instances were asked for that the router was to probe. */
  readonly probed: HealthPolicy[] = []
  readonly routes: Map<string, Route> = new Map()
  readonly counts: Map<ReleaseId, { requests: number; bad: number }> = new Map()
  /** What the metric source gives for a query; it rejects for what is not in it. */
  readonly measured: Map<string, number> = new Map()
  /** Releases whose instances never become healthy. */
  readonly sick: Set<ReleaseId> = new Set()
  /** What the disk does with a commit. */
  fault: (commit: Commit) => CommitFault = () => 'none'
  /** What the config says about notifications. */
  notify: NotifyRead = { status: 'read', settings: null, service: 'shop' }
  /** What receivers do with a message. */
  send: Notifier['send'] = async () => ({ status: 'delivered', receipt: {} })
  /** Whether it ends with its command, from its next start on. */
  endsWithCommand = false
  /** What was folded and kept. */
  readonly kept: Map<string, string> = new Map()
  /** Tells the control plane what the data plane tells by itself. */
  notice: (notice: GatewayNotice) => void = () => {}
  readonly #instances = new Map<string, Instance & { readonly environment: string }>()
  readonly #time = new Timeline(() => {})
  readonly #credentials = memoryCredentials()
  #made = 0
  #ids = 0
  engine: Engine
  /** Parts that a test has of its own. */
  readonly #more: Partial<Ports>

  constructor(more: Partial<Ports> = {}) {
    this.#more = more
    this.engine = this.#boot()
  }

  get now(): number {
    return this.#time.now
  }

  /** Calls back once the clock was turned so far. */
  after(ms: number, run: () => void): () => void {
    return this.#time.after(ms, run)
  }

  /** Turns the clock by so much, with all that happens meanwhile. */
  async pass(ms: number): Promise<void> {
    const end = this.#time.now + ms
    this.#time.after(ms, () => {})
    while (this.#time.now < end) {
      await drained()
      this.#time.step()
    }
    await drained()
  }

  get rows(): readonly LedgerRow[] {
    return this.disk.rows()
  }

  /** Kills the control plane and starts another on the same disk. */
  async restart(): Promise<void> {
    await this.engine.stop().catch(() => {})
    this.engine = this.#boot()
    await this.engine.start()
  }

  /** Cuts a release. */
  async cut(
    version: string,
    {
      service = 'shop',
      staging = {},
      production = {},
      migrations = [],
      flags = [],
      policies = {},
      secretVersion = 'v1',
    }: Made = {},
  ): Promise<Release> {
    this.#made += 1
    const fill = sha256(service === 'shop' ? version : `${service} ${version}`)
    const common = { instances: 1, drainTimeout: '1s', stopGrace: '1s', strategy: 'blueGreen' } as const
    const config = {
      service,
      pipeline: { jobs: { build: { steps: 'true', artifacts: { app: 'dist' } } } },
      start: { command: 'node server.js' },
      policies,
      environments: {
        staging: { ...common, listen: 8001, ...staging },
        production: { ...common, after: null, listen: 8002, ...production },
      },
    }
    const environments = resolveEnvironments(parseConfig(config, { file: 'x', text: '', distance: () => 99 }), {
      production: Object.fromEntries((production.secrets ?? []).map((name) => [name, secretVersion])),
    })
    const draft = {
      schema: 1 as const,
      service,
      version,
      commit: { id: commitId(fill.slice(0, 40)), subject: version, author: 'Ada', committedAt: this.#made },
      start: { command: 'node server.js', artifact: 'app' },
      environments,
      migrations,
      ...(flags.length === 0 ? {} : { flags }),
    }
    const artifacts = [{ name: 'app', digest: digest(`sha256:${fill}`), bytes: 1 }]
    const release = cutRelease({ draft, artifacts, run: runId(`run_${this.#made}`), at: this.#made }, sha256)
    const store = this.disk.open()
    const lease = await store.acquireLease('setup', 0)
    const key = { kind: 'release', id: release.id } as const
    const body = { type: 'release_cut', at: 0, release } as const
    const entry = { key, version: 1, type: body.type, form: 1, at: 0, actor: ada.by, reason: null, body }
    const state = { status: 'cut', release }
    const transition = { key, expectedVersion: 0, machineVersion: 1, state, settled: true, nextAt: null, effects: [] }
    await store.commit({ lease, transitions: [{ ...transition, writes: 'state', entries: [entry] }], request: null })
    // The set-up took the lease, so whoever had it starts anew.
    await this.restart()
    return release
  }

  /** Deploys to production (or where else) and waits until it is over. */
  async rollOut(release: Release, environment = 'production'): Promise<Rollout> {
    const command = { service: release.content.service, environment, purpose: 'deploy', release: release.id } as const
    const { rollout } = await this.engine.deploy(command, ada)
    return this.settled(rollout)
  }

  /** The rollout once it is over. */
  settled(rollout: string): Promise<Rollout> {
    return this.until(
      () => this.engine.reading.rollout(rollout),
      ({ status }) => status === 'succeeded' || status === 'rolled_back',
    )
  }

  /** Turns the clock until something is so. Throws after a year. */
  async until<State>(read: () => Promise<State>, holds: (state: State) => boolean): Promise<State> {
    for (let turn = 0; turn < 20_000; turn += 1) {
      await drained()
      const state = await read()
      if (holds(state)) return state
      this.#time.step()
    }
    throw new Error('it never came to be')
  }

  /** The next commit that this is so of is not written, for lack of space. */
  failNext(isHit: (commit: Commit) => boolean = () => true): void {
    this.fault = (commit) => {
      if (!isHit(commit)) return 'none'
      this.fault = () => 'none'
      return 'full'
    }
  }

  /** The answer to what may have to wait for a moment. */
  async answer<Answer>(asked: Promise<Answer>): Promise<Answer> {
    let isIn = false
    const over = (): void => {
      isIn = true
    }
    void asked.then(over, over)
    await this.until(
      async () => isIn,
      (yet) => yet,
    )
    return asked
  }

  /** Turns the clock on by so much. */
  async later(ms: number): Promise<void> {
    const isOver = { yet: false }
    this.#time.after(ms, () => (isOver.yet = true))
    await this.until(
      async () => isOver.yet,
      (yet) => yet,
    )
  }

  /** Answers of a release from now on, counted. */
  count(release: Release, requests: number, bad: number): void {
    const before = this.counts.get(release.id) ?? { requests: 0, bad: 0 }
    this.counts.set(release.id, { requests: before.requests + requests, bad: before.bad + bad })
  }

  serving(environment = 'production', service = 'shop'): readonly ReleaseId[] {
    return this.routes.get(placeOf({ service, environment }))?.arms.map(({ release }) => release) ?? []
  }

  #boot(): Engine {
    const onFatal = (error: Error): void => {
      if (!(error instanceof SluiceError) || error.code !== 'store_fenced') throw error
    }
    return new Engine(this.#ports(), {
      owner: `plane ${this.#made}`,
      onFatal,
      ...(this.endsWithCommand ? { tells: 'nobody' as const } : {}),
    })
  }

  #ports(): Ports {
    // `expect` and `recall`: what a runner need not have, it has not.
    const missing = (_: object, name: string | symbol): unknown =>
      name === 'expect' || name === 'recall' ? undefined : () => Promise.reject(new TypeError('not part of this world'))
    const absent = new Proxy({}, { get: missing })
    const log = { info: () => {}, warn: () => {}, error: () => {} }
    return {
      credentials: this.#credentials,
      ...(Object.fromEntries(
        [
          'source',
          'remote',
          'project',
          'config',
          'artifacts',
          'evidence',
          'runner',
          'pipelines',
          'github',
          'externalJudge',
          'verifier',
          'reviews',
          'hooks',
        ].map((name) => [name, absent]),
      ) as Pick<Ports, Absent>),
      clock: { now: () => this.#time.now, after: (ms, call) => this.#time.after(ms, call) },
      calendar: { times: async (rule, span) => timesOf(rule, span) },
      // What a token names has a form of its own.
      ids: { next: (prefix) => `${prefix}_${String((this.#ids += 1)).padStart(/tok|ses/.test(prefix) ? 19 : 1, '0')}` },
      log,
      sha256,
      store: this.disk.open({ commit: (commit) => this.fault(commit) }),
      metrics: {
        sample: () => {
          const fine = { units: 1_000_000, badUnits: 0 }
          return Promise.resolve({ era: '1', candidate: fine, stable: fine, observedAt: this.#time.now })
        },
        measure: ({ query }) => {
          const value = this.measured.get(query)
          return value === undefined
            ? Promise.reject(new SluiceError('metric_absent', { detail: `nothing matches ${query}` }))
            : Promise.resolve(value)
        },
      },
      secrets: { versions: async () => ({}), values: async (versions) => ({ ...versions }) },
      driver: this.#driver(),
      router: this.#router(),
      notifier: { send: (delivery, signal) => this.send(delivery, signal) },
      notifyRules: { read: async () => this.notify },
      projections: {
        read: async (name) => this.kept.get(name) ?? null,
        keep: async (name, text) => void this.kept.set(name, text),
      },
      ...this.#more,
    }
  }

  #driver(): Ports['driver'] {
    return {
      capabilities: { fencing: 'compareAndSet' },
      start: async (request) => {
        this.started.push(request)
        const { release, spec, count } = request
        for (let index = 0; index < count; index += 1) {
          const environment = placeOf({ service: release.content.service, environment: spec.name })
          const id = `${environment}-${release.id.slice(4, 16)}-${index}`
          const place = { id, release: release.id, index, host: '127.0.0.1', port: 20_000 + this.#instances.size }
          this.#instances.set(id, { ...place, status: 'running', restarts: 0, environment })
        }
        return [...this.#instances.values()]
      },
      retire: async (request) => {
        this.retired.push(request)
        for (const [id, one] of this.#instances)
          if (one.environment === placeOf(request) && one.release === request.release && one.index >= request.keep)
            this.#instances.delete(id)
      },
      observe: async (service, environment) =>
        [...this.#instances.values()].filter((one) => one.environment === placeOf({ service, environment })),
      logs: async () => [],
      supervise: async () => {},
    }
  }

  #router(): Ports['router'] {
    const observe = (place: Place) => {
      const route = this.routes.get(placeOf(place))
      if (route === undefined) return null
      const counters = route.arms.map(({ release }): ArmCounters => {
        const { requests, bad } = this.counts.get(release) ?? { requests: 0, bad: 0 }
        return { release, requests, bad, units: requests, badUnits: bad, inFlight: 0, latency: [requests] }
      })
      const logE = route.tripwire === null ? null : 0
      return { route, counters, logE, trip: null, paused: false, observedAt: this.#time.now }
    }
    return {
      probe: async ({ upstreams, successes, health }) => {
        this.probed.push(health)
        // Long enough that somebody may say something meanwhile.
        await new Promise<void>((resolve) => this.#time.after(100, resolve))
        return upstreams.map(({ instance }) => {
          const healthy = !this.sick.has(this.#instances.get(instance)?.release ?? ('' as ReleaseId))
          return { instance, healthy, successes: healthy ? successes : 0, last: healthy ? '200' : '503' }
        })
      },
      shift: async (route) => {
        this.routes.set(placeOf(route), route)
        return observe(route) ?? Promise.reject(new Error('no route'))
      },
      observe: async (place) => observe(place),
      drain: async () => 0,
      remove: async (place) => void this.routes.delete(placeOf(place)),
      watch: (onNotice) => {
        this.notice = onNotice
      },
    }
  }
}
