import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type ErrorCode, SluiceError } from '../../core/errors.ts'
import { fileSecrets, setSecret } from './file.ts'

const never = new AbortController().signal
const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof SluiceError && error.code === code

describe('the file of secrets', () => {
  let directory: string
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
  })

  test('an older version still gives its value, so that a rollback finds it; the same value is the same version', async () => {
    const source = fileSecrets(directory)
    const first = await setSecret(directory, 'WORD', 'swordfish', never)
    const second = await setSecret(directory, 'WORD', 'marlin', never)
    assert.notEqual(first, second)
    assert.deepEqual(await source.versions(['WORD'], never), { WORD: second })
    assert.deepEqual(await source.values({ WORD: first }, never), { WORD: 'swordfish' })
    assert.deepEqual(await source.values({ WORD: second }, never), { WORD: 'marlin' })
    assert.equal(await setSecret(directory, 'WORD', 'swordfish', never), first)
    await assert.rejects(source.values({ WORD: 'other' }, never), failsWith('not_found'))
  })

  test('a version tells nothing of its value: another file gives another version to the same one', async () => {
    const other = await mkdtemp(join(tmpdir(), 'sluice-secrets-'))
    const here = await setSecret(directory, 'PIN', '1234', never)
    assert.notEqual(await setSecret(other, 'PIN', '1234', never), here)
    await rm(other, { recursive: true })
  })

  test('only its owner may read it, or nobody gets anything from it', async () => {
    const path = join(directory, 'secrets.json')
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    await chmod(path, 0o640)
    await assert.rejects(fileSecrets(directory).versions(['WORD'], never), failsWith('config_invalid'))
    await assert.rejects(setSecret(directory, 'WORD', 'x', never), failsWith('config_invalid'))
    await chmod(path, 0o600)
  })

  test('a file that is damaged is refused and left as it is', async () => {
    const path = join(directory, 'secrets.json')
    for (const text of [
      '',
      '{"format":1',
      '{"format":2,"key":"","secrets":{}}',
      '{"format":1,"key":"k","secrets":{"A":1}}',
    ]) {
      await writeFile(path, text, { mode: 0o600 })
      await assert.rejects(fileSecrets(directory).versions(['WORD'], never), failsWith('store_corrupt'))
      await assert.rejects(setSecret(directory, 'WORD', 'x', never), failsWith('store_corrupt'))
      assert.equal((await stat(path)).size, text.length)
    }
  })
})
