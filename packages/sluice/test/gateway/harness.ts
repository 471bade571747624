/** What the gateway's tests stand on: a gateway (in this process or in its own), real upstreams, a control client, a raw HTTP client. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from '../free-port.ts'
import { releaseId, rolloutId } from '../../src/core/model.ts'
import type { ReleaseId, RolloutId } from '../../src/core/model.ts'
import type {
  Arm,
  ArmName,
  GatewayAnswer,
  GatewayCommand,
  GatewayNotice,
  Route,
  RouteObservation,
  Tripwire,
  Upstream,
} from '../../src/core/routing.ts'
import { runGateway } from '../../src/gateway/main.ts'
import type { GatewayOptions } from '../../src/gateway/main.ts'
import { realWorld } from '../../src/gateway/world.ts'
import type { World } from '../../src/gateway/world.ts'

/** A log record of the gateway under test. */
export type LogRecord = { readonly level: string; readonly event: string; readonly [field: string]: unknown }

/** Waits until `look` gives something other than null, undefined or false; fails after 10 s with `what`. */
export const eventually = async <T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
): Promise<T> => {
  const until = performance.now() + 10_000
  for (;;) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) return found
    if (performance.now() > until) throw new Error(`waited 10 s in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A monotonic clock that the test turns, for deadlines; `turn` is fulfilled when they have been looked at. */
export const clock = (): { parts: Partial<World>; turn: (ms: number) => Promise<unknown> } => {
  let now = 1
  let looks = 0
  const monotonic = (): number => {
    looks += 1
    return now
  }
  const turn = (ms: number): Promise<unknown> => {
    now += ms
    const from = looks
    return eventually('deadlines have been looked at', () => looks > from + 6)
  }
  return { parts: { monotonic }, turn }
}

/** Clean-up in the reverse order of set-up: what was started first is needed longest. */
const cleanups = new WeakMap<TestContext, (() => unknown)[]>()
export const atEnd = (t: TestContext, cleanup: () => unknown): void => {
  const known = cleanups.get(t)
  if (known) return void known.push(cleanup)
  const stack = [cleanup]
  cleanups.set(t, stack)
  t.after(async () => {
    for (const each of stack.toReversed()) await each()
  })
}

/** An empty folder, removed at the end. */
export const stateFolder = (t: TestContext): string => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-gateway-'))
  atEnd(t, () => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A client of the control socket. */
export class Control {
  readonly notices: GatewayNotice[] = []
  readonly socket: net.Socket
  private readonly waiting = new Map<
    number,
    (line: { ok: boolean; answer?: unknown; code?: string; detail?: string }) => void
  >()
  private last = 0

  constructor(socketFile: string) {
    this.socket = net.connect(socketFile)
    this.socket.setEncoding('utf8')
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      for (const settle of this.waiting.values())
        settle({ ok: false, code: 'closed', detail: 'the control connection closed' })
    })
    let rest = ''
    this.socket.on('data', (text) => {
      const lines = (rest + String(text)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const message = JSON.parse(line)
        if ('notice' in message) this.notices.push(message.notice)
        else this.waiting.get(message.id)?.(message)
      }
    })
  }

  /** Sends a command; rejects with `code: detail` when it is refused. */
  send<K extends GatewayCommand['kind']>(command: Extract<GatewayCommand, { kind: K }>): Promise<GatewayAnswer[K]> {
    this.last += 1
    const id = this.last
    return new Promise((resolve, reject) => {
      this.waiting.set(id, (line) => {
        this.waiting.delete(id)
        if (line.ok === true) resolve(line.answer as GatewayAnswer[K])
        else reject(new Error(`${line.code}: ${line.detail}`))
      })
      this.socket.write(`${JSON.stringify({ id, ...command })}\n`)
    })
  }

  /** What the gateway says of the test route. */
  async observe(): Promise<RouteObservation> {
    const observation = await this.send({ kind: 'observe', service: 'shop', environment: 'production' })
    if (!observation) throw new Error('there is no route')
    return observation
  }

  close(): void {
    this.socket.destroy()
  }
}

/** A gateway in this process. */
export type TestGateway = {
  readonly control: Control
  readonly port: number
  readonly logs: LogRecord[]
  readonly stateDir: string
  readonly stop: () => Promise<void>
}

export const startGateway = async (
  t: TestContext,
  options: Partial<GatewayOptions> & { port?: number; worldParts?: Partial<World> } = {},
): Promise<TestGateway> => {
  const stateDir = options.stateDir ?? stateFolder(t)
  const logs: LogRecord[] = []
  const world = {
    ...realWorld(),
    log: (level: string, event: string, fields: object) => void logs.push({ level, event, ...fields }),
    ...options.worldParts,
  }
  const settings = { shutdownGraceMs: 500, sweepMs: 20, ...options.settings }
  const gateway = await runGateway({ version: '0.0.0', ...options, stateDir, world, settings })
  const control = new Control(gateway.socketFile)
  const stop = async (): Promise<void> => {
    control.close()
    gateway.stop()
    await gateway.done
  }
  atEnd(t, stop)
  return { control, port: options.port ?? (await freePort()), logs, stateDir, stop }
}

/** A gateway in a process of its own; without a standby, unless other arguments are given. */
export type GatewayProcess = { readonly child: ChildProcess; readonly control: Control; readonly log: () => string }

const bin = fileURLToPath(new URL('../../src/gateway/bin.ts', import.meta.url))

export const spawnGateway = async (
  t: TestContext,
  stateDir: string,
  args: readonly string[] = ['--alone'],
): Promise<GatewayProcess> => {
  const child = spawn(process.execPath, [bin, '--state-dir', stateDir, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text
  })
  atEnd(t, () => child.kill('SIGKILL'))
  await eventually(`the gateway serves; it says: ${log}`, () => {
    if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}: ${log}`)
    return log.includes('"gateway_serving"')
  })
  const control = new Control(path.join(stateDir, 'gateway.sock'))
  atEnd(t, () => control.close())
  return { child, control, log: () => log }
}

