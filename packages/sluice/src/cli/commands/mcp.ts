import { createHash } from 'node:crypto'
import { flagOption, type Command } from '../cli.ts'
import { withClient } from '../connect.ts'

/** `sluice mcp`: speaks the Model Context Protocol on stdin and stdout until stdin ends. */
export const command: Command = (cli, input) =>
  withClient({ ...cli, globals: { ...cli.globals, json: true } }, 'read', async (client) => {
    const { mcpServer } = await import('../../http/client/mcp/server.ts')
    const { serveStdio } = await import('@modelcontextprotocol/server/stdio')
    const { version } = await client.call('server.show', {})
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
    const writes = flagOption(input, 'allowWrites')
    const handle = serveStdio(() => mcpServer({ client, sha256, version, writes }), {
      onerror: (error) => cli.note(`mcp: ${error.message}`),
    })
    await Promise.race([ended(process.stdin), aborted(cli.interrupted)])
    await handle.close()
    return 0
  })

const ended = (stream: NodeJS.ReadableStream): Promise<void> =>
  new Promise((resolve) => {
    stream.once('end', resolve)
    stream.once('close', resolve)
  })

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
