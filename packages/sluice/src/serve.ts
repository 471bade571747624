/** The control plane as a process of its own, or inside another one: `app.ts` with the HTTP API before it. Part of the composition root; no logic. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openControlPlane } from './app.ts'
import { SluiceError } from './core/errors.ts'
import { limits } from './core/limits.ts'
import { besideTrafficNodeOptions } from './lib/node-options.ts'
import { sharedStarter } from './lib/processes/starter.ts'
import { endInstances } from './drivers/process/end-all.ts'
import type { Api } from './http/api.ts'
import type { Client } from './http/client/client.ts'
import { directClient } from './http/direct.ts'
import type { Listening } from './http/server.ts'
import { ensureToken, removeServerFile, writeServerFile } from './http/state-files.ts'
import { shutdownGateway } from './routers/gateway/keeper.ts'
import { shutdownHaproxies } from './routers/haproxy/shutdown.ts'
import type { State } from './state.ts'

/** Where the API listens unless told otherwise; when something else does, a free port is taken. */
const defaultPort = 7420

/** What to serve, and where. */
export type ServeOptions = {
  readonly projectDir: string
  readonly stateDir: string
  readonly host: string
  /** Null: the port of the last time, else `defaultPort`, else any free one. */
  readonly port: number | null
  /** Called when the state can no longer be trusted; the process must end, and its gateway starts it again. */
  readonly onFatal: (error: SluiceError) => void
}

/** A control plane that answers at `url`. */
export type Served = {
  readonly url: string
  readonly stateDir: string
  /** False: while it started, `sluice down` took away the address of the one that it comes after. It is to be closed. */
  readonly isWanted: boolean
  /** A clean stop: nobody starts it again. Gateway and instances serve on. */
  readonly close: () => Promise<void>
}

/** Opens the state, recovers, listens, and says where in `server.json`. `server_running`, `port_in_use`, `store_corrupt`, … */
export const serve = async (options: ServeOptions): Promise<Served> => {
  const { projectDir, host } = options
  const bin = fileURLToPath(new URL('../bin/sluice.js', import.meta.url))
  const port = options.port === null ? [] : ['--port', String(options.port)]
  const place = ['--project', projectDir, '--state-dir', options.stateDir, '--host', host, ...port]
  const restartCommand = [process.execPath, ...besideTrafficNodeOptions, bin, 'server', ...place]
  // What a command of this process does without: see http/direct.ts.
  const serving = import('./http/api.ts')
  const plane = await openControlPlane({
    projectDir,
    stateDir: options.stateDir,
    gateway: 'keep',
    onFatal: options.onFatal,
  })
  const { stateDir } = plane
  let listening: Listening | null = null
  try {
    const comesAfter = isNamed(stateDir)
    const token = await ensureToken(stateDir)
    const { createApi } = await serving
    listening = await listenSomewhere(createApi(plane.api, { token, host }), options)
    await plane.start()
    const { version, startedAt } = plane.api.server
    const { url, close: hangUp } = listening
    const isWanted = !comesAfter || isNamed(stateDir)
    if (isWanted) await writeServerFile(stateDir, { url, version, startedAt, restartCommand })
    const close = async (): Promise<void> => {
      await removeServerFile(stateDir)
      const closed = hangUp()
      await plane.close()
      await closed
    }
    return { url, stateDir, isWanted, close }
  } catch (error) {
    // Who asks is not to be told for ever that the start is not over.
    await Promise.all([listening?.close(), plane.close()])
    throw error
  }
}

/** Whether somebody said where a control plane of this state is, dead or alive. */
const isNamed = (stateDir: string): boolean => existsSync(join(stateDir, 'server.json'))

const listenSomewhere = async (api: Api, { host, port, stateDir }: ServeOptions): Promise<Listening> => {
  const { listen } = await import('./http/server.ts')
  if (port !== null) return listen(api, { host, port })
  for (const wanted of [lastPort(stateDir), defaultPort]) {
    try {
      if (wanted !== null) return await listen(api, { host, port: wanted })
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'port_in_use') throw error
    }
  }
  return listen(api, { host, port: 0 })
}

/** Parser of the last `server.json`: a control plane that was killed comes back where its clients look for it. */
const lastPort = (stateDir: string): number | null => {
  try {
    const { url } = JSON.parse(readFileSync(join(stateDir, 'server.json'), 'utf8')) as { readonly url: string }
    const port = Number(new URL(url).port)
    return port > 0 ? port : null
  } catch {
    return null
  }
}

/** An API in this process. */
export type InProcess = { readonly client: Client; readonly stateDir: string; readonly close: () => Promise<void> }

/**
 * Opens the state here, because no server runs. `read` looks and starts nothing; `work` recovers and performs, with a gateway only once traffic has
 * to be split.
 */
export const openInProcess = async (
  options: Pick<ServeOptions, 'projectDir' | 'onFatal'> & {
    readonly mode: 'read' | 'work'
    readonly actor: string
    readonly state: State
    readonly runOf: string | null
    readonly onCacheTrouble: (text: string) => void
  },
): Promise<InProcess> => {
  const { projectDir, state, runOf, onFatal, onCacheTrouble, mode, actor } = options
  if (mode === 'work') sharedStarter.warm()
  const plane = await openControlPlane({ projectDir, state, runOf, gateway: 'whenNeeded', onFatal, onCacheTrouble })
  try {
    if (mode === 'work') await plane.start()
  } catch (error) {
    await plane.close()
    throw error
  }
  return { client: directClient(plane.api, actor), stateDir: plane.stateDir, close: plane.close }
}

/** Ends the gateway, every HAProxy and every instance of a state directory that no control plane holds. What should run stays written down. */
export const endEverything = async (
  stateDir: string,
): Promise<{ readonly gateway: boolean; readonly instances: number }> => {
  const gateway = await shutdownGateway(stateDir)
  await shutdownHaproxies(stateDir)
  return { gateway, instances: await endInstances(stateDir, limits.endGraceMs) }
}
