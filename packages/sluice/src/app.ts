/**
 * The composition root: the only file that names concrete adapters. It builds the ports of one project on one machine, and the engine on top
 * of them. No logic.
 */
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { localCache, projectSeal, remoteCaches } from './adapters/cache/open.ts'
import { githubRules, pipelinesOf } from './adapters/ci/pipelines.ts'
import { configLoader } from './adapters/config/loader.ts'
import { localEvidence } from './adapters/evidence/local.ts'
import { fileSecrets } from './adapters/secrets/file.ts'
import { gitSource } from './adapters/source/git.ts'
import { openSqliteStore } from './adapters/store/sqlite/store.ts'
import { systemClock } from './adapters/system/clock.ts'
import { systemIds } from './adapters/system/ids.ts'
import { systemLog } from './adapters/system/log.ts'
import { SluiceError } from './core/errors.ts'
import { processDriver } from './drivers/process/driver.ts'
import { Engine } from './engine/engine.ts'
import type { Ports } from './engine/ports.ts'
import { gatewayNodeOptions } from './gateway/node-options.ts'
import type { CacheAccess } from './core/pipeline/cache/scope.ts'
import { cacheAccess, cachePrefix } from './http/cache-access.ts'
import type { ApiContext } from './http/context.ts'
import type { CacheSeal } from './ports/cache.ts'
import type { Log } from './ports/clock.ts'
import { GatewayKeeper } from './routers/gateway/keeper.ts'
import { gatewayRouter } from './routers/gateway/router.ts'
import { LocalArtifacts, localTools } from './runner/artifacts.ts'
import type { CacheSupport } from './runner/cache/run-caches.ts'
import { LocalRunner } from './runner/runner.ts'

/** What a control plane is opened with. */
export type ControlPlaneOptions = {
  /** Holds `sluice.config.ts`, in a git repository. */
  readonly projectDir: string
  /** `<projectDir>/.sluice` unless given. */
  readonly stateDir?: string
  /** `keep`: have a gateway from `start` on, whenever it dies. `whenNeeded`: only once traffic has to be split (the pipeline alone needs none). */
  readonly gateway: 'keep' | 'whenNeeded'
  /** `control.log` in the state directory unless given. */
  readonly log?: Log
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
export const programVersion = (): string => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  // Documented parser: the file is this package's own.
  return (JSON.parse(text) as { readonly version: string }).version
}

/** Opens the state and builds everything. `server_running`, `store_corrupt`, `store_newer`, `store_full`, `usage_invalid` for a path too long. */
export const openControlPlane = async (options: ControlPlaneOptions): Promise<ControlPlane> => {
  const stateDir = makeStateDir(options.stateDir ?? join(options.projectDir, '.sluice'))
  const projectDir = realpathSync(options.projectDir)
  const log = options.log ?? systemLog({ to: join(stateDir, 'control.log') })
  const gatewayFile = fileURLToPath(new URL('./gateway/bin.ts', import.meta.url))
  // The store first: it is the lock, and nothing else may be touched by a second control plane.
  const store = await openSqliteStore({ directory: stateDir })
  const keeper = new GatewayKeeper({
    stateDir,
    log,
    command: [process.execPath, ...gatewayNodeOptions, gatewayFile, '--state-dir', stateDir],
  })
  const router = gatewayRouter({ stateDir, log, ensure: () => keeper.start() })
  const artifacts = new LocalArtifacts(stateDir, localTools())
  const evidence = localEvidence(stateDir)
  const secrets = fileSecrets(stateDir)
  const github = githubRules({ repository: projectDir, toolCache: join(stateDir, 'tools'), token: '' })
  const ports: Ports = {
    clock: systemClock(),
    ids: systemIds(),
    log,
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    store,
    driver: processDriver({ stateDir, artifacts, secrets, log }),
    router,
    source: gitSource(projectDir),
    config: configLoader(join(stateDir, 'cache', 'configs')),
    artifacts,
    evidence,
    runner: new LocalRunner({
      ...{ stateDir, artifacts, evidence, environment: process.env, cores: availableParallelism(), now: Date.now },
      repository: projectDir,
      caches: cacheSupport(stateDir, log),
      github,
    }),
    secrets,
    pipelines: pipelinesOf({ projectDir, cacheDir: join(stateDir, 'cache', 'workflows'), version: programVersion() }),
    github,
  }
  const engine = new Engine(ports, { owner: `${process.pid}@${stateDir}`, onFatal: options.onFatal })
  const closing = new AbortController()
  let isStarted = false
  return {
    engine,
    ports,
    stateDir,
    api: {
      engine,
      ...ports,
      cache: sharedCache(stateDir),
      settings: (signal) => ports.config.load(projectDir, signal),
      server: { version: programVersion(), pid: process.pid, startedAt: ports.clock.now(), projectDir, stateDir },
      isStarted: () => isStarted,
      closing: closing.signal,
    },
    start: async () => {
      if (options.gateway === 'keep') keeper.start()
      await engine.start()
      isStarted = true
    },
    close: async () => {
      closing.abort()
      await engine.stop()
      await ports.runner.settled()
      await keeper.stop()
      router.close()
    },
  }
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
      const { stores, missing } = remoteCaches(remote, process.env)
      if (missing !== null) log.warn('cache_trouble', { kind: 'remote_failed', text: `${missing} is not set` })
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

/** Longest path of a unix socket on the platforms that Node runs on (macOS 103, Linux 107 bytes; unix(7)). */
const socketPathBytesMax = 103

/** Makes the state directory, for its owner only and out of git's sight. */
const makeStateDir = (directory: string): string => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  chmodSync(directory, 0o700)
  const ignore = join(directory, '.gitignore')
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n')
  const stateDir = realpathSync(directory)
  const socketFile = join(stateDir, 'gateway.sock')
  if (Buffer.byteLength(socketFile) <= socketPathBytesMax) return stateDir
  throw new SluiceError('usage_invalid', {
    detail: `${socketFile} is longer than the ${socketPathBytesMax} bytes that the path of a socket may have`,
    hint: 'use a state directory with a shorter path: --state-dir',
  })
}
