/** Hooks as they are wired: real servers, real commands. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { localHooks } from '../../src/adapters/hooks/hooks.ts'
import { SluiceError } from '../../src/core/errors.ts'
import type { HookAnswer } from '../../src/core/rollout/types.ts'
import { type Behaviour, call, hooksContract, type Opened } from '../contracts/hooks.contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-hooks-'))
after(() => rm(folder, { recursive: true, force: true }))

const hooks = localHooks({ directory: folder, environment: { PATH: process.env['PATH'], SLUICE_KEY: 'a secret' } })

type Said = { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }

/** A server that says the same to everybody; null: nothing, ever. */
const serve = async (said: Said | null): Promise<Opened> => {
  let last: Readonly<Record<string, unknown>> = {}
  const server = createServer((request: IncomingMessage, response) => {
    void (async () => {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      last = JSON.parse(text) as typeof last
      if (said === null) return
      response.writeHead(said.status, said.headers)
      response.end(said.body ?? '')
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    target: { kind: 'http', url: `http://127.0.0.1:${port}/` },
    told: () => Promise.resolve(last),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const bodies: Readonly<Record<Exclude<Behaviour, 'silent' | 'absent'>, object>> = {
  yes: { status: 'succeeded' },
  no: { status: 'failed', detail: '3 of 20 carts are empty', evidence: ['cart 7', 'cart 9'] },
  'not yet': { status: 'in_progress', retryAfterMs: 1_000 },
}

hooksContract('an address', hooks, async (behaviour) => {
  if (behaviour === 'silent') return serve(null)
  const opened = await serve({ status: 200, body: behaviour === 'absent' ? '' : JSON.stringify(bodies[behaviour]) })
  if (behaviour === 'absent') await opened.close()
  return behaviour === 'absent' ? { ...opened, close: () => Promise.resolve() } : opened
})

const commands: Readonly<Record<Behaviour, string>> = {
  yes: 'env > told; echo all good',
  no: 'echo the cart is empty >&2; exit 1',
  'not yet': 'echo half way; exit 75',
  silent: 'exec sleep 30',
  absent: 'there-is-no-such-program',
}

hooksContract('a command', hooks, (behaviour) =>
  Promise.resolve({
    target: { kind: 'command', command: commands[behaviour] },
    told: async () => {
      const text = await readFile(join(folder, 'told'), 'utf8')
      const env = Object.fromEntries(
        text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      )
      assert.equal(env['SLUICE_KEY'], undefined, 'what the control plane holds is not passed on')
      return {
        key: env['SLUICE_HOOK_KEY'],
        name: env['SLUICE_HOOK'],
        rollout: env['SLUICE_ROLLOUT'],
        environment: env['SLUICE_ENVIRONMENT'],
        moment: env['SLUICE_MOMENT'],
        step: env['SLUICE_STEP'],
      }
    },
    close: () => Promise.resolve(),
  }),
)

const asked = async (said: Said): Promise<HookAnswer | SluiceError> => {
  const { target, close } = await serve(said)
  try {
    return await hooks.call(target, call, AbortSignal.timeout(10_000))
  } catch (error) {
    assert.ok(error instanceof SluiceError)
    return error
  } finally {
    await close()
  }
}

test('a status alone is an answer: 2xx yes, 202 not yet, 3xx and 4xx no, and who is overloaded has not answered', async () => {
  const words = await Promise.all(
    [
      { status: 204 },
      { status: 202, headers: { 'retry-after': '7' } },
      { status: 302, headers: { location: '/' } },
      { status: 404 },
    ].map(asked),
  )
  assert.deepEqual(
    words.map((word) => (word instanceof SluiceError ? word.code : word.status)),
    ['succeeded', 'in_progress', 'failed', 'failed'],
  )
  assert.equal(
    words[1] instanceof SluiceError || words[1]?.status !== 'in_progress' ? null : words[1].retryAfterMs,
    7_000,
  )
  for (const status of [408, 429, 500, 503]) {
    const error = await asked({ status })
    assert.ok(error instanceof SluiceError && error.code === 'hook_unreachable' && error.retry === 'later')
  }
})

test('a body that says neither yes nor no is a no', async () => {
  for (const body of ['ok', '{}', '{"status":"fine"}', '[]', 'x'.repeat(200_000)]) {
    const answer = await asked({ status: 200, body })
    assert.ok(!(answer instanceof SluiceError) && answer.status === 'failed', body.slice(0, 20))
  }
})
