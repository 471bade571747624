/**
 * The composition root: nothing but this file, `state.ts` and `keepers.ts` names concrete adapters. It builds the ports of one project on one machine, and the engine on top
 * of them. No logic.
 */
import { createHash } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { localCache, projectSeal, remoteCaches } from './adapters/cache/open.ts'
import { openCalendar } from './adapters/calendar/open.ts'
import { githubRules, pipelinesOf } from './adapters/ci/pipelines.ts'
import { configLoader } from './adapters/config/loader.ts'
import { localEvidence } from './adapters/evidence/local.ts'
import { openOutside } from './adapters/metrics/open.ts'
import { openHooks } from './adapters/hooks/open.ts'
import { openReviews } from './adapters/reviews/open.ts'
import { fileSecretKeeper, fileSecrets } from './adapters/secrets/file.ts'
import { runAtHand } from './adapters/security/at-hand.ts'
import { keptProvenances } from './adapters/security/provenances.ts'
import { builtinSteps } from './adapters/security/steps.ts'
import { gitSource } from './adapters/source/git.ts'
import { hookVerifier } from './adapters/source/hook-verifier.ts'
import { gitRemote } from './adapters/source/remote.ts'
import { keptProjections } from './adapters/store/projections.ts'
import { systemClock } from './adapters/system/clock.ts'
import { systemIds } from './adapters/system/ids.ts'
import { systemLog, telling } from './adapters/system/log.ts'
import { openNotifier } from './adapters/notify/open.ts'
import { notifyRules } from './adapters/notify/rules.ts'
import { openVerifier } from './adapters/verification/open.ts'
import type { BuiltinName } from './core/config/builtins.ts'
import type { SluiceError } from './core/errors.ts'
import { limits } from './core/limits.ts'
import { processDriver } from './drivers/process/driver.ts'
import { Engine } from './engine/engine.ts'
import { DeliveryRecorder } from './engine/reading/delivery-recorder.ts'
import type { Ports } from './engine/ports.ts'
import { gatewayNodeOptions } from './gateway/node-options.ts'
import type { CacheAccess } from './core/pipeline/cache/scope.ts'
import { accessRules } from './http/access-rules.ts'
import { cacheAccess, cachePrefix } from './http/cache-access.ts'
import type { ApiContext } from './http/context.ts'
import { EventFeed } from './http/event-feed.ts'
import { hookKeys } from './http/hook-keys.ts'
import { SharedAnswer } from './http/shared-answer.ts'
import { SignInTickets } from './http/sign-in-tickets.ts'
import type { CacheSeal } from './ports/cache.ts'
import type { Log } from './ports/clock.ts'
import { GatewayKeeper } from './routers/gateway/keeper.ts'
import { gatewayRouter } from './routers/gateway/router.ts'
import { openHaproxyRouter } from './routers/haproxy/open.ts'
import { routersByEnvironment } from './routers/by-environment.ts'
import { openIdentityProvider } from './adapters/identity/open.ts'
import { fileCredentials } from './adapters/credentials/files.ts'
import { LocalArtifacts, localTools } from './runner/artifacts.ts'
import { describeIsolation } from './runner/isolation/detect.ts'
import type { CacheSupport } from './runner/cache/run-caches.ts'
import { LocalRunner } from './runner/runner.ts'
import { missingFor } from './runner/services/here.ts'
import { openKeepers } from './keepers.ts'
import { openState, type State } from './state.ts'

/** What a control plane is opened with. */
export type ControlPlaneOptions = {
  /** Holds `sluice.config.ts`, in a git repository. */
  readonly projectDir: string
  /** `<projectDir>/.sluice` unless given. */
  readonly stateDir?: string
  /** The state, where somebody has begun to open it. */
  readonly state?: State
  /**
   * `keep`: it serves, has a gateway from `start` on, whenever that dies, and tells whoever the config names. `whenNeeded`: it ends with its command, has one only once traffic has to be split
   * (the pipeline alone needs none), and tells nobody.
   */
  readonly gateway: 'keep' | 'whenNeeded'
  /** `control.log` in the state directory unless given. */
  readonly log?: Log
  /** The ref that a run will be started of; null for none. */
  readonly runOf?: string | null
  /** Called with what is wrong with a cache; the runs go on without it. */
  readonly onCacheTrouble?: (text: string) => void
  /** The state can no longer be trusted: end the process; the gateway starts it again. */
  readonly onFatal: (error: SluiceError) => void
}

/** A control plane of one project, not yet started. */
export type ControlPlane = {
  readonly engine: Engine
  readonly ports: Ports
  /** What the HTTP API is made of. */
  readonly api: ApiContext
  readonly stateDir: string
  /** Recovers, then works. Until it is called nothing was started. */
  readonly start: () => Promise<void>
  /** Stops deciding and lets go of the state; gateway and instances serve on. */
  readonly close: () => Promise<void>
}

/** Version of this program. */
const programVersion = (): string => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  // Documented parser: the file is this package's own.
  return (JSON.parse(text) as { readonly version: string }).version
}

