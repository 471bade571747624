import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type ErrorCode, SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { fileSecretKeeper, fileSecrets } from './file.ts'

const never = new AbortController().signal
const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof SluiceError && error.code === code

const plainFile = JSON.stringify({
  format: 1,
  key: 'any text',
  secrets: { OLD: { current: '2026-11-21', values: { '2026-09-01': 'first', '2026-11-21': 'second' } } },
})

describe('the file of secrets', () => {
  let directory: string
  const keep = (name: string, value: string): Promise<string> =>
    fileSecretKeeper(directory).keep({ name, value }, never)
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-secrets-'))
  })
  after(() => rm(directory, { recursive: true }))

  test('a secret that is missing is named', async () => {
    await assert.rejects(fileSecrets(directory).versions(['WORD'], never), (error) => {
      assert.ok(error instanceof SluiceError && error.code === 'not_found')
      assert.match(error.detail, /WORD/)
      return true
    })
    assert.deepEqual(await fileSecrets(directory).versions([], never), {})
    assert.deepEqual(await readdir(directory), [])
  })

  test('an older version still gives its value, so that a rollback finds it; the same value is the same version', async () => {
    const source = fileSecrets(directory)
    const keeper = fileSecretKeeper(directory)
    const expected = await keeper.versionOf({ name: 'WORD', value: 'swordfish' }, never)
    const first = await keep('WORD', 'swordfish')
    const second = await keep('WORD', 'marlin')
    assert.equal(first, expected)
    assert.notEqual(first, second)
    assert.deepEqual(await source.versions(['WORD'], never), { WORD: second })
    assert.deepEqual(await source.values({ WORD: first }, never), { WORD: 'swordfish' })
    assert.deepEqual(await source.values({ WORD: second }, never), { WORD: 'marlin' })
    assert.equal(await keep('WORD', 'swordfish'), first)
    assert.deepEqual(await keeper.list(never), [{ name: 'WORD', version: first, versions: 2 }])
    await assert.rejects(source.values({ WORD: 'other' }, never), failsWith('not_found'))
  })

  test('changes at the same time are made one after the other, and none is lost', async () => {
    const keeper = fileSecretKeeper(directory)
    const names = ['A', 'B', 'C', 'D', '__proto__']
    await Promise.all(names.map((name) => keeper.keep({ name, value: `the value of ${name}` }, never)))
    assert.deepEqual(
      (await keeper.list(never)).map(({ name }) => name),
      ['A', 'B', 'C', 'D', 'WORD', '__proto__'],
    )
    const removed = await Promise.all(names.map((name) => keeper.remove(name, never)))
    assert.deepEqual([...removed, await keeper.remove('A', never)], [true, true, true, true, true, false])
    await assert.rejects(fileSecrets(directory).versions(['A'], never), failsWith('not_found'))
  })

  test('no value, and no name, is in any file; the key opens it, wherever that is, and no other key does', async () => {
    for (const name of await readdir(directory))
      assert.doesNotMatch(await readFile(join(directory, name), 'latin1'), /swordfish|marlin|WORD/)
    assert.match(await readFile(join(directory, 'secrets.age'), 'latin1'), /^age-encryption\.org\/v1\n-> X25519 /)
    const elsewhere = await mkdtemp(join(tmpdir(), 'sluice-key-'))
    const key = join(elsewhere, 'key.txt')
    await rename(join(directory, 'secrets.key'), key)
    await assert.rejects(fileSecrets(directory).versions(['WORD'], never), failsWith('store_corrupt'))
    await assert.rejects(keep('WORD', 'x'), failsWith('store_corrupt'))
    const source = fileSecrets(directory, { SLUICE_SECRETS_KEY_FILE: key })
    assert.deepEqual(Object.keys(await source.versions(['WORD'], never)), ['WORD'])
    await fileSecretKeeper(elsewhere).keep({ name: 'WORD', value: 'x' }, never)
    const other = fileSecrets(directory, { SLUICE_SECRETS_KEY_FILE: join(elsewhere, 'secrets.key') })
    await assert.rejects(other.versions(['WORD'], never), failsWith('store_corrupt'))
    await rename(key, join(directory, 'secrets.key'))
    await rm(elsewhere, { recursive: true })
  })

  test('a version tells nothing of its value: another file gives another version to the same one', async () => {
    const other = await mkdtemp(join(tmpdir(), 'sluice-secrets-'))
    const here = await keep('PIN', '1234')
    assert.notEqual(await fileSecretKeeper(other).keep({ name: 'PIN', value: '1234' }, never), here)
    await rm(other, { recursive: true })
  })

  test('two state directories that make their common key at the same time have the same one', async () => {
    const root = await mkdtemp(join(tmpdir(), 'sluice-secrets-'))
    const environment = { SLUICE_SECRETS_KEY_FILE: join(root, 'keys', 'key.txt') }
    const places = ['a', 'b', 'c'].map((name) => join(root, name))
    await Promise.all(places.map((place) => mkdir(place)))
    await Promise.all(
      places.map((place) => fileSecretKeeper(place, environment).keep({ name: 'WORD', value: place }, never)),
    )
    for (const place of places) {
      const source = fileSecrets(place, environment)
      assert.deepEqual(await source.values(await source.versions(['WORD'], never), never), { WORD: place })
    }
    assert.deepEqual(await readdir(join(root, 'keys')), ['key.txt'])
    await rm(root, { recursive: true })
  })

  test('only its owner may read it and its key, or nobody gets anything from it', async () => {
    for (const path of [join(directory, 'secrets.age'), join(directory, 'secrets.key')]) {
      assert.equal((await stat(path)).mode & 0o777, 0o600)
      await chmod(path, 0o640)
      await assert.rejects(fileSecrets(directory).versions(['WORD'], never), failsWith('config_invalid'))
      await assert.rejects(keep('WORD', 'x'), failsWith('config_invalid'))
      await chmod(path, 0o600)
    }
  })

  test('more than is read is not written', async () => {
    const keeper = fileSecretKeeper(directory)
    const [before] = await keeper.list(never)
    await assert.rejects(
      keeper.keep({ name: 'LARGE', value: 'x'.repeat(limits.secretsBytesMax) }, never),
      failsWith('usage_invalid'),
    )
    assert.deepEqual((await keeper.list(never))[0], before)
  })

  test('a plain file of before is read, and is an encrypted one once something was set', async () => {
    const old = await mkdtemp(join(tmpdir(), 'sluice-secrets-'))
    await writeFile(join(old, 'secrets.json'), plainFile, { mode: 0o600 })
    assert.deepEqual(await fileSecrets(old).values({ OLD: '2026-09-01' }, never), { OLD: 'first' })
    await fileSecretKeeper(old).keep({ name: 'NEW', value: 'third' }, never)
    assert.deepEqual((await readdir(old)).toSorted(), ['secrets.age', 'secrets.key'])
    assert.deepEqual(await fileSecrets(old).values({ OLD: '2026-11-21' }, never), { OLD: 'second' })
    await rm(old, { recursive: true })
  })

  test('a file that is damaged is refused and left as it is, and what is said of it repeats nothing of it', async () => {
    const old = await mkdtemp(join(tmpdir(), 'sluice-secrets-'))
    const path = join(old, 'secrets.json')
    for (const text of [
      '',
      '{"format":1',
      '{"key": swordfish}',
      '{"format":2,"key":"","secrets":{}}',
      '{"format":1,"key":"k","secrets":{"A":1}}',
    ]) {
      await writeFile(path, text, { mode: 0o600 })
      await assert.rejects(fileSecrets(old).versions(['WORD'], never), (error) => {
        assert.ok(error instanceof SluiceError && error.code === 'store_corrupt')
        assert.doesNotMatch(error.detail, /sword/)
        return true
      })
      await assert.rejects(fileSecretKeeper(old).keep({ name: 'WORD', value: 'x' }, never), failsWith('store_corrupt'))
      assert.equal((await stat(path)).size, text.length)
    }
    await writeFile(join(directory, 'secrets.age'), 'age-encryption.org/v1\n', { mode: 0o600 })
    await assert.rejects(fileSecrets(directory).versions(['WORD'], never), failsWith('store_corrupt'))
    await rm(old, { recursive: true })
  })
})
