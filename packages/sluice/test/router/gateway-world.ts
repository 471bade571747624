/** A real gateway in a process of its own, with real instances behind it, for tests of what talks to it. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import type net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../free-port.ts'
import type { Log } from '../../src/ports/clock.ts'
import { GatewayKeeper, shutdownGateway } from '../../src/routers/gateway/keeper.ts'
import { gatewayRouter, type GatewayRouter } from '../../src/routers/gateway/router.ts'
import type { RouterWorld } from '../contracts/router.contract.ts'

/** One record that was logged. */
export type Logged = {
  readonly level: keyof Log
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** The world of the contract, and what only tests of this router need. */
export type GatewayWorld = RouterWorld & {
  readonly router: GatewayRouter
  readonly keeper: GatewayKeeper
  readonly stateDir: string
  readonly logged: readonly Logged[]
}

const gatewayFile = fileURLToPath(new URL('../../src/gateway/bin.ts', import.meta.url))

/** Starts everything; `remove` ends and removes it. */
export const gatewayWorld = async (): Promise<GatewayWorld> => {
  const stateDir = await mkdtemp(join(tmpdir(), 'sluice-router-'))
  const logged: Logged[] = []
  const record =
    (level: keyof Log): Log['info'] =>
    (event, fields) =>
      void logged.push({ level, event, fields })
  const log: Log = { info: record('info'), warn: record('warn'), error: record('error') }
  const command = [process.execPath, gatewayFile, '--state-dir', stateDir]
  const keeper = new GatewayKeeper({ stateDir, command, log })
  const router = gatewayRouter({ stateDir, log, ensure: () => keeper.start() })
  const servers: http.Server[] = []
  await keeper.ready()
  return {
    router,
    tripwire: 'dataPlane',
    keeper,
    stateDir,
    logged,
    freePort,
    instance: async (name, behaviour) => {
      const server = await listen(behaviour)
      servers.push(server)
      return { instance: name, host: '127.0.0.1', port: portOf(server) }
    },
    nobody: async (name) => ({ instance: name, host: '127.0.0.1', port: await freePort() }),
    send,
    remove: async () => {
      router.close()
      await keeper.stop()
      for (const server of servers) server.close()
      for (const server of servers) server.closeAllConnections()
      await shutdownGateway(stateDir)
      // The gateway writes its compile cache as its last act, after it has hung up.
      await rm(stateDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 25 })
    },
  }
}

/** An instance that answers with a good or a bad status, its health path always well. */
export const listen = async (behaviour: 'good' | 'bad'): Promise<http.Server> => {
  const server = http.createServer((request, response) => {
    response.statusCode = behaviour === 'good' || request.url === '/healthz' ? 200 : 500
    response.end(behaviour)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** The port that a server listens on. */
export const portOf = (server: net.Server): number => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server listens on a port')
  return address.port
}

/** Sends requests one after the other; gives the statuses. */
export const send = async (port: number, requests: number): Promise<void> => {
  for (let left = requests; left > 0; left -= 1) {
    const response = await fetch(`http://127.0.0.1:${port}/`)
    await response.arrayBuffer()
  }
}