/** Opens the state and builds everything. `server_running`, `store_corrupt`, `store_newer`, `store_full`, `usage_invalid` for a path too long. */
export const openControlPlane = async (options: ControlPlaneOptions): Promise<ControlPlane> => {
  const { stateDir, store: opening } =
    options.state ?? openState(options.stateDir ?? join(options.projectDir, '.sluice'))
  const projectDir = realpathSync(options.projectDir)
  const written = options.log ?? systemLog({ to: join(stateDir, 'control.log') })
  const { onCacheTrouble: tell } = options
  const log = tell === undefined ? written : telling(written, { event: 'cache_trouble', tell })
  const gatewayFile = fileURLToPath(new URL('./gateway/bin.ts', import.meta.url))
  const source = gitSource(projectDir)
  // Git looks while the store is opened.
  if (typeof options.runOf === 'string') source.expect?.(options.runOf)
  // The store first: it is the lock, and nothing else may be touched by a second control plane.
  const store = await opening
  const command = [process.execPath, ...gatewayNodeOptions, gatewayFile, '--state-dir', stateDir]
  const keeper = new GatewayKeeper({ stateDir, log, command })
  const gateway = gatewayRouter({ stateDir, log, ensure: () => keeper.start() })
  const haproxy = openHaproxyRouter({ stateDir, log, clock: systemClock(), path: process.env['PATH'] ?? '' })
  const router = routersByEnvironment(gateway, haproxy)
  const ports = localPorts({ projectDir, stateDir, log, store, router, source })
  const engine = new Engine(ports, {
    owner: `${process.pid}@${stateDir}`,
    onFatal: options.onFatal,
    ...(options.gateway === 'keep' ? {} : { tells: 'nobody' as const }),
  })
  const closing = new AbortController()
  const keepers = openKeepers(ports, { engine, projectDir, stateDir, signal: closing.signal })
  let isStarted = false
  return {
    engine,
    ports,
    stateDir,
    api: {
      ...apiOf(ports, { engine, projectDir, stateDir, closing: closing.signal }),
      book: keepers.book,
      looking: keepers.looking,
      isStarted: () => isStarted,
    },
    start: async () => {
      if (options.gateway === 'keep') keeper.start()
      await haproxy.start()
      await engine.start()
      isStarted = true
      // A process that ends with its command starts nothing by itself.
      if (options.gateway === 'keep') keepers.start()
    },
    close: async () => {
      // A process that ends with its command sweeps at its end.
      if (options.gateway !== 'keep' && isStarted) await keepers.sweep()
      closing.abort()
      await keepers.stop()
      // It decides nothing from here on; what is left is closing files on one side, removing them on the other.
      await Promise.all([engine.stop(), ports.runner.settled()])
      await keeper.stop()
      gateway.close()
      await haproxy.close()
    },
  }
}

type ApiPlace = Pick<ApiContext, 'engine' | 'closing'> & { readonly projectDir: string; readonly stateDir: string }

/** What the HTTP API is made of, but for what begins and ends with the control plane. */
const apiOf = (
  ports: Ports,
  { engine, closing, projectDir, stateDir }: ApiPlace,
): Omit<ApiContext, 'book' | 'looking' | 'isStarted'> => {
  const { clock, log, config } = ports
  return {
    engine,
    ...ports,
    deliveries: new DeliveryRecorder({ ...ports, reading: engine.reading }),
    provenances: keptProvenances(stateDir),
    secretKeeper: fileSecretKeeper(stateDir, process.env),
    cache: sharedCache(stateDir),
    settings: (signal) => config.load(projectDir, signal),
    access: accessRules({ clock, log, load: () => config.load(projectDir, closing) }),
    hookKeys: hookKeys({ ...ports, load: (signal) => ports.project.settings(signal) }),
    hookVerifier: hookVerifier(Date.now),
    provider: openIdentityProvider(process.env),
    tickets: new SignInTickets(clock),
    server: { version: programVersion(), pid: process.pid, startedAt: clock.now(), projectDir, stateDir },
    feed: new EventFeed(engine),
    overview: new SharedAnswer(engine, { clock, freshMs: limits.overviewFreshMs }),
    closing,
  }
}

type LocalPlace = Pick<Ports, 'log' | 'store' | 'router' | 'source'> & {
  readonly projectDir: string
  readonly stateDir: string
}

