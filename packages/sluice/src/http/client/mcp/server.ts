/** Sluice for assistants: a Model Context Protocol server over a client of the API. Loaded by who serves it. */
import { McpServer } from '@modelcontextprotocol/server'
import { SluiceError } from '../../../core/errors.ts'
import type { Sha256 } from '../../../core/model.ts'
import type { Client } from '../client.ts'
import { readTools } from './tools.ts'
import { writeTools } from './write-tools.ts'

/** What a server is made of. */
export type McpOptions = {
  readonly client: Client
  readonly sha256: Sha256
  readonly version: string
  /** Whether it has the tools that change something; what they may is the API's to say. */
  readonly writes: boolean
}

const instructions =
  'Sluice takes a commit to production, and takes it back by itself when it is bad. Begin with `status`. A figure is only what was measured: null means that nothing was. Tools that change something show what they would do first; show that to the person before you confirm it.'

/** Makes a server; one for each connection, or for each request over HTTP. */
export const mcpServer = ({ client, sha256, version, writes }: McpOptions): McpServer => {
  const server = new McpServer({ name: 'sluice', version }, { instructions, capabilities: { tools: {} } })
  for (const { name, description, input, ask } of readTools)
    server.registerTool(
      name,
      { description, inputSchema: input, annotations: { readOnlyHint: true, openWorldHint: false } },
      (given, context) => told(() => ask(client, given, context.mcpReq.signal)),
    )
  for (const { name, description, input, write } of writes ? writeTools : [])
    server.registerTool(
      name,
      {
        description,
        inputSchema: input,
        annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: false },
      },
      (given, context) => told(() => write({ client, sha256 }, given, context.mcpReq.signal)),
    )
  return server
}

type Told = { readonly content: { readonly type: 'text'; readonly text: string }[]; readonly isError?: true }

/** An answer as text; an error of the API with its code and what to do about it, so that an assistant can act on it. */
const told = async (ask: () => Promise<object>): Promise<Told> => {
  try {
    return { content: [{ type: 'text', text: JSON.stringify(await ask()) }] }
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    const { code, detail, hint, evidence } = error
    return { content: [{ type: 'text', text: JSON.stringify({ error: code, detail, hint, evidence }) }], isError: true }
  }
}
