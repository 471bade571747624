/** A control plane of a project, opened in this process, with a real gateway and real instances; and the words to drive it. */
import { rm } from 'node:fs/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ControlPlane, openControlPlane } from '../../src/app.ts'
import type { SluiceError } from '../../src/core/errors.ts'
import type { Release, RolloutId } from '../../src/core/model.ts'
import type { Purpose } from '../../src/core/rollout/types.ts'
import type { Caller } from '../../src/engine/engine.ts'
import type { Rollout, Run } from '../../src/engine/trusted.ts'
import { shutdownGateway } from '../../src/routers/gateway/keeper.ts'
import { shutdownHaproxies } from '../../src/routers/haproxy/shutdown.ts'

/** Who the tests are. */
export const tester: Caller = { by: { kind: 'person', name: 'tester' }, reason: null, idempotencyKey: null }

const never = new AbortController().signal

/** A control plane with the words of a test. */
export type Desk = {
  readonly plane: ControlPlane
  /** Runs the pipeline of HEAD and gives the run once it is over. */
  readonly run: () => Promise<Run>
  /** Runs the pipeline of HEAD and gives the release that it cut. */
  readonly cut: () => Promise<Release>
  /** Starts a rollout. */
  readonly deploy: (environment: string, release: string | null, purpose?: Purpose) => Promise<RolloutId>
  /** The rollout once `holds` is so; settled when nothing else is asked. */
  readonly until: (rollout: string, holds?: (state: Rollout) => boolean) => Promise<Rollout>
  /** Deploys and waits until it is over. */
  readonly rollOut: (environment: string, release: string | null, purpose?: Purpose) => Promise<Rollout>
  readonly fatal: () => SluiceError | null
  readonly close: () => Promise<void>
}

/** Opens a control plane; a state directory that exists is taken up. */
export const openDesk = async (projectDir: string, stateDir: string): Promise<Desk> => {
  let fatal: SluiceError | null = null
  const onFatal = (error: SluiceError): void => {
    fatal ??= error
  }
  const plane = await openControlPlane({ projectDir, stateDir, gateway: 'keep', onFatal })
  await plane.start()
  const { engine } = plane
  const eventually = <State>(read: () => Promise<State>, holds: (state: State) => boolean): Promise<State> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (fatal !== null) reject(fatal)
        read().then((state) => {
          if (!holds(state)) return
          end()
          resolve(state)
        }, reject)
      }
      const end = engine.subscribe(look)
      look()
    })
  const until: Desk['until'] = (id, holds = isOver) => eventually(() => engine.reading.rollout(id), holds)
  const run = async (): Promise<Run> => {
    const { run: id } = await engine.startRun({ ref: 'HEAD', jobs: null }, tester, never)
    return eventually(
      () => engine.reading.run(id),
      ({ status }) => status === 'succeeded' || status === 'failed' || status === 'cancelled',
    )
  }
  const deploy: Desk['deploy'] = async (environment, release, purpose = 'deploy') => {
    // Two releases take turns in many tests: the one that was left is named again, in so many words.
    const overrides = release === null || purpose === 'rollback' ? [] : (['held'] as const)
    const { rollout } = await engine.deploy({ service: 'tiny', environment, purpose, release, overrides }, tester)
    return rollout
  }
  return {
    plane,
    run,
    cut: async () => {
      const state = await run()
      if (state.status === 'succeeded' && state.release !== null) return state.release
      throw new Error(`the run did not cut a release: ${JSON.stringify('cause' in state ? state.cause : state.status)}`)
    },
    deploy,
    until,
    rollOut: async (environment, release, purpose) => until(await deploy(environment, release, purpose)),
    fatal: () => fatal,
    close: () => plane.close(),
  }
}

const isOver = ({ status }: Rollout): boolean =>
  status === 'succeeded' || status === 'rolled_back' || status === 'parked'

/** Opens and starts a control plane whose gateway is started when something is deployed. What it cannot go on after is thrown. */
export const startPlane = async (projectDir: string, stateDir: string): Promise<ControlPlane> => {
  const onFatal = (error: SluiceError): void => {
    throw error
  }
  const plane = await openControlPlane({ projectDir, stateDir, gateway: 'whenNeeded', onFatal })
  await plane.start()
  return plane
}

/** A state directory with a path short enough for a socket. */
export const makeStateDir = async (): Promise<string> => realpath(await mkdtemp(join(tmpdir(), 'sl-')))

/** Ends what serves from a state directory (gateway and instances) and removes it. */
export const removeState = async (
  stateDir: string,
  environments: readonly string[],
  projectDir: string,
): Promise<void> => {
  const desk = await openDesk(projectDir, stateDir)
  for (const environment of environments) {
    const { ports } = desk.plane
    const instances = await ports.driver.observe('tiny', environment, never)
    for (const release of new Set(instances.map((instance) => instance.release))) {
      const fence = { token: Number.MAX_SAFE_INTEGER, sequence: 0 }
      await ports.driver.retire({ service: 'tiny', environment, release, keep: 0, stopGraceMs: 500, fence }, never)
    }
  }
  await desk.close()
  await shutdownHaproxies(stateDir)
  // One that is just starting does not listen yet to who tells it to end.
  for (let tries = 0; tries < 100 && (tries === 0 || isServing(stateDir)); tries += 1) {
    await shutdownGateway(stateDir)
    if (isServing(stateDir)) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  // The gateway writes its compile cache as its last act, after it has hung up.
  await rm(stateDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 25 })
}

/** Whether a gateway of a state directory runs. Source: proc(5). */
const isServing = (stateDir: string): boolean =>
  process.platform === 'linux' &&
  readdirSync('/proc').some((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(stateDir)
    } catch {
      // It ended while we looked.
      return false
    }
  })
