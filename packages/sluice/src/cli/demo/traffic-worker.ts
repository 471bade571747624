/**
 * The demo's load generator, a thread of its own: visitors arrive at a fixed rate whether or not the service keeps up (an open loop), each keeps
 * the cookies it is given, looks at some pages, and leaves.
 */
import { Agent, request } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'
import { readTrafficOptions } from './traffic.ts'
import type { BadResponse, TrafficReport } from './traffic-shape.ts'

type Visitor = { readonly cookies: Map<string, string>; seen: number; readonly offset: number }
type Tally = { responses: number; bad: number; lastSentAt: number }

const latenciesMax = 100_000
/** Primes, so that visitors and their pages go all over the list. */
const visitorStride = 31
const pageStride = 7

const visit = (
  url: URL,
  agent: Agent,
  visitor: Visitor,
): Promise<{ status: number | null; error: string | null; version: string | null }> =>
  new Promise((resolve) => {
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent = request(url, { agent, timeout: 10_000, headers: cookie === '' ? {} : { cookie } }, (response) => {
      const version = response.headers['x-storefront-version']
      for (const line of response.headers['set-cookie'] ?? []) {
        const [pair] = line.split(';')
        const equals = pair?.indexOf('=') ?? -1
        if (pair !== undefined && equals > 0) visitor.cookies.set(pair.slice(0, equals), pair.slice(equals + 1))
      }
      const name = typeof version === 'string' ? version : null
      response.on('end', () => resolve({ status: response.statusCode ?? null, error: null, version: name }))
      response.on('error', (error) => resolve({ status: null, error: error.message, version: name }))
      response.resume()
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer in 10 s')))
    sent.on('error', (error) => resolve({ status: null, error: error.message, version: null }))
    sent.end()
  })

const run = (): void => {
  const { url, paths, requestsPerSecond, pagesPerVisitor } = readTrafficOptions(workerData)
  const base = new URL(url)
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const startedAt = Date.now()
  const tallies = new Map<string, Tally>()
  const bad: BadResponse[] = []
  const latencies: number[] = []
  let requests = 0
  let visitor: Visitor = { cookies: new Map(), seen: 0, offset: 0 }
  let visitors = 0

  const one = async (): Promise<void> => {
    if (visitor.seen >= pagesPerVisitor) visitor = { cookies: new Map(), seen: 0, offset: (visitors += 1) }
    const mine = visitor
    const path = paths[(mine.offset * visitorStride + mine.seen * pageStride) % paths.length] ?? '/'
    mine.seen += 1
    requests += 1
    const sentAt = Date.now()
    const answer = await visit(new URL(path, base), agent, mine)
    const endedAt = Date.now()
    if (latencies.length < latenciesMax) latencies.push(endedAt - sentAt)
    const isBad = answer.status === null || answer.status >= 400
    const version = answer.version ?? 'nobody'
    const tally = tallies.get(version) ?? { responses: 0, bad: 0, lastSentAt: 0 }
    tallies.set(version, {
      responses: tally.responses + 1,
      bad: tally.bad + (isBad ? 1 : 0),
      lastSentAt: Math.max(tally.lastSentAt, sentAt),
    })
    if (isBad) bad.push({ sentAt, endedAt, path, ...answer })
  }

  const report = (): TrafficReport => {
    const sorted = latencies.toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    const versions = [...tallies].map(([version, tally]) => ({ version, ...tally }))
    return { startedAt, requests, versions, bad, p50Ms: at(0.5), p99Ms: at(0.99) }
  }

  // An open loop: what a late timer missed is sent at once, so that the rate holds.
  const timer = setInterval(() => {
    const due = Math.floor(((Date.now() - startedAt) / 1000) * requestsPerSecond)
    for (let count = requests; count < due; count += 1) void one()
  }, 5)
  parentPort?.on('message', (message: unknown) => {
    if (message === 'stop') clearInterval(timer)
    parentPort?.postMessage(report())
  })
}

run()