/** Has the running gateway replaced by a new process; gives its pid. */
export const replaceGateway = async (t: TestContext, stateDir: string): Promise<number> => {
  const asker = spawn(process.execPath, [bin, '--state-dir', stateDir, '--take-over', '--alone'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  asker.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const [code] = await once(asker, 'close')
  if (code !== 0) throw new Error(`taking over failed: ${said}`)
  const { pid } = JSON.parse(said).answer
  atEnd(t, () => process.kill(pid, 'SIGKILL'))
  return pid
}

/** Ends a process at once and waits until it is gone. */
export const kill = async (child: ChildProcess): Promise<void> => {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

export type TestUpstream = {
  readonly upstream: Upstream
  readonly server: http.Server
  readonly requests: http.IncomingMessage[]
}

/** A real HTTP server; answers with its name unless told otherwise. */
export const startUpstream = async (
  t: TestContext,
  name: string,
  handle?: http.RequestListener,
): Promise<TestUpstream> => {
  const requests: http.IncomingMessage[] = []
  const server = http.createServer((request, response) => {
    if (request.headers['user-agent'] === 'sluice-probe') {
      response.end()
      return
    }
    requests.push(request)
    if (handle) handle(request, response)
    else response.end(name)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(t, () => {
    server.closeAllConnections()
    server.close()
  })
  return {
    upstream: { instance: name, host: '127.0.0.1', port: (server.address() as net.AddressInfo).port },
    server,
    requests,
  }
}

/** A raw TCP server, for upstreams that do not behave. Each connection is handed over as it comes. */
export const startRaw = async (
  t: TestContext,
  name: string,
  accept: (socket: net.Socket) => void,
): Promise<Upstream> => {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    accept(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(t, () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { instance: name, host: '127.0.0.1', port: (server.address() as net.AddressInfo).port }
}

export const stableRelease: ReleaseId = releaseId(`rel_${'a'.repeat(64)}`)
export const candidateRelease: ReleaseId = releaseId(`rel_${'b'.repeat(64)}`)
export const rollout: RolloutId = rolloutId('rol_1')

/** An arm of the test route. */
export const arm = (name: ArmName, shareBp: number, upstreams: readonly Upstream[]): Arm => ({
  name,
  release: name === 'candidate' ? candidateRelease : stableRelease,
  shareBp,
  upstreams,
})

/** The tripwire of the test rollout. */
export const tripwire: Tripwire = {
  rollout,
  policy: { alpha: 0.01, tolerance: 1, ignoreBelow: 0.0005, intervalMs: 1_000, staleAfterMs: 5_000 },
}

/** The test route. Probes are rare unless a test asks for them. */
export const makeRoute = (port: number, sequence: number, parts: Partial<Route> = {}): Route => ({
  service: 'shop',
  environment: 'production',
  listen: { host: '127.0.0.1', port },
  fence: { token: 1, sequence },
  arms: [],
  sticky: { kind: 'none' },
  salt: 'salt',
  tripwire: null,
  health: {
    path: '/health',
    intervalMs: 60_000,
    timeoutMs: 500,
    healthyAfter: 1,
    unhealthyAfter: 3,
    startTimeoutMs: 1_000,
  },
  ...parts,
})

/** A gateway with one stable arm of these upstreams. */
export const serve = async (
  t: TestContext,
  upstreams: readonly Upstream[],
  options: Parameters<typeof startGateway>[1] & { route?: Partial<Route> } = {},
): Promise<TestGateway> => {
  const gateway = await startGateway(t, options)
  const route = makeRoute(gateway.port, 1, { arms: [arm('stable', 10_000, upstreams)], ...options.route })
  await gateway.control.send({ kind: 'set_route', route })
  return gateway
}

export type Answer = { readonly status: number; readonly headers: http.IncomingHttpHeaders; readonly body: string }

export type AskOptions = http.RequestOptions & { readonly body?: string }

/** One request through node:http; a connection of its own unless an agent is given. */
export const ask = (port: number, options: AskOptions = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, agent: false, ...options }, (response) => {
      let body = ''
      response.setEncoding('latin1')
      response.on('data', (text) => {
        body += text
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    request.on('error', reject)
    request.end(options.body)
  })

/** A raw client connection that remembers what came. */
export class RawClient {
  readonly socket: net.Socket
  received = ''
  closed = false
  reset = false

  constructor(t: TestContext, port: number) {
    this.socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: false })
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text) => {
      this.received += String(text)
    })
    this.socket.on('error', (error) => {
      this.reset = 'code' in error && error.code === 'ECONNRESET'
    })
    this.socket.on('close', () => {
      this.closed = true
    })
    atEnd(t, () => this.socket.destroy())
  }

  send(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** Waits until what came contains the text. */
  async until(text: string): Promise<string> {
    return eventually(
      `${JSON.stringify(text)} in ${JSON.stringify(this.received)}`,
      () => this.received.includes(text) && this.received,
    )
  }

  /** Waits until the other side has closed; gives everything that came. */
  async end(): Promise<string> {
    await eventually(`the end of ${JSON.stringify(this.received)}`, () => this.closed)
    return this.received
  }
}
