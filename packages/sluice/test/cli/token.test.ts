/** To whom the command line shows the token of a state, and how one comes to it by a browser. */
import { deepStrictEqual, match } from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { browserSession } from '../../src/cli/browser-login.ts'
import { sluiceHere } from './sluice.ts'

let cwd = ''
let port = 0
const shown: (string | null)[] = []
/** Takes down what it is shown, and refuses. */
const server = createServer(({ headers }, answer) => {
  shown.push(headers.authorization ?? null)
  answer.writeHead(401, { 'content-type': 'application/json' }).end('{"name":"token_missing","detail":"no"}')
})

before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sluice-token-'))
  await mkdir(join(cwd, '.sluice'))
  await writeFile(join(cwd, 'sluice.config.json'), '{}')
  await writeFile(join(cwd, '.sluice', 'token'), `${'t'.repeat(43)}\n`)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})
after(async () => {
  server.close()
  server.closeAllConnections()
  await rm(cwd, { recursive: true, force: true })
})

test('the token of a state is shown to its own control plane, and to nobody else who is named', async () => {
  const url = `http://127.0.0.1:${port}`
  const status = async (words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> =>
    match((await sluiceHere({ cwd, env }, 'status', ...words)).stderr, /SLU-1101/)
  await status(['--server', url])
  await status([], { SLUICE_SERVER: url })
  await status(['--server', url], { SLUICE_TOKEN: 'given' })
  deepStrictEqual(shown.splice(0), [null, null, 'Bearer given'])
  const own = { pid: process.pid, url, version: '0.1.0', startedAt: 0, processStart: null, restartCommand: [] }
  await writeFile(join(cwd, '.sluice', 'server.json'), JSON.stringify(own))
  await status([])
  await status(['--server', `localhost:${port}`])
  deepStrictEqual(new Set(shown), new Set([`Bearer ${'t'.repeat(43)}`]))
})

test('a browser that comes back is told from whatever else asks at the port, and nothing that asks there ends the sign-in', async () => {
  const answers: (number | undefined)[] = []
  const get = (port: string, path: string): Promise<void> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path }, (answer) => {
        answers.push(answer.statusCode)
        answer.resume().once('end', resolve)
      })
        .once('error', reject)
        .end()
    })
  const cli = { note: () => {}, interrupted: AbortSignal.timeout(10_000) }
  const client = { call: async (_: string, { body }: { readonly body: object }) => ({ token: body, name: 'ada' }) }
  const come = async (address: string): Promise<void> => {
    const { port = '', state = '' } = Object.fromEntries(new URL(address).searchParams)
    for (const path of ['//', 'http://', `/?state=${state}`, '/?code=theirs&state=no', `/?code=ours&state=${state}`])
      await get(port, path)
  }
  const coming: Promise<void>[] = []
  const login = { url: 'http://sluice.invalid', client, open: (address: string) => void coming.push(come(address)) }
  const { token } = (await browserSession(cli as never, login as never)) as unknown as { token: { code: string } }
  await Promise.all(coming)
  deepStrictEqual([token.code, answers], ['ours', [404, 404, 404, 404, 200]])
})
