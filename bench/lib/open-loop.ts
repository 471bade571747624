/**
 * An open-loop load: requests are due at fixed times whether or not earlier ones were answered, and latency counts from when a request was due,
 * so that a server that stalls cannot slow the load down and hide it (coordinated omission; G. Tene, 2013).
 */
import net from 'node:net'

/** What to send, how fast, for how long. */
export type OpenLoopOptions = {
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly requestsPerSecond: number
  readonly seconds: number
  /** Requests due in the first seconds are not counted. */
  readonly warmupSeconds: number
}

/** Latencies in milliseconds, sorted. */
export type OpenLoopResult = { readonly latencies: Float64Array; readonly failed: number }

type Client = { readonly socket: net.Socket; readonly due: number[]; got: number; length: number }

/** Runs the load; each connection has as many requests outstanding as are due (pipelined), which a healthy server never lets happen. */
export const openLoop = async (options: OpenLoopOptions): Promise<OpenLoopResult> => {
  const request = Buffer.from(`GET ${options.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
  const latencies = new Float64Array(Math.ceil(options.requestsPerSecond * options.seconds) + 1)
  const state = { count: 0, failed: 0, countFrom: 0 }
  const clients = await Promise.all(Array.from({ length: options.connections }, () => connect(options.port)))
  const from = performance.now() + 20
  state.countFrom = from + options.warmupSeconds * 1_000
  for (const client of clients) client.socket.on('data', (bytes) => read(client, bytes, latencies, state))
  await pace(clients, { request, from, options })
  await drained(clients)
  state.failed += clients.reduce((sum, { due }) => sum + due.length, 0)
  for (const { socket } of clients) socket.destroy()
  return { latencies: latencies.slice(0, state.count).toSorted(), failed: state.failed }
}

const connect = (port: number): Promise<Client> =>
  new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      socket.on('error', () => {})
      resolve({ socket, due: [], got: 0, length: -1 })
    })
  })

/** Counts complete answers; all answers of a benchmark's upstream have the same Content-Length, so sizes tell them apart. */
const read = (
  client: Client,
  bytes: Buffer,
  latencies: Float64Array,
  state: { count: number; failed: number; countFrom: number },
): void => {
  if (client.length < 0) {
    const head = bytes.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)
    if (end < 0 || Number.isNaN(length) || !head.startsWith('HTTP/1.1 200')) {
      state.failed += 1
      client.socket.destroy()
      return
    }
    client.length = end + 4 + length
  }
  client.got += bytes.length
  const now = performance.now()
  while (client.got >= client.length && client.due.length > 0) {
    client.got -= client.length
    const due = client.due.shift() ?? now
    if (due < state.countFrom) continue
    latencies[state.count] = now - due
    state.count += 1
  }
}

type Pace = { readonly request: Buffer; readonly from: number; readonly options: OpenLoopOptions }

const pace = (clients: readonly Client[], { request, from, options }: Pace): Promise<void> =>
  new Promise((resolve) => {
    const total = options.requestsPerSecond * options.seconds
    const everyMs = 1_000 / options.requestsPerSecond
    let sent = 0
    const step = (): void => {
      const now = performance.now()
      while (sent < total && from + sent * everyMs <= now) {
        const client = clients[sent % clients.length]
        client?.due.push(from + sent * everyMs)
        client?.socket.write(request)
        sent += 1
      }
      if (sent >= total) resolve()
      else setTimeout(step, 1)
    }
    step()
  })

const drained = async (clients: readonly Client[]): Promise<void> => {
  const until = performance.now() + 3_000
  while (clients.some(({ due }) => due.length > 0) && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 10))
}
