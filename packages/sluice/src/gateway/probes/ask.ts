/** Asks an upstream how it is: one GET on a connection of its own, as small as it can be. */
import net from 'node:net'
import type { HealthPolicy } from '../../core/model.ts'
import type { Upstream } from '../../core/routing.ts'
import { HeadParser, needMore, rejected } from '../http/head-parser.ts'
import { defaultSettings } from '../settings.ts'

/** What an upstream answered: good is a status of 200–399 within the time; `last` says what it was, for a person; `late`: nothing came in time. */
export type Answer = { readonly good: boolean; readonly last: string; readonly late: boolean }

/** Asks once. Never rejects: no answer is an answer. */
export const ask = (upstream: Upstream, policy: Pick<HealthPolicy, 'path' | 'timeoutMs'>): Promise<Answer> =>
  new Promise((resolve) => {
    const parser = new HeadParser('response', defaultSettings)
    let received = Buffer.alloc(0)
    const socket = net.connect({ host: upstream.host, port: upstream.port, noDelay: true })
    const settle = (good: boolean, last: string, late: boolean = false): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ good, last, late })
    }
    const timer = setTimeout(
      () => settle(false, `no answer within ${Math.round(policy.timeoutMs)} ms`, true),
      policy.timeoutMs,
    )
    socket.on('error', (error) => settle(false, 'code' in error ? String(error.code) : error.message))
    socket.on('close', () => settle(false, 'closed without an answer'))
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes])
      const after = parser.parse(received, 0, received.length)
      if (after === rejected) settle(false, `malformed answer: ${parser.reason}`)
      else if (after !== needMore) settle(parser.status >= 200 && parser.status < 400, String(parser.status))
    })
    socket.write(
      `GET ${policy.path} HTTP/1.1\r\nhost: ${upstream.host}\r\nuser-agent: sluice-probe\r\nconnection: close\r\n\r\n`,
    )
  })
