/** People and tokens as people type them, against a real control plane. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { fileCredentials } from '../../src/adapters/credentials/files.ts'
import { startRunning, type Running } from '../http/running.ts'
import type { Ended } from './sluice.ts'

const bin = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url))
let running: Running
before(async () => {
  running = await startRunning()
})
after(() => running.close())

/** Types a command, with this on its stdin. As the owner when a token is given, else as whoever has signed in. */
const typed = (
  args: readonly string[],
  { stdin = '', token = '' }: { readonly stdin?: string; readonly token?: string } = {},
): Promise<Ended> =>
  new Promise((resolve) => {
    const cwd = running.project.directory
    const env = {
      PATH: process.env['PATH'],
      HOME: cwd,
      LANG: 'C.UTF-8',
      SLUICE_SERVER: running.served.url,
      ...(token === '' ? {} : { SLUICE_TOKEN: token }),
    }
    const child = spawn(process.execPath, [bin, ...args], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (data) => (stdout += String(data)))
    child.stderr.on('data', (data) => (stderr += String(data)))
    child.once('close', (code) => resolve({ code, stdout, stderr }))
    child.stdin.end(stdin)
  })

test('a person is added, signs in, sees what it may, is refused the rest, and signs out', async () => {
  const { token } = running
  const added = await typed(['user', 'add', 'ada', '--role', 'deployer', '--in', 'staging', '--password-stdin'], {
    token,
    stdin: 'a good password\n',
  })
  deepStrictEqual([added.code, added.stdout], [0, '✔ added ada, deployer in staging\n'], added.stderr)
  strictEqual((await typed(['login', 'ada', '--password-stdin'], { stdin: 'a bad password\n' })).code, 4)
  const signedIn = await typed(['login', 'ada', '--password-stdin'], { stdin: 'a good password\n' })
  match(signedIn.stdout, /signed in to http:\S+ as ada, until /)
  const file = join(running.project.directory, '.config', 'sluice', 'logins.json')
  strictEqual(statSync(file).mode & 0o777, 0o600)
  const who = await typed(['whoami'])
  match(who.stdout, /^ada, a person, at /)
  match(who.stdout, /staging +.*deploy/)
  strictEqual((await typed(['env', 'lock', 'staging', '-m', 'x'])).code, 0)
  const refused = await typed(['env', 'lock', 'production', '-m', 'x'])
  strictEqual(refused.code, 4)
  match(refused.stderr, /SLU-1111/)
  match(refused.stderr, /ada may not lock, freeze or dequeue in production; that takes deployer or admin there/)
  const kept = (JSON.parse(readFileSync(file, 'utf8')) as { logins: Record<string, { token: string }> }).logins
  const [secret = ''] = Object.values(kept).map((login) => login.token)
  strictEqual((await typed(['logout'])).code, 0)
  strictEqual((await typed(['whoami'])).code, 4)
  strictEqual((await typed(['whoami'], { token: secret })).code, 4)
})

test('what stands for a password in a request that is kept is the same for the same password and salt, and tells nothing of it', async () => {
  const kept = fileCredentials(running.project.directory)
  const tag = await kept.passwordTag('one', 'a good password')
  match(tag, /^[0-9a-f]{64}$/)
  strictEqual(await kept.passwordTag('one', 'a good password'), tag)
  ok(
    (await kept.passwordTag('two', 'a good password')) !== tag &&
      (await kept.passwordTag('one', 'a bad password')) !== tag,
  )
})

test('a token of a program is made, listed, used and revoked', async () => {
  const { token } = running
  const made = await typed(
    ['token', 'create', 'ci', '--service', '--role', 'deployer', '--in', 'staging', '--expires', '90d', '--json'],
    { token },
  )
  const { id, token: secret } = JSON.parse(made.stdout) as { readonly id: string; readonly token: string }
  match(secret, /^slu_svc_/)
  match((await typed(['whoami'], { token: secret })).stdout, /^token:ci, a program, /)
  const list = await typed(['token', 'ls'], { token })
  match(list.stdout, /ci +a program +deployer in staging +active/)
  ok(!list.stdout.includes(secret.slice(-30)))
  strictEqual((await typed(['token', 'revoke', id], { token })).code, 0)
  const after = await typed(['whoami'], { token: secret })
  deepStrictEqual([after.code, /SLU-1102/.test(after.stderr)], [4, true])
  match((await typed(['user', 'ls'], { token })).stdout, /ada +deployer in staging/)
  strictEqual((await typed(['user', 'role', 'ada', 'deployer', '--remove'], { token })).code, 0)
  strictEqual((await typed(['user', 'rm', 'ada', '-m', 'left'], { token })).code, 0)
})

test('an address that signs a browser in is printed when it is asked for, and never unasked', async () => {
  const { token } = running
  const plain = await typed(['open'], { token })
  deepStrictEqual([plain.code, plain.stdout], [0, `${running.served.url}\n`])
  const { code, stdout } = await typed(['open', '--link'], { token })
  strictEqual(code, 0)
  const response = await fetch(stdout.trim(), { redirect: 'manual', headers: { 'sec-fetch-site': 'none' } })
  deepStrictEqual([response.status, response.headers.get('location')], [303, '/'])
  const nobody = await typed(['open', '--link'])
  strictEqual(nobody.code, 4)
})
