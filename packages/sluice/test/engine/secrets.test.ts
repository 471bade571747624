/** Setting and removing secrets: what the ledger says of them, what a repetition does, and what an environment may go back to. */
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileSecretKeeper } from '../../src/adapters/secrets/file.ts'
import { SluiceError } from '../../src/core/errors.ts'
import type { SecretKeeper } from '../../src/ports/secrets.ts'
import { ada, SmallWorld } from './small-world.ts'

const never = new AbortController().signal
const code = (expected: string) => (error: unknown) => error instanceof SluiceError && error.code === expected

const keeperOf = async (context: TestContext): Promise<SecretKeeper> => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-secrets-'))
  context.after(() => rm(directory, { recursive: true }))
  return fileSecretKeeper(directory)
}

const rowsOf = (world: SmallWorld): readonly string[] =>
  world.rows.filter(({ key }) => key.kind === 'secret').map(({ key, type }) => `${type} ${key.id}`)

test('what an environment serves, or may go back to, keeps its secrets; one that nothing needs goes, and by force any', async (context) => {
  const keeper = await keeperOf(context)
  const world = new SmallWorld()
  const first = await world.cut('1.0.0', { production: { secrets: ['OLD'] } })
  const second = await world.cut('2.0.0', { production: { secrets: ['NEW'] } })
  await world.rollOut(first)
  await world.rollOut(second)
  const { secrets } = world.engine
  for (const name of ['OLD', 'NEW', 'NONE']) await secrets.set({ name, value: `the ${name}`, keeper }, ada, never)
  const remove = (name: string, force = false): Promise<object> => secrets.remove({ name, force, keeper }, ada, never)
  await rejects(remove('NEW'), code('command_conflict'))
  await rejects(remove('OLD'), code('command_conflict'))
  await remove('NONE')
  await rejects(remove('NONE'), code('not_found'))
  await remove('OLD', true)
  deepStrictEqual(
    (await secrets.list(keeper, never)).map(({ name, set }) => [name, set?.setBy.name]),
    [['NEW', 'ada']],
  )
  deepStrictEqual(rowsOf(world).slice(3), ['secret_removed NONE', 'secret_removed OLD'])
})

test('what died between the store and the ledger is made good by saying it again; the same value twice is one row', async (context) => {
  const keeper = await keeperOf(context)
  const world = new SmallWorld()
  const { secrets } = world.engine
  await world.engine.start()
  const secret = { name: 'KEY', value: 'the first' }
  const version = await keeper.keep(secret, never)
  deepStrictEqual(
    (await secrets.list(keeper, never)).map(({ set }) => set),
    [null],
  )
  strictEqual((await secrets.set({ ...secret, keeper }, ada, never)).version, version)
  strictEqual((await secrets.set({ ...secret, keeper }, ada, never)).version, version)
  deepStrictEqual(rowsOf(world), ['secret_set KEY'])
  await keeper.remove('KEY', never)
  await secrets.remove({ name: 'KEY', force: false, keeper }, ada, never)
  deepStrictEqual(rowsOf(world), ['secret_set KEY', 'secret_removed KEY'])
})

test('a request that is sent again late, after another value was set, sets nothing back', async (context) => {
  const keeper = await keeperOf(context)
  const world = new SmallWorld()
  const { secrets } = world.engine
  await world.engine.start()
  const keyed = { ...ada, idempotencyKey: 'once' }
  const first = await secrets.set({ name: 'KEY', value: 'the first', keeper }, keyed, never)
  const second = await secrets.set({ name: 'KEY', value: 'the second', keeper }, ada, never)
  deepStrictEqual(await secrets.set({ name: 'KEY', value: 'the first', keeper }, keyed, never), first)
  strictEqual((await keeper.list(never))[0]?.version, second.version)
  const other = secrets.set({ name: 'KEY', value: 'the third', keeper }, keyed, never)
  await rejects(other, code('command_conflict'))
})

test('what another service serves keeps its secrets, too: all have one store', async (context) => {
  const keeper = await keeperOf(context)
  const world = new SmallWorld()
  await world.rollOut(await world.cut('1.0.0', { service: 'cart', production: { secrets: ['CART'] } }))
  await world.rollOut(await world.cut('1.0.0'))
  const { secrets } = world.engine
  await secrets.set({ name: 'CART', value: 'the cart', keeper }, ada, never)
  await rejects(secrets.remove({ name: 'CART', force: false, keeper }, ada, never), code('command_conflict'))
})

test('a value that no variable can hold is not kept', async (context) => {
  const keeper = await keeperOf(context)
  const { secrets } = new SmallWorld().engine
  const wish = { name: 'KEY', value: 'one\0LD_PRELOAD=two', keeper }
  await rejects(secrets.set(wish, ada, never), code('usage_invalid'))
  deepStrictEqual(await keeper.list(never), [])
})
