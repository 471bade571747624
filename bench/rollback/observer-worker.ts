/**
 * Asks addresses again and again, in a process of its own so that nothing else delays it, and remembers which release answered each request. Begins with a message
 * that holds the ports; answers `{ port, since }` with what was seen of requests sent from then on.
 */
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Observation, Question } from './observer.ts'

const connections = 3
const pauseMs = 3
const timeoutMs = 30_000
/** Requests that are remembered of a port: some minutes. */
const kept = 400_000

const observations = new Map<number, Observation[]>()
const agent = new http.Agent({ keepAlive: true })

const now = (): number => performance.timeOrigin + performance.now()

const askOnce = (port: number): Promise<string | null> =>
  new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/', agent, timeout: timeoutMs }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => (body += text))
      response.once('error', () => resolve(null))
      response.once('end', () => resolve(response.statusCode === 200 ? versionIn(body) : null))
    })
    request.once('timeout', () => request.destroy())
    request.once('error', () => resolve(null))
  })

/** Parser of what the tiny service answers; null for anything else. */
const versionIn = (body: string): string | null => {
  try {
    return (JSON.parse(body) as { readonly version: string }).version
  } catch {
    return null
  }
}

const watch = async (port: number): Promise<void> => {
  const seen: Observation[] = []
  observations.set(port, seen)
  const ask = async (): Promise<void> => {
    for (;;) {
      const sentAt = now()
      const version = await askOnce(port)
      seen.push({ sentAt, version })
      if (seen.length > kept) seen.splice(0, kept / 2)
      await sleep(pauseMs)
    }
  }
  await Promise.all(Array.from({ length: connections }, ask))
}

process.on('message', (message: { readonly ports: readonly number[] } | Question) => {
  if ('ports' in message) for (const port of message.ports) void watch(port)
  else process.send?.((observations.get(message.port) ?? []).filter(({ sentAt }) => sentAt >= message.since))
})
process.on('disconnect', () => process.exit(0))
