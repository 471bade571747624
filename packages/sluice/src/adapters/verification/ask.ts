/** Sends one request of a check and gives the answer. */
import http from 'node:http'
import https from 'node:https'
import { limits } from '../../core/limits.ts'
import type { Upstream } from '../../core/routing.ts'
import type { CheckRequest, HttpAnswer } from '../../core/verification/types.ts'

/** How a request leaves. `agent`: for connections that are kept; a new one for each request without it. */
export type Asking = { readonly target: Upstream; readonly signal: AbortSignal; readonly agent?: http.Agent }

/** The answer, whole or (when it is too large) without its body. Rejects with an Error when none came. */
export const ask = (request: CheckRequest, { target, signal, agent }: Asking): Promise<HttpAnswer> => {
  const url = new URL(request.path, request.origin ?? originOf(target))
  const client = url.protocol === 'https:' ? https : http
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    const headers = {
      'user-agent': 'sluice-verify',
      ...request.headers,
      ...(request.body === null ? {} : { 'content-length': String(Buffer.byteLength(request.body)) }),
    }
    const sent = client.request(url, { method: request.method, headers, signal, agent: agent ?? false }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= limits.checkBodyBytesMax) chunks.push(chunk)
        else chunks.length = 0
      })
      response.once('error', reject)
      response.once('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: textsOf(response.headers),
          body: bytes <= limits.checkBodyBytesMax ? Buffer.concat(chunks).toString('utf8') : null,
          durationMs: performance.now() - startedAt,
        })
      })
    })
    sent.once('error', reject)
    sent.end(request.body ?? undefined)
  })
}

/** The address of an instance: `http://127.0.0.1:8080`. */
export const originOf = ({ host, port }: Upstream): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`

const textsOf = (headers: http.IncomingHttpHeaders): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
