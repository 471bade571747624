/** What every cache store must do. Each implementation calls `cacheContract` with a way to open an empty one. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { SluiceError } from '../../src/core/errors.ts'
import type { CacheStore } from '../../src/ports/cache.ts'

/** An empty store, and how to take it away. A store that only takes signed entries is given a way to sign. */
export type OpenedCache = {
  readonly store: CacheStore
  /** The text of an entry for a place, as this store takes it, with `words` in it. */
  readonly textOf: (place: { scope: string; group: string; name: string }, words: string) => string
  /** How far apart two writes must be for the store to know which was first, milliseconds. */
  readonly clockStepMs: number
  readonly remove: () => Promise<void>
}

const signal = new AbortController().signal
const scope = 'protected'
const group = 'job-0123456789abcdef'

/** Runs the contract against one implementation. */
export const cacheContract = (name: string, open: () => Promise<OpenedCache>): void => {
  describe(`${name} keeps the cache's contract`, () => {
    let opened: OpenedCache | null = null
    let folder = ''
    const cache = (): OpenedCache => opened ?? assert.fail('it is open')
    const store = (): CacheStore => cache().store
    const file = async (content: string | Uint8Array): Promise<{ path: string; bytes: number; sha256: string }> => {
      const sha256 = hash('sha256', content)
      const path = join(folder, sha256)
      await writeFile(path, content)
      return { path, bytes: Buffer.byteLength(content), sha256 }
    }
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sluice-cache-contract-'))
      opened = await open()
    })
    after(async () => {
      await opened?.remove()
      await rm(folder, { recursive: true, force: true })
    })

    it('gives an entry back as it was, and of two writers the first wins', async () => {
      const place = { scope, group, name: 'a'.repeat(64) }
      const [first, second] = [cache().textOf(place, 'first: ü ☃\n'), cache().textOf(place, 'second')]
      assert.equal(await store().readEntry(place, signal), null)
      assert.equal(await store().writeEntry(place, first, signal), 'written')
      assert.equal(await store().writeEntry(place, second, signal), 'present')
      assert.equal(await store().readEntry(place, signal), first)
    })

    it('keeps the same name apart in each scope and group', async () => {
      const places = [
        { scope: 'pull/7', group, name: 'same' },
        { scope: 'branch/fix', group, name: 'same' },
        { scope, group, name: 'same' },
        { scope, group: 'keyed', name: 'same' },
      ]
      const texts = places.map((place) => cache().textOf(place, `${place.scope} ${place.group}`))
      for (const [index, place] of places.entries())
        assert.equal(await store().writeEntry(place, texts[index] ?? '', signal), 'written')
      assert.deepEqual(await Promise.all(places.map((place) => store().readEntry(place, signal))), texts)
    })

    it('lists entries that begin so, the newest first, no more than wanted', async () => {
      const request = { scope, group: 'listed', prefix: 'k-npm', limit: 2 }
      assert.deepEqual(await store().listEntries(request, signal), [])
      for (const name of ['k-npm-1', 'k-pip-2', 'k-npm-3', 'k-npm-2']) {
        const place = { scope, group: 'listed', name }
        await store().writeEntry(place, cache().textOf(place, name), signal)
        await clockStep(cache().clockStepMs)
      }
      assert.deepEqual(await store().listEntries(request, signal), ['k-npm-2', 'k-npm-3'])
      assert.deepEqual(await store().listEntries({ ...request, prefix: '', limit: 1 }, signal), ['k-npm-2'])
    })

    it('gives a blob back byte for byte, small, empty and of several megabytes', async () => {
      const large = Buffer.alloc(3_000_001, 'content of a large file\n')
      for (const content of ['small', '', large]) {
        const { sha256, ...source } = await file(content)
        const place = { scope, sha256 }
        assert.equal(await store().hasBlob(place, signal), false)
        assert.equal(await store().readBlob(place, signal), null)
        await store().writeBlob(place, source, signal)
        await store().writeBlob(place, source, signal)
        assert.equal(await store().hasBlob(place, signal), true)
        assert.equal(await store().hasBlob({ ...place, scope: 'pull/7' }, signal), false)
        const chunks = await store().readBlob(place, signal)
        assert.ok(chunks !== null)
        assert.equal(hash('sha256', Buffer.concat(await Array.fromAsync(chunks))), sha256)
      }
    })

    it('does not keep content under the digest of another', async () => {
      const { path, bytes } = await file('not what it says')
      const place = { scope, sha256: hash('sha256', 'what it says') }
      await assert.rejects(store().writeBlob(place, { path, bytes }, signal), code('artifact_mismatch'))
      assert.equal(await store().hasBlob(place, signal), false)
    })

    it('takes no place that leads anywhere else', async () => {
      const sha256 = hash('sha256', '')
      for (const wrong of ['..', '../protected', 'pull/..', 'pull/../protected', '/etc', 'pull/a/b', ''])
        await assert.rejects(store().hasBlob({ scope: wrong, sha256 }, signal), code('usage_invalid'), wrong)
      for (const name of ['..', '.hidden', 'a/b', '', 'a\n', 'x'.repeat(300)])
        await assert.rejects(store().readEntry({ scope, group, name }, signal), code('usage_invalid'), name)
      await assert.rejects(store().readEntry({ scope, group: '..', name: 'a' }, signal), code('usage_invalid'))
      const list = { scope, group: '../..', prefix: '', limit: 1 }
      await assert.rejects(store().listEntries(list, signal), code('usage_invalid'))
      await assert.rejects(store().readBlob({ scope, sha256: '../../passwd' }, signal), code('usage_invalid'))
    })
  })
}

const code = (wanted: string) => (error: unknown) => error instanceof SluiceError && error.code === wanted

const clockStep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
