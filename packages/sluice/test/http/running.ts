/** A control plane of the tiny service behind a real socket, for tests of the API. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, createClient } from '../../src/http/client/client.ts'
import { wireTransport } from '../../src/http/client/wire.ts'
import { type Served, serve } from '../../src/serve.ts'
import { makeStateDir, removeState } from '../e2e/plane.ts'
import { makeProject, type Project } from '../e2e/project.ts'
import { freePort } from '../free-port.ts'

/** What a test talks to. */
export type Running = {
  readonly project: Project
  readonly served: Served
  readonly token: string
  readonly tokenMode: number
  readonly client: Client
  /** A client with other words than the right ones. */
  readonly clientWith: (token: string | null) => Client
  readonly close: () => Promise<void>
}

/** Starts it; `gates` are what production asks for. */
export const startRunning = async (gates: object = {}): Promise<Running> => {
  const [staging, production] = [await freePort(), await freePort()]
  const project = await makeProject({ staging: { listen: staging }, production: { listen: production, ...gates } })
  const stateDir = await makeStateDir()
  const onFatal = (error: Error): void => {
    throw error
  }
  const served = await serve({ projectDir: project.directory, stateDir, host: '127.0.0.1', port: 0, onFatal })
  const path = join(stateDir, 'token')
  const token = readFileSync(path, 'utf8').trim()
  const clientWith = (given: string | null): Client =>
    createClient({
      url: served.url,
      token: given,
      actor: 'Grace Höpper',
      transport: wireTransport(),
      timeoutMs: 20_000,
    })
  return {
    project,
    served,
    token,
    tokenMode: statSync(path).mode & 0o777,
    client: clientWith(token),
    clientWith,
    close: async () => {
      await served.close()
      await removeState(stateDir, ['staging', 'production'], project.directory)
      await project.remove()
    },
  }
}
