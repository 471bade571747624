/** Debian's real HAProxy, with real instances behind it. Installs it where it is missing (Debian, as root). */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import type http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../../src/lib/processes/find-program.ts'
import type { Log } from '../../src/ports/clock.ts'
import { askMaster } from '../../src/routers/haproxy/connection.ts'
import { type Place, placeOf } from '../../src/routers/haproxy/place.ts'
import { allRecords } from '../../src/routers/haproxy/record.ts'
import { haproxyRouter, type HaproxyRouter } from '../../src/routers/haproxy/router.ts'
import type { RouteKey } from '../../src/ports/router.ts'
import type { RouterWorld } from '../contracts/router.contract.ts'
import { freePort } from '../free-port.ts'
import { listen, type Logged, portOf, send } from './gateway-world.ts'

/** The world of the contract, and what only tests of this router need. */
export type HaproxyWorld = RouterWorld & {
  readonly router: HaproxyRouter
  readonly stateDir: string
  readonly logged: readonly Logged[]
  /** Another router over the same state directory, as after a restart of the control plane. */
  readonly another: () => HaproxyRouter
  readonly place: (key: RouteKey) => Place
}

const path = `${process.env['PATH'] ?? ''}:/usr/sbin`

/** Installs HAProxy. */
export const installHaproxy = (): void => {
  if (findProgram('haproxy', path) !== null) return
  execFileSync('apt-get', ['update', '-qq'], { stdio: 'ignore' })
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'haproxy'], {
    stdio: 'ignore',
    env: environment,
  })
}

/** Process ids of the master and the workers of a place. */
export const processesOf = async ({ masterSocket }: Place): Promise<readonly number[]> =>
  [...((await askMaster(masterSocket, 'show proc')) ?? '').matchAll(/^(\d+)\s+(?:master|worker)/gm)].map(([, pid]) =>
    Number(pid),
  )

/** Ends processes at once. */
export const killAll = (pids: readonly number[]): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It went with another.
    }
  }
}

/** Ends every HAProxy of a state directory at once. */
export const endAll = async (stateDir: string): Promise<void> => {
  for (const record of await allRecords(stateDir)) killAll(await processesOf(placeOf(stateDir, record)))
}

/** Starts what the contract needs; `remove` ends and removes it. */
export const haproxyWorld = async (): Promise<HaproxyWorld> => {
  installHaproxy()
  const stateDir = await mkdtemp(join(tmpdir(), 'sluice-hap-'))
  const logged: Logged[] = []
  const record =
    (level: keyof Log): Log['info'] =>
    (event, fields) =>
      void logged.push({ level, event, fields })
  const log: Log = { info: record('info'), warn: record('warn'), error: record('error') }
  const routers: HaproxyRouter[] = []
  const another = (): HaproxyRouter => {
    const made = haproxyRouter({ stateDir, log, clock: { now: Date.now }, path })
    routers.push(made)
    return made
  }
  const servers: http.Server[] = []
  return {
    router: another(),
    another,
    tripwire: 'engine',
    stateDir,
    logged,
    freePort,
    place: (key) => placeOf(stateDir, key),
    instance: async (name, behaviour) => {
      const server = await listen(behaviour)
      servers.push(server)
      return { instance: name, host: '127.0.0.1', port: portOf(server) }
    },
    nobody: async (name) => ({ instance: name, host: '127.0.0.1', port: await freePort() }),
    send,
    remove: async () => {
      for (const router of routers) await router.close()
      await endAll(stateDir)
      for (const server of servers) server.close()
      for (const server of servers) server.closeAllConnections()
      await rm(stateDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 25 })
    },
  }
}
