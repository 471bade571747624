/** Clients of the API as a benchmark needs them: many connections that ask one route again and again, and many open event streams. */
import http from 'node:http'

/** Where to ask, and with which token. */
export type Place = { readonly url: string; readonly token: string }

/** What a time of asking came to. */
export type Asked = {
  readonly answers: number
  readonly failed: number
  readonly seconds: number
  readonly ms: readonly number[]
}

/** Asks for a path over `connections` kept connections, each as fast as it is answered, for `seconds`. */
export const askAgain = async (
  { url, token }: Place,
  { path, connections, seconds }: { readonly path: string; readonly connections: number; readonly seconds: number },
): Promise<Asked> => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port } = new URL(url)
  const headers = { authorization: `Bearer ${token}` }
  const ms: number[] = []
  let failed = 0
  const startedAt = performance.now()
  const until = startedAt + seconds * 1_000
  const once = (): Promise<void> =>
    new Promise((resolve) => {
      const askedAt = performance.now()
      const fail = (): void => {
        failed += 1
        resolve()
      }
      const request = http.get({ hostname, port, path, agent, headers }, (response) => {
        response.resume()
        response.once('error', fail)
        response.once('end', () => {
          if (response.statusCode !== 200) return fail()
          ms.push(performance.now() - askedAt)
          resolve()
        })
      })
      request.once('error', fail)
    })
  const loop = async (): Promise<void> => {
    while (performance.now() < until) await once()
  }
  await Promise.all(Array.from({ length: connections }, loop))
  agent.destroy()
  return { answers: ms.length, failed, seconds: (performance.now() - startedAt) / 1_000, ms }
}

/** Event streams that are open, and what they have received. */
export type Listeners = {
  /** When each stream received the row of this number, epoch ms; those that have not are absent. */
  readonly arrivals: ReadonlyMap<number, readonly number[]>
  readonly ended: () => number
  readonly close: () => void
}

/** Opens `count` event streams; resolves once each has said that it is connected. */
export const listenToEvents = async ({ url, token }: Place, count: number): Promise<Listeners> => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity })
  const arrivals = new Map<number, number[]>()
  let ended = 0
  const { hostname, port } = new URL(url)
  const options = { hostname, port, path: '/v1/events', agent, headers: { authorization: `Bearer ${token}` } }
  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const request = http.get(options, (response) => {
        if (response.statusCode !== 200) return reject(new Error(`an event stream was answered ${response.statusCode}`))
        response.setEncoding('utf8')
        // An event may come in pieces; its number is looked for in whole lines.
        let rest = ''
        response.on('data', (text: string) => {
          const now = Date.now()
          const lines = (rest + text).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) if (line.startsWith('id: ')) note(Number(line.slice(4)), now)
          resolve()
        })
        response.once('close', () => (ended += 1))
      })
      request.once('error', reject)
    })
  const note = (seq: number, now: number): void => {
    const seen = arrivals.get(seq)
    if (seen === undefined) arrivals.set(seq, [now])
    else seen.push(now)
  }
  for (let opened = 0; opened < count; opened += 50) {
    await Promise.all(Array.from({ length: Math.min(50, count - opened) }, open))
  }
  return { arrivals, ended: () => ended, close: () => agent.destroy() }
}
