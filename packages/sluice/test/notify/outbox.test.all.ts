/** Notifications of a real control plane to a real receiver: it is away for a while, the control plane is killed in the middle, and every message arrives all the same, signed and in order. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileSecretKeeper } from '../../src/adapters/secrets/file.ts'
import type { Notice } from '../../src/core/notify/types.ts'
import { type Ended, sluice } from '../cli/sluice.ts'
import { makeProject, type Project } from '../e2e/project.ts'
import { freePort } from '../free-port.ts'

type Got = { readonly id: string; readonly notice: Notice; readonly status: number }

const got: Got[] = []
/** Of the requests that come, so many more are answered with 503. */
let away = 0
let receiver: Server
let project: Project
let stateDir = ''

before(async () => {
  receiver = createServer((request, response) => {
    void text(request).then((body) => {
      const { data } = JSON.parse(body) as { readonly data: Notice }
      const status = away > 0 ? 503 : 200
      away -= 1
      match(String(request.headers['webhook-signature']), /^v1,/)
      got.push({ id: String(request.headers['webhook-id']), notice: data, status })
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const { port } = receiver.address() as AddressInfo
  stateDir = await realpath(await mkdtemp(join(tmpdir(), 'sl-')))
  const webhook = { url: `http://127.0.0.1:${port}/`, secret: 'HOOK_SECRET' }
  project = await makeProject(
    { production: { listen: await freePort(), stopGrace: '1s', drainTimeout: '1s' } },
    { notify: { channels: { hook: { webhook } } } },
  )
})

after(async () => {
  await type('down', '--all')
  receiver.close()
  receiver.closeAllConnections()
  await project.remove()
  await rm(stateDir, { recursive: true, force: true })
})

const type = (...words: readonly string[]): Promise<Ended> =>
  sluice({ cwd: project.directory }, '--state-dir', stateDir, ...words)

const wellDone = (ended: Ended): Ended => {
  strictEqual(ended.code, 0, ended.stdout + ended.stderr)
  return ended
}

const eventually = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await holds()) return
    await pause(100)
  }
  throw new Error(`it never came to be: ${what}; ${JSON.stringify(got.map(({ id, status }) => [id, status]))}`)
}

const arrived = (): readonly string[] => [
  ...new Set(got.flatMap(({ id, status, notice: { kind } }) => (status === 200 ? [`${kind} ${id}`] : []))),
]

test('doctor names a secret that a channel misses; with it a test arrives, and without a receiver it says so', async () => {
  wellDone(await type('up', '-d'))
  const missing = await type('doctor')
  match(missing.stdout, /✖ notifications +there is no secret HOOK_SECRET/)
  await fileSecretKeeper(stateDir).keep(
    { name: 'HOOK_SECRET', value: 'a secret of thirty-two bytes, ok' },
    new AbortController().signal,
  )
  match((await type('doctor')).stdout, /✔ notifications +channels: hook/)
  match(wellDone(await type('notify', 'test')).stdout, /✔ hook \(webhook\) delivered/)
  strictEqual(got.at(-1)?.notice.kind, 'test')
  away = 1
  const failed = await type('notify', 'test', 'hook', '--json')
  strictEqual(failed.code, 1)
  deepStrictEqual(JSON.parse(failed.stdout).items[0].status, 'later')
  away = 0
})

test('retry is told one message or --all of them, and says so where it is not; all of none is fine', async () => {
  for (const words of [['retry'], ['retry', 'msg_1', '--all'], ['retry', '--channel', 'hook']]) {
    const { code, stderr } = await type('notify', ...words)
    deepStrictEqual([code, /either one message, or --all of them/.test(stderr)], [2, true], words.join(' '))
  }
  match(
    wellDone(await type('notify', 'retry', '--all', '--channel', 'hook')).stdout,
    /no message of hook was set aside/,
  )
})

test('a receiver that is away, and a control plane that is killed in the middle: each message arrives, in order, none is lost', async () => {
  got.length = 0
  away = 2
  wellDone(await type('run'))
  wellDone(await type('deploy', 'production'))
  await eventually('an attempt that failed', () => got.some(({ status }) => status === 503))
  const { pid } = JSON.parse(readFileSync(join(stateDir, 'server.json'), 'utf8')) as { readonly pid: number }
  process.kill(pid, 'SIGKILL')
  await pause(500)
  wellDone(await type('up', '-d'))
  await eventually('the end of the rollout', () => arrived().some((one) => one.startsWith('rollout.promoted ')))
  const kinds = arrived().map((one) => one.split(' ')[0])
  for (const kind of ['run.started', 'run.succeeded', 'rollout.started', 'rollout.promoted'])
    strictEqual(kinds.filter((one) => one === kind).length, 1, `${kind}: ${kinds.join()}`)
  ok(kinds.indexOf('run.started') < kinds.indexOf('run.succeeded'))
  ok(kinds.indexOf('rollout.started') < kinds.indexOf('rollout.promoted'))
  const { items } = JSON.parse(wellDone(await type('notify', 'ls', '--json', '--limit', '100')).stdout)
  ok(items.length >= 4 && items.every(({ status }: { status: string }) => status === 'delivered'))
  const rollout = items.find(({ notice }: { notice: Notice }) => notice.kind === 'rollout.promoted').notice.subject.id
  match(wellDone(await type('notify', 'why', rollout)).stdout, /hook: told, no route names it: by default .*delivered/)
  const channels = /hook +webhook +http:\/\/127\.0\.0\.1:\d+\/ +ok +0 /
  match(wellDone(await type('notify', 'channels')).stdout, channels)
  // The same without a control plane.
  wellDone(await type('down'))
  match(wellDone(await type('notify', 'channels')).stdout, channels)
  const log = readFileSync(join(stateDir, 'control.log'), 'utf8')
  ok(!log.includes('a secret of thirty-two bytes'))
})
