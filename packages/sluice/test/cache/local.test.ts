import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { FolderCache } from '../../src/adapters/cache/local.ts'
import { limits } from '../../src/core/limits.ts'
import { cacheContract } from '../contracts/cache.contract.ts'
import { entryAt, openFolderCache, sealedAt } from './opening.ts'

const signal = new AbortController().signal
const scope = 'protected'

cacheContract('a folder', async () => {
  const { cache, remove } = await openFolderCache()
  return { store: cache, textOf: sealedAt, clockStepMs: 12, remove }
})

describe('the cache in a folder', () => {
  const hour = 3_600_000

  /** An entry with one blob of `bytes`. */
  const put = async (cache: FolderCache, name: string, bytes: number): Promise<string> => {
    const blob = await cache.addBlob(scope, chunksOf(Buffer.alloc(bytes, name)), signal)
    const place = { scope, group: 'job-1', name }
    await cache.writeEntry(place, `x\n${JSON.stringify({ ...entryAt(place, name), blobs: [blob] })}\n`, signal)
    return blob.sha256
  }

  it('drops what was of no use for the longest time once it is over its limit, and its blobs', async () => {
    let now = Date.now()
    const { cache, remove } = await openFolderCache({ bytesMax: 35_000, now: () => now })
    try {
      const first = await put(cache, 'first', 10_000)
      await put(cache, 'second', 10_000)
      assert.equal((await cache.sweep(signal)).entriesRemoved, 0)
      now += hour
      await put(cache, 'third', 10_000)
      cache.touch({ scope, group: 'job-1', name: 'first' })
      await put(cache, 'fourth', 10_000)
      const { entriesRemoved, blobsRemoved, bytes } = await cache.sweep(signal)
      assert.deepEqual({ entriesRemoved, blobsRemoved }, { entriesRemoved: 1, blobsRemoved: 1 })
      assert.ok(bytes <= 35_000 && bytes > 30_000)
      const left = await cache.listEntries({ scope, group: 'job-1', prefix: '', limit: 9 }, signal)
      assert.deepEqual(left.toSorted(), ['first', 'fourth', 'third'])
      assert.ok(await cache.hasBlob({ scope, sha256: first }, signal))
    } finally {
      await remove()
    }
  })

  it('leaves young blobs for the entry that is about to name them, and takes old ones that none names', async () => {
    let now = Date.now()
    const { cache, remove } = await openFolderCache({ now: () => now })
    try {
      const blob = await cache.addBlob(scope, chunksOf(Buffer.from('orphan')), signal)
      assert.equal((await cache.sweep(signal)).blobsRemoved, 0)
      now += 2 * hour
      assert.equal((await cache.sweep(signal)).blobsRemoved, 1)
      assert.equal(await cache.hasBlob({ scope, sha256: blob.sha256 }, signal), false)
    } finally {
      await remove()
    }
  })

  it('drops an entry that lost a blob, and one that cannot be read', async () => {
    const { cache, folder, remove } = await openFolderCache()
    try {
      const sha256 = await put(cache, 'lost', 10)
      await cache.discardBlob({ scope, sha256 })
      await writeFile(join(folder, scope, 'entries', 'job-1', 'torn'), 'hmac-sha256 abc')
      assert.equal((await cache.sweep(signal)).entriesRemoved, 2)
    } finally {
      await remove()
    }
  })

  it('shows a reader nothing of a writer that was killed, and a later sweep removes what it left', async () => {
    let now = Date.now()
    const { cache, folder, remove } = await openFolderCache({ now: () => now })
    try {
      const module = new URL('../../src/adapters/cache/local.ts', import.meta.url).href
      const program = `
        const { FolderCache } = await import(${JSON.stringify(module)})
        const cache = new FolderCache({ folder: ${JSON.stringify(folder)}, now: Date.now, seal: null })
        const endless = async function* () { for (;;) { yield Buffer.alloc(65536, 'x'); process.stdout.write('.') } }
        await cache.addBlob('protected', endless(), new AbortController().signal)`
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      child.kill('SIGKILL')
      await once(child, 'exit')
      assert.deepEqual(await readdir(folder), ['unfinished'])
      assert.equal((await readdir(join(folder, 'unfinished'))).length, 1)
      await cache.sweep(signal)
      assert.equal((await readdir(join(folder, 'unfinished'))).length, 1, 'it could still be written')
      now += limits.cacheGraceMs * 2
      await cache.sweep(signal)
      assert.deepEqual(await readdir(join(folder, 'unfinished')), [])
    } finally {
      await remove()
    }
  })

  it('hashes a large blob once, and again as soon as anything about its file is new', async () => {
    const { cache, remove } = await openFolderCache({ noteAgeMs: -60_000 })
    try {
      const { sha256 } = await cache.addBlob(scope, chunksOf(Buffer.alloc(2_000_000, 'large')), signal)
      const place = { scope, sha256 }
      const path = cache.blobPath(place)
      assert.equal(await cache.checkBlob(place, signal), 'ok')
      const note = await readFile(`${path}.checked`, 'utf8')
      assert.equal(await cache.checkBlob(place, signal), 'ok')
      const { mtimeMs } = await stat(path)
      const file = await open(path, 'r+')
      await file.write('malice', 1_000)
      await file.utimes(mtimeMs / 1_000, mtimeMs / 1_000)
      await file.close()
      assert.equal(await cache.checkBlob(place, signal), 'mismatch', 'though size and mtime are what they were')
      const other = await cache.addBlob(scope, chunksOf(Buffer.alloc(2_000_000, 'other')), signal)
      const otherPath = cache.blobPath({ scope, sha256: other.sha256 })
      await writeFile(`${otherPath}.checked`, note)
      await writeFile(otherPath, 'short')
      assert.equal(await cache.checkBlob({ scope, sha256: other.sha256 }, signal), 'mismatch')
      await cache.discardBlob(place)
      assert.equal(await cache.checkBlob(place, signal), 'missing')
      assert.deepEqual(await readdir(dirname(path)), [])
    } finally {
      await remove()
    }
  })

  it('notes nothing of a blob that was written just now: another change would not show', async () => {
    const { cache, remove } = await openFolderCache()
    try {
      const { sha256 } = await cache.addBlob(scope, chunksOf(Buffer.alloc(2_000_000, 'large')), signal)
      assert.equal(await cache.checkBlob({ scope, sha256 }, signal), 'ok')
      assert.deepEqual(await readdir(dirname(cache.blobPath({ scope, sha256 }))), [sha256])
    } finally {
      await remove()
    }
  })

  it('keeps one whole copy when many write the same at once', async () => {
    const { cache, folder, remove } = await openFolderCache()
    try {
      const content = Buffer.alloc(200_000, 'same')
      const others = Array.from({ length: 8 }, () => new FolderCache({ folder, now: Date.now, seal: null }))
      const blobs = await Promise.all(others.map((one) => one.addBlob(scope, chunksOf(content), signal)))
      assert.deepEqual(new Set(blobs.map(({ sha256 }) => sha256)), new Set([hash('sha256', content)]))
      const place = { scope, group: 'job-1', name: 'a' }
      const outcomes = await Promise.all(
        others.map((one, index) => one.writeEntry(place, sealedAt(place, String(index)), signal)),
      )
      assert.equal(outcomes.filter((outcome) => outcome === 'written').length, 1)
      assert.deepEqual(await readFile(cache.blobPath({ scope, sha256: hash('sha256', content) })), content)
      assert.deepEqual(await readdir(join(folder, 'unfinished')), [])
    } finally {
      await remove()
    }
  })
})

async function* chunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536)
}
