/** A server that answers the few queries of the contract as Prometheus does, so that the adapter is tested where there is none. The real one is in `prometheus.test.all.ts`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { prometheusSource } from '../../src/adapters/metrics/prometheus/source.ts'
import type { MetricsWorld, Series } from '../contracts/metrics.contract.ts'

/** Serves `answer` on a free port of this machine. */
export const serving = async (
  answer: (request: IncomingMessage, body: string, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> => {
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece) => (body += String(piece)))
    request.on('end', () => answer(request, body, response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // Documented parser: a server on a port has such an address.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Answers with JSON. */
export const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

/** The world of the contract over a little server. */
export const littlePrometheus = async (): Promise<MetricsWorld> => {
  let counters: Readonly<Record<string, readonly Series[]>> = {}
  const { url, close } = await serving((_, body, response) => {
    const query = new URLSearchParams(body).get('query') ?? ''
    const inner = /^min\(timestamp\((.*)\)\)$/s.exec(query)?.[1]
    const found = select(counters, inner ?? query)
    if (found === null)
      return json(response, { status: 'error', errorType: 'bad_data', error: 'parse error: unclosed left brace' }, 400)
    const now = Date.now() / 1_000
    const result =
      inner === undefined
        ? found.map(({ labels, value }) => ({ metric: labels, value: [now, String(value)] }))
        : found.slice(0, 1).map(() => ({ metric: {}, value: [now, String(now)] }))
    json(response, { status: 'success', data: { resultType: 'vector', result } })
  })
  return {
    source: prometheusSource({ now: Date.now, era: 'test' }),
    url,
    expose: async (next) => {
      counters = next
    },
    drop: async () => {
      counters = {}
    },
    remove: close,
  }
}

/** `name{label="value",…}` and `… or vector(0)`; null for what is none. */
const select = (counters: Readonly<Record<string, readonly Series[]>>, query: string): readonly Series[] | null => {
  const match = /^(\w+)\{([^{}]*)\}( or vector\(0\))?$/.exec(query)
  if (match === null) return null
  const [, name = '', matchers = '', orZero] = match
  const wanted = [...matchers.matchAll(/(\w+)="([^"]*)"/g)]
  const found = (counters[name] ?? []).filter(({ labels }) =>
    wanted.every(([, label, value]) => labels[label ?? ''] === value),
  )
  return orZero === undefined ? found : [...found, { labels: {}, value: 0 }]
}
