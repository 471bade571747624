/** Assistants over stdio: `sluice mcp` as an assistant starts it, by the protocol's own client, against a real control plane. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { startRunning, type Running } from '../http/running.ts'

const bin = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url))
let running: Running
/** A token that may look, and one that may deploy. */
const tokens = new Map<string, string>()
/** The run that cut the first release, which serves staging. */
let run: string

before(async () => {
  running = await startRunning()
  const { client } = running
  for (const role of ['viewer', 'deployer'] as const) {
    const made = await client.call('tokens.create', { body: { label: role, kind: 'service', scope: [{ role }] } })
    tokens.set(role, made.token)
  }
  run = (await client.call('runs.start', { body: { ref: 'HEAD' } })).run
  await until(async () => (await client.call('runs.show', { params: { run } })).status === 'succeeded')
  await client.call('environments.deploy', { params: { environment: 'staging' }, body: {} })
  await until(async () => (await client.call('rollouts.list', {})).items[0]?.status === 'succeeded')
})
after(() => running.close())

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50))
}

/** An assistant that has started `sluice mcp` with a token of this role. */
const assistant = async (role: string, ...args: readonly string[]): Promise<Client> => {
  const client = new Client({ name: 'test', version: '1.0.0' })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [bin, 'mcp', ...args, '--server', running.served.url],
    cwd: running.project.directory,
    env: { PATH: process.env['PATH'] ?? '', HOME: running.project.directory, SLUICE_TOKEN: tokens.get(role) ?? '' },
    stderr: 'ignore',
  })
  await client.connect(transport)
  return client
}

const call = async (client: Client, name: string, input: Record<string, unknown> = {}) => {
  const { content, isError = false } = await client.callTool({ name, arguments: input })
  const [first] = content
  if (first?.type !== 'text') throw new Error('an answer is text')
  const body: Record<string, unknown> = JSON.parse(first.text)
  return { isError, body }
}

const rollouts = async (): Promise<number> => (await running.client.call('rollouts.list', {})).items.length

test('an assistant sees status, plan, why and logs, and has no tool that changes anything', async () => {
  const client = await assistant('viewer')
  try {
    const names = (await client.listTools()).tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint])
    ok(names.every(([, isReading]) => isReading === true))
    const tools = new Set(names.map(([name]) => name))
    for (const name of ['status', 'plan', 'why', 'rollouts', 'runs', 'run', 'logs', 'releases']) ok(tools.has(name))
    const { body: status } = await call(client, 'status')
    strictEqual(status['service'], 'tiny')
    const { body: plan } = await call(client, 'plan', { environment: 'production' })
    strictEqual(plan['environment'], 'production')
    const { body: listed } = await call(client, 'rollouts')
    const [rollout] = listed['items'] as readonly { readonly id: string }[]
    const why = await call(client, 'why', { rollout: rollout?.id })
    strictEqual(why.isError, false)
    match(JSON.stringify(why.body), new RegExp(rollout?.id ?? 'none'))
    const logs = await call(client, 'logs', { run, job: 'build' })
    strictEqual(logs.isError, false)
    ok(Object.keys(logs.body).length > 0)
    const lost = await call(client, 'why', { rollout: 'rol_nowhere' })
    deepStrictEqual([lost.isError, lost.body['error']], [true, 'not_found'])
  } finally {
    await client.close()
  }
})

test('a token that may only look changes nothing, whatever tools its assistant was given', async () => {
  const client = await assistant('viewer', '--allow-writes')
  try {
    const before = await rollouts()
    const input = { environment: 'production', reason: 'because' }
    const shown = await call(client, 'promote', input)
    const refused = await call(client, 'promote', { ...input, confirm: shown.body['confirm'] ?? 'guess' })
    deepStrictEqual([refused.isError, refused.body['error']], [true, 'forbidden'])
    strictEqual(await rollouts(), before)
  } finally {
    await client.close()
  }
})

test('what changes something shows first what it would do, and is done once, when it is confirmed', async () => {
  const client = await assistant('deployer', '--allow-writes')
  try {
    const before = await rollouts()
    const input = { environment: 'production', reason: 'the person said so' }
    const shown = await call(client, 'promote', input)
    strictEqual(shown.body['done'], false)
    strictEqual(await rollouts(), before)
    const confirm = String(shown.body['confirm'])
    const done = await call(client, 'promote', { ...input, confirm })
    strictEqual(done.body['done'], true, JSON.stringify(done.body))
    await call(client, 'promote', { ...input, confirm })
    strictEqual(await rollouts(), before + 1)
  } finally {
    await client.close()
  }
})
