/**
 * Signing a command line in by a browser (RFC 8252): the browser signs in at the control plane, by its provider or however people do there, and comes back to a port of this machine with a code that is good once, for whoever knows what
 * the challenge was made of (PKCE, RFC 7636).
 */
import { hash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Client } from '../http/client/client.ts'
import type { Cli } from './cli.ts'

/** Where somebody signs in, and how its browser is opened; null to leave that to whoever reads the address. */
export type BrowserLogin = {
  readonly url: string
  /** A client without a token. */
  readonly client: Client
  readonly open: ((address: string) => void) | null
}

/** A session for this command line. `sign_in_failed` when the browser does not come back in time. */
export const browserSession = async (
  cli: Cli,
  { url, client, open }: BrowserLogin,
): Promise<{ readonly name: string; readonly token: string }> => {
  const [state, verifier] = [randomBytes(16).toString('base64url'), randomBytes(32).toString('base64url')]
  const waiting = await waitForCode(state)
  try {
    const asked = { port: String(waiting.port), state, challenge: hash('sha256', verifier, 'base64url') }
    const address = `${url}/sign-in/cli?${new URLSearchParams(asked).toString()}`
    cli.note(`sign in in your browser, on this machine: ${address}`)
    open?.(address)
    const ended = AbortSignal.any([cli.interrupted, AbortSignal.timeout(limits.oidcFlowMs)])
    const code = await Promise.race([waiting.code, givenUp(ended)])
    const { token, name } = await client.call('session.redeem', { body: { code, verifier } })
    return { token, name }
  } finally {
    waiting.close()
  }
}

type Waiting = { readonly port: number; readonly code: Promise<string>; readonly close: () => void }

/** Listens on a free port of loopback until a browser comes with the state that was asked with. */
const waitForCode = async (state: string): Promise<Waiting> => {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const bound = server.address()
  const code = new Promise<string>((resolve) => {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // Anything else that finds this port by chance is told nothing; some of it asks for what is no address.
      const asked = URL.parse(request.url ?? '/', 'http://127.0.0.1')
      const given = asked?.searchParams.get('code') ?? null
      const isOurs =
        request.method === 'GET' &&
        asked?.pathname === '/' &&
        given !== null &&
        asked.searchParams.get('state') === state
      response.writeHead(isOurs ? 200 : 404, page).end(isOurs ? done : 'nothing is here\n')
      if (isOurs) resolve(given)
    })
  })
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    code,
    close: () => {
      server.close()
      server.closeIdleConnections()
    },
  }
}

const page = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  connection: 'close',
}

const done = 'You are signed in on the command line. This window can be closed.\n'

const givenUp = (ended: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const failed = (): void =>
      reject(
        new SluiceError('sign_in_failed', {
          detail: 'no browser came back',
          hint: 'sluice login, where a browser is; on a machine without one: sluice login --with-token < token.txt',
        }),
      )
    if (ended.aborted) failed()
    else ended.addEventListener('abort', failed, { once: true })
  })
