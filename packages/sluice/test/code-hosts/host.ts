/** A code host to talk to, on loopback: holds what it hears and says to the host's own OpenAPI document, asks for the token, and fails as it is told. */
import { deepStrictEqual } from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Conversation, conversationOf, type Operation } from './openapi.ts'

/** What it is asked. */
export type Asked = Operation & { readonly body: Readonly<Record<string, unknown>> }

/** What it says. */
export type Said = {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** What goes wrong with a call: it is answered with this instead; or it is done, and the answer is lost, or never comes. */
export type Fault = Said | 'lost' | 'silent'

/** A host that is listening. */
export type Host = {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  /** Names of the operations in the order of the calls, those that failed included. */
  readonly calls: readonly string[]
  /** What goes wrong with the next calls whose operation begins so, one after the other. */
  readonly fail: (operation: string, ...faults: readonly Fault[]) => void
  /** What it was asked that its document does not allow, and has said that it does not. */
  readonly faults: readonly string[]
  /** Stops, and fails unless all that was said keeps to the document. */
  readonly close: () => Promise<void>
}

type HostOptions = {
  readonly document: URL
  /** What comes before the paths of the document. */
  readonly under: string
  /** What a request that is let in looks like. */
  readonly isLetIn: (request: IncomingMessage) => boolean
  readonly answer: (asked: Asked) => Said
}

/** Opens a host. */
export const openHost = async ({ document, under, isLetIn, answer }: HostOptions): Promise<Host> => {
  const conversation: Conversation = conversationOf(document)
  const faults: string[] = []
  const calls: string[] = []
  const planned: { readonly operation: string; readonly fault: Fault }[] = []
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request)
    const address = new URL(request.url ?? '/', 'http://host')
    const own = new URL(`${address.pathname.slice(under.length)}${address.search}`, 'http://host')
    const operation = address.pathname.startsWith(under) ? conversation.find(request.method ?? '', own) : null
    if (operation === null) {
      faults.push(`${request.method ?? ''} ${request.url ?? ''}: the document has no such operation`)
      return send(response, { status: 500, body: { message: 'no such operation' } })
    }
    calls.push(operation.name)
    const wrong = conversation.request(operation, body)
    faults.push(...wrong)
    if (wrong.length > 0) return send(response, { status: 500, body: { message: wrong.join('; ') } })
    const index = planned.findIndex(({ operation: name }) => operation.name.startsWith(name))
    const fault = index === -1 ? null : (planned.splice(index, 1)[0]?.fault ?? null)
    if (typeof fault === 'object' && fault !== null) return send(response, fault)
    const said = isLetIn(request)
      ? answer({ ...operation, body: (body ?? {}) as Asked['body'] })
      : { status: 401, body: { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest' } }
    faults.push(...conversation.answer(operation, said.status, said.body))
    if (fault === 'lost') response.socket?.destroy()
    else if (fault === null) send(response, said)
  }
  const server = createServer((request, response) => void handle(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    faults,
    fail: (operation, ...next) => {
      planned.push(...next.map((fault) => ({ operation, fault })))
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      deepStrictEqual(faults, [])
    },
  }
}

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text === '' ? null : JSON.parse(text)
}

const send = (response: ServerResponse, { status, body, headers }: Said): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(body === null ? '' : JSON.stringify(body))
}