/** Every part on this machine. */
const localPorts = ({ projectDir, stateDir, log, store, router, source }: LocalPlace): Ports => {
  const artifacts = new LocalArtifacts(stateDir, localTools())
  const evidence = localEvidence(stateDir)
  const secrets = fileSecrets(stateDir, process.env)
  const clock = systemClock()
  const config = configLoader(join(stateDir, 'cache', 'configs'))
  const github = githubRules({ repository: projectDir, toolCache: join(stateDir, 'tools'), token: '' })
  return {
    log,
    store,
    router,
    artifacts,
    evidence,
    secrets,
    notifier: openNotifier({ secrets, version: programVersion() }),
    notifyRules: notifyRules({ clock, load: () => config.load(projectDir, new AbortController().signal) }),
    reviews: openReviews({
      secrets,
      load: async (signal) => (await config.load(projectDir, signal)).source ?? null,
    }),
    projections: keptProjections(stateDir),
    credentials: fileCredentials(stateDir),
    ...openOutside({ now: Date.now, era: `${process.pid}.${Date.now()}` }),
    github,
    clock,
    ids: systemIds(),
    calendar: openCalendar(),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    driver: processDriver({
      stateDir,
      artifacts,
      secrets,
      log,
    }),
    hooks: openHooks({ directory: projectDir, environment: process.env }),
    verifier: openVerifier({ artifacts, secrets, ambient: process.env, now: Date.now, random: Math.random }),
    source,
    remote: gitRemote(projectDir),
    project: { settings: (signal) => config.load(projectDir, signal) },
    config,
    runner: new LocalRunner({
      stateDir,
      artifacts,
      evidence,
      environment: process.env,
      cores: availableParallelism(),
      now: Date.now,
      repository: projectDir,
      builtins: builtinSteps({
        projectDir,
        stateDir,
        sluiceVersion: programVersion(),
        now: Date.now,
      }),
      caches: cacheSupport(stateDir, log),
      github,
    }),
    pipelines: pipelinesOf({
      projectDir,
      cacheDir: join(stateDir, 'cache', 'workflows'),
      version: programVersion(),
      missingFor: (image) => missingFor(image, process.env),
    }),
  }
}

/** What keeps jobs apart on this machine, in words. */
export const isolationHere = async (
  stateDir: string,
): Promise<{ readonly kind: 'layers' | 'processes' | 'none'; readonly text: string }> => {
  const runner = new LocalRunner({ stateDir, environment: process.env, cores: availableParallelism(), now: Date.now })
  const isolation = await runner.isolation()
  return { kind: isolation.kind === 'shared' ? 'none' : isolation.kind, text: describeIsolation(isolation) }
}

/** A built-in step on the project as it stands, outside of any run. `range`: the commits to look at, those of the branch when null. */
export const runStepByHand = async (
  { projectDir, stateDir, name, options, range }: StepByHand,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<typeof runAtHand>>> => {
  const source = gitSource(projectDir)
  const commit = await source.resolve(range?.to ?? 'HEAD', signal)
  const found = await source.place({ ref: 'HEAD', commit: commit.id, seen: [] }, signal)
  const base = range === null ? found.base : (await source.resolve(range.from, signal)).id
  const settings = await configLoader(join(stateDir, 'cache', 'configs'))
    .load(projectDir, signal)
    .catch(() => null)
  const written = Object.values(settings?.pipeline.jobs ?? {})
    .flatMap(({ steps }) => steps)
    .find(({ builtin }) => builtin?.name === `sluice/${name}`)?.builtin?.options
  const steps = builtinSteps({ projectDir, stateDir, sluiceVersion: programVersion(), now: Date.now })
  const given = typeof written === 'object' && written !== null ? { ...written, ...options } : options
  const origin = { ...found, base }
  return runAtHand(
    { name, options: given, projectDir, service: settings?.service ?? '', commit, origin, steps },
    signal,
  )
}

/** What `runStepByHand` is asked for. `options` win over those of the config's step of that name. */
export type StepByHand = {
  readonly projectDir: string
  readonly stateDir: string
  readonly name: BuiltinName
  readonly options: Readonly<Record<string, unknown>>
  readonly range: { readonly from: string; readonly to: string } | null
}

/** What runs keep from one to the next: in the state directory, and where the config says. */
const cacheSupport = (stateDir: string, log: Log): CacheSupport => {
  let seal: CacheSeal | null = null
  const sealed = (): CacheSeal => (seal ??= projectSeal(stateDir, process.env))
  return {
    seal: {
      sign: (text) => sealed().sign(text),
      verify: (text, signature) => sealed().verify(text, signature),
      digestSecret: (name, value) => sealed().digestSecret(name, value),
    },
    report: ({ kind, text }) => log.warn('cache_trouble', { kind, text }),
    open: ({ remote, bytesMax }) => {
      const { stores, refused } = remoteCaches(remote, process.env)
      if (refused !== null)
        log.warn('cache_trouble', { kind: 'remote_refused', text: `the shared cache is not used: ${refused}` })
      return { local: localCache({ stateDir, seal: sealed(), bytesMax }), remotes: stores }
    },
  }
}

/** The cache of this control plane for runners elsewhere. Without a token on the wire nobody is let in. */
const sharedCache = (stateDir: string): ApiContext['cache'] => {
  const pull = process.env['SLUICE_CACHE_PULL_TOKEN'] ?? null
  return async (request, token) => {
    const { cacheHandler } = await import('./adapters/cache/http-handler.ts')
    const seal = projectSeal(stateDir, process.env)
    const access = (asked: Request): CacheAccess | null =>
      token === null ? null : cacheAccess(asked, { all: token, pull })
    return cacheHandler({ cache: localCache({ stateDir, seal, bytesMax: null }), seal, access, prefix: cachePrefix })(
      request,
    )
  }
}
