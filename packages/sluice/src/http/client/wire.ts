/**
 * Requests over a socket, by `node:http`. Not by `fetch`: its abort signals reach a request through weak references, so that after a garbage
 * collection an event stream could no longer be ended, and the command that read it never ended either.
 */
import { Agent, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import type { Transport } from './client.ts'

/** A way over a socket. Each request has a connection of its own, so that nothing is left open when the command ends. */
export const wireTransport = (): Transport => {
  const agent = new Agent({ keepAlive: false })
  return ({ url: address }, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const isSecure = address.startsWith('https:')
      const send = isSecure ? httpsRequest : httpRequest
      // Without its length, the body of a DELETE would be sent without an end.
      const length = body === null ? {} : { 'content-length': Buffer.byteLength(body) }
      const outgoing = send(address, {
        method,
        headers: { 'user-agent': 'sluice', ...headers, ...length },
        signal,
        ...(isSecure ? {} : { agent }),
      })
      outgoing.once('error', reject)
      outgoing.once('response', (incoming) => {
        const fields = Object.entries(incoming.headersDistinct).flatMap(([name, values]) =>
          (values ?? []).map((value): [string, string] => [name, value]),
        )
        // A body that breaks off is an error of its reader.
        incoming.on('error', () => {})
        resolve(new Response(Readable.toWeb(incoming), { status: incoming.statusCode ?? 500, headers: fields }))
      })
      outgoing.end(body ?? undefined)
    })
}
