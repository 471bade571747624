/** A control plane in a process of its own, with a client of its API: what may be killed while a benchmark watches. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, createClient } from '../../packages/sluice/src/http/client/client.ts'
import { besideTrafficNodeOptions } from '../../packages/sluice/src/lib/node-options.ts'
import { freePort } from '../../packages/sluice/test/free-port.ts'

/** Starts one for a project and a state directory, and gives it once it answers. */
export const startControlPlane = async ({
  projectDir,
  stateDir,
  actor,
}: {
  readonly projectDir: string
  readonly stateDir: string
  readonly actor: string
}): Promise<{ readonly client: Client; readonly controlPlane: ControlPlaneProcess }> => {
  const port = await freePort()
  const controlPlane = new ControlPlaneProcess({ projectDir, stateDir, port })
  controlPlane.start()
  const token = await eventually(() => readFile(join(stateDir, 'token'), 'utf8'))
  const client = createClient({
    url: `http://127.0.0.1:${port}`,
    token: token.trim(),
    actor,
    transport: (request) => fetch(request),
    timeoutMs: 5_000,
  })
  await eventually(() => client.call('server.show', {}))
  return { client, controlPlane }
}

type ProcessOptions = { readonly projectDir: string; readonly stateDir: string; readonly port: number }

const program = fileURLToPath(new URL('../../packages/sluice/bin/sluice.js', import.meta.url))

/** The control plane's process. There may be two for a moment, since the gateway starts one as well; the state's lock lets one of them live. */
export class ControlPlaneProcess {
  readonly #options: ProcessOptions
  readonly #children = new Set<ChildProcess>()

  constructor(options: ProcessOptions) {
    this.#options = options
  }

  /** Starts one. */
  start(): void {
    const { projectDir, stateDir, port } = this.#options
    const output = openSync(join(stateDir, 'server.log'), 'a', 0o600)
    const words = ['server', '--project', projectDir, '--state-dir', stateDir, '--port', String(port)]
    const child = spawn(process.execPath, [...besideTrafficNodeOptions, program, ...words], {
      stdio: ['ignore', output, output],
    })
    closeSync(output)
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
  }

  /** `kill -9` to whichever holds the state, and to those that wait for it. */
  kill(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    const pid = this.#holder()
    if (pid !== null) killPid(pid)
  }

  /** Ends it for good: a stop by SIGKILL with its address taken away, so that the gateway does not start it again. */
  async end(): Promise<void> {
    await rm(join(this.#options.stateDir, 'server.json'), { force: true })
    this.kill()
  }

  /** Whom the lock's file names. */
  #holder(): number | null {
    try {
      return Number(readFileSync(join(this.#options.stateDir, 'control.pid'), 'utf8')) || null
    } catch {
      return null
    }
  }
}

/** `kill -9`; nothing when it is gone. */
export const killPid = (pid: number): void => {
  try {
    if (pid !== process.pid) process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

/** Tries again and again for 30 seconds. */
export const eventually = async <Result>(attempt: () => Promise<Result>): Promise<Result> => {
  const until = performance.now() + 30_000
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > until) throw error
      await rest(25)
    }
  }
}

/** Waits. */
export const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
