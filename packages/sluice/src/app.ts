/**
 * The composition root: the only file, with `state.ts`, that names concrete adapters. It builds the ports of one project on one machine, and the engine on top
 * of them. No logic.
 */
import { createHash } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configLoader } from './adapters/config/loader.ts'
import { fileSecrets } from './adapters/secrets/file.ts'
import { gitSource } from './adapters/source/git.ts'
import { systemClock } from './adapters/system/clock.ts'
import { systemIds } from './adapters/system/ids.ts'
import { systemLog } from './adapters/system/log.ts'
import type { SluiceError } from './core/errors.ts'
import { processDriver } from './drivers/process/driver.ts'
import { Engine } from './engine/engine.ts'
import type { Ports } from './engine/ports.ts'
import type { ApiContext } from './http/context.ts'
import type { Log } from './ports/clock.ts'
import { GatewayKeeper } from './routers/gateway/keeper.ts'
import { gatewayRouter } from './routers/gateway/router.ts'
import { LocalArtifacts, localTools } from './runner/artifacts.ts'
import { LocalRunner } from './runner/runner.ts'
import { openState, type State } from './state.ts'

/** What a control plane is opened with. */
export type ControlPlaneOptions = {
  /** Holds `sluice.config.ts`, in a git repository. */
  readonly projectDir: string
  /** `<projectDir>/.sluice` unless given. */
  readonly stateDir?: string
  /** The state, where somebody has begun to open it. */
  readonly state?: State
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
  const { stateDir, store: opening } =
    options.state ?? openState(options.stateDir ?? join(options.projectDir, '.sluice'))
  const projectDir = realpathSync(options.projectDir)
  const log = options.log ?? systemLog({ to: join(stateDir, 'control.log') })
  const gatewayFile = fileURLToPath(new URL('./gateway/bin.ts', import.meta.url))
  // The store first: it is the lock, and nothing else may be touched by a second control plane.
  const store = await opening
  const keeper = new GatewayKeeper({
    stateDir,
    log,
    command: [process.execPath, gatewayFile, '--state-dir', stateDir],
  })
  const router = gatewayRouter({ stateDir, log, ensure: () => keeper.start() })
  const artifacts = new LocalArtifacts(stateDir, localTools())
  const secrets = fileSecrets(stateDir)
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
    runner: new LocalRunner({
      ...{ stateDir, artifacts, environment: process.env, cores: availableParallelism(), now: Date.now },
      repository: projectDir,
    }),
    secrets,
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
      await keeper.stop()
      router.close()
    },
  }
}
