/** Assistants over HTTP: the Model Context Protocol at one address, a server for each request. */
import type { Api } from '../api.ts'
import { createClient } from '../client/client.ts'
import type { ApiContext } from '../context.ts'

/** Where it is. Not a route of the table: what it speaks is the protocol's, and all it does it does by routes of the table. */
export const mcpPath = '/mcp'

/** How long one answer of the API may take, milliseconds. */
const answerMs = 30_000

/** Answers one request. `?writes=true` has the tools that change something, too. */
export const answerMcp = async (
  context: ApiContext,
  { request, api, from }: { readonly request: Request; readonly api: Api; readonly from: string | undefined },
): Promise<Response> => {
  const { createMcpHandler } = await import('@modelcontextprotocol/server')
  const { mcpServer } = await import('../client/mcp/server.ts')
  const url = new URL(request.url)
  const passed = ['authorization', 'host', 'x-sluice-actor', 'cookie', 'origin', 'sec-fetch-site']
  const headers = passed.flatMap((name): [string, string][] => {
    const value = request.headers.get(name)
    return value === null ? [] : [[name, value]]
  })
  const client = createClient({
    url: url.origin,
    token: null,
    actor: 'assistant',
    transport: (asked) => {
      const own = new Headers(asked.headers)
      for (const [name, value] of headers) own.set(name, value)
      return api.fetch(new Request(asked, { headers: own }), from)
    },
    timeoutMs: answerMs,
  })
  const writes = url.searchParams.get('writes') === 'true'
  const { sha256, server } = context
  const handler = createMcpHandler(() => mcpServer({ client, sha256, version: server.version, writes }))
  return handler.fetch(request)
}
