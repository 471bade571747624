/** To whom the command line shows the token of a state. */
import { deepStrictEqual, match } from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sluice } from './sluice.ts'

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
    match((await sluice({ cwd, env }, 'status', ...words)).stderr, /SLU-1101/)
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
