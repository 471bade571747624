/** Assistants, by the protocol's own client: over HTTP with the token of who asks, and with no more than that token may. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict'
import { before, test } from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { rootToken, SmallApi } from './small-api.ts'

let small: SmallApi

before(async () => {
  small = await SmallApi.start()
})

/** A client that is connected. */
const assistant = async (token: string, query = ''): Promise<Client> => {
  const client = new Client({ name: 'test', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:7420/mcp${query}`), {
    requestInit: { headers: { authorization: `Bearer ${token}`, host: '127.0.0.1:7420' } },
    fetch: (url, init) => small.api.fetch(new Request(url, init)),
  })
  await client.connect(transport)
  return client
}

const call = async (client: Client, name: string, input: Record<string, unknown> = {}) => {
  const { content, isError = false } = await client.callTool({ name, arguments: input })
  const [first] = content
  if (first?.type !== 'text') throw new Error('an answer is text')
  const body: Record<string, unknown> =
    isError && !first.text.startsWith('{') ? { text: first.text } : JSON.parse(first.text)
  return { isError, body }
}

const namesOf = async (client: Client): Promise<readonly string[]> =>
  (await client.listTools()).tools.map(({ name }) => name)

const reading = ['status', 'plan', 'why', 'rollouts', 'runs', 'run', 'logs', 'releases']

test('an assistant may look, and has no tool that changes anything unless it asks for them', async () => {
  const client = await assistant(rootToken)
  deepStrictEqual(await namesOf(client), reading)
  const { body } = await call(client, 'status')
  strictEqual(body['service'], 'shop')
  const { body: plan } = await call(client, 'plan', { environment: 'staging' })
  strictEqual(plan['environment'], 'staging')
  deepStrictEqual((await call(client, 'runs', { branch: 'main', status: 'failed' })).body['items'], [])
  strictEqual((await call(client, 'rollouts', { status: 'late' })).isError, true)
  const lost = await call(client, 'why', { rollout: 'rol_nowhere' })
  deepStrictEqual([lost.isError, lost.body['error']], [true, 'not_found'])
  const { isError } = await call(client, 'plan', {})
  strictEqual(isError, true)
  await rejects(assistant('wrong'))
})

test('what changes something shows first, is done once when it is confirmed, and not once it is no longer the same', async () => {
  const client = await assistant(rootToken, '?writes=true')
  deepStrictEqual(await namesOf(client), [...reading, 'deploy', 'promote', 'rollback', 'rollout_command'])
  const input = { environment: 'staging', reason: 'the person said so' }
  const shown = await call(client, 'deploy', input)
  strictEqual(shown.body['done'], false)
  const confirm = String(shown.body['confirm'])
  const earlier = (await call(client, 'rollouts')).body['items']
  deepStrictEqual(earlier, [])
  const other = await call(client, 'deploy', { ...input, confirm: 'guess' })
  match(String(other.body['note']), /Nothing was done/)
  const done = await call(client, 'deploy', { ...input, confirm })
  strictEqual(done.body['done'], true)
  const { rollout } = done.body['answer'] as { rollout: string }
  const again = await call(client, 'deploy', { ...input, confirm })
  const items = (await call(client, 'rollouts')).body['items'] as readonly { id: string; by: { name: string } }[]
  deepStrictEqual(
    items.map(({ id }) => id),
    [rollout],
  )
  ok(again.body['done'] === false || JSON.stringify(again.body).includes(rollout))
})

test('a token that may only look has tools that only look, whatever it asks for', async () => {
  const viewer = await small.service('assistant', [{ role: 'viewer' }])
  const client = await assistant(viewer, '?writes=true')
  const input = { environment: 'production', release: '1.0.0', reason: 'because' }
  const shown = await call(client, 'deploy', input)
  const refused = await call(client, 'deploy', { ...input, confirm: shown.body['confirm'] })
  deepStrictEqual([refused.isError, refused.body['error']], [true, 'forbidden'])
})
