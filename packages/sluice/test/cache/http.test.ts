import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import http from 'node:http'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { getRequestListener } from '@hono/node-server'
import { cacheHandler } from '../../src/adapters/cache/http-handler.ts'
import { httpCache } from '../../src/adapters/cache/http-store.ts'
import { sealEntry } from '../../src/core/pipeline/cache/entry.ts'
import { accessOf, type CacheAccess } from '../../src/core/pipeline/cache/scope.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { cacheContract } from '../contracts/cache.contract.ts'
import { entryAt, openFolderCache, sealedAt, testSeal } from './opening.ts'

const signal = new AbortController().signal

const everything: CacheAccess = { reads: ['protected', 'pull/7', 'branch/fix'], writes: null }

/** The accesses of tokens. One that writes several scopes stands for several runners. */
const accessFor = (request: Request): CacheAccess | null => {
  const token = request.headers.get('authorization')
  const scope = /\/(protected|pull\/7|branch\/fix)\//.exec(request.url)?.[1] ?? null
  if (token === 'Bearer all') return { ...everything, writes: scope }
  if (token === 'Bearer pull') return accessOf({ kind: 'pull_request', number: '7' })
  return null
}

const serve = async (blobBytesMax = 100_000_000) => {
  const { cache, folder, remove } = await openFolderCache()
  const handle = cacheHandler({ cache, seal: testSeal, access: accessFor, prefix: '/v1/cache/', blobBytesMax })
  const server = http.createServer(getRequestListener(handle)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return {
    folder,
    address: `http://127.0.0.1:${address.port}/v1/cache`,
    remove: async () => {
      server.closeAllConnections()
      server.close()
      await remove()
    },
  }
}

cacheContract('the HTTP cache', async () => {
  const { address, remove } = await serve()
  return { store: httpCache({ address, token: 'all' }), textOf: sealedAt, clockStepMs: 12, remove }
})

describe('the HTTP cache', () => {
  it('lets a pull request read the protected scope and never write it, whatever its client believes', async () => {
    const { address, folder, remove } = await serve()
    try {
      const place = { scope: 'protected', group: 'job-1', name: 'a' }
      const trusted = httpCache({ address, token: 'all' })
      const pull = httpCache({ address, token: 'pull' })
      await trusted.writeEntry(place, sealedAt(place, 'good'), signal)
      assert.equal(await pull.readEntry(place, signal), sealedAt(place, 'good'))
      const other = { ...place, name: 'b' }
      await assert.rejects(pull.writeEntry(other, sealedAt(other, 'bad'), signal), code('cache_refused'))
      const path = join(folder, 'bad')
      await writeFile(path, 'bad')
      const blob = { scope: 'protected', sha256: hash('sha256', 'bad') }
      await assert.rejects(pull.writeBlob(blob, { path, bytes: 3 }, signal), code('cache_refused'))
      assert.deepEqual([await trusted.readEntry(other, signal), await trusted.hasBlob(blob, signal)], [null, false])
      const own = { ...place, scope: 'pull/7' }
      assert.equal(await pull.writeEntry(own, sealedAt(own, 'mine'), signal), 'written')
      await assert.rejects(pull.readEntry({ ...place, scope: 'branch/fix' }, signal), code('cache_refused'))
    } finally {
      await remove()
    }
  })

  it('takes no entry that is not signed for its place, or names a blob that is not there', async () => {
    const { address, remove } = await serve()
    try {
      const store = httpCache({ address, token: 'all' })
      const [place, other] = ['a', 'b'].map((name) => ({ scope: 'protected', group: 'job-1', name }))
      assert.ok(place !== undefined && other !== undefined)
      await assert.rejects(store.writeEntry(place, 'hmac-sha256 x y\n{}\n', signal), code('artifact_mismatch'))
      await assert.rejects(store.writeEntry(place, sealedAt(other, 'moved'), signal), code('artifact_mismatch'))
      const entry = { ...entryAt(place, 'x'), blobs: [{ sha256: hash('sha256', 'never sent'), bytes: 10 }] }
      const text = sealEntry(entry, (body) => testSeal.sign(body)) ?? ''
      await assert.rejects(store.writeEntry(place, text, signal), code('artifact_mismatch'))
      assert.equal(await store.readEntry(place, signal), null)
    } finally {
      await remove()
    }
  })

  it('counts a blob whose length nobody said as it comes, and takes none that is too large', async () => {
    const blobBytesMax = 100_000
    const { address, folder, remove } = await serve(blobBytesMax)
    const put = (bytes: number): Promise<Response> => {
      const sha256 = hash('sha256', Buffer.alloc(bytes))
      const body = ReadableStream.from([Buffer.alloc(bytes / 2), Buffer.alloc(bytes / 2)])
      const headers = { authorization: 'Bearer all' }
      return fetch(`${address}/protected/blobs/${sha256.slice(0, 2)}/${sha256}`, {
        method: 'PUT',
        headers,
        body,
        duplex: 'half',
      })
    }
    try {
      assert.equal((await put(blobBytesMax)).status, 201)
      assert.equal((await put(blobBytesMax + 2)).status, 413)
      assert.deepEqual(await readdir(join(folder, 'unfinished')), [])
    } finally {
      await remove()
    }
  })

  it('says who is not let in, and that nobody answers', async () => {
    const { address, remove } = await serve()
    const place = { scope: 'protected', group: 'job-1', name: 'a' }
    try {
      await assert.rejects(httpCache({ address, token: 'wrong' }).readEntry(place, signal), code('token_stale'))
      assert.equal((await fetch(`${address}/protected/entries/a/b/c`)).status, 404)
      const headers = { authorization: 'Bearer all' }
      assert.equal((await fetch(`${address}/protected/entries/a/b`, { method: 'DELETE', headers })).status, 405)
      assert.equal((await fetch(`${address}/protected/entries/a?limit=0`, { headers })).status, 400)
    } finally {
      await remove()
    }
    await assert.rejects(httpCache({ address, token: 'all' }).readEntry(place, signal), code('server_unreachable'))
  })
})

const code = (wanted: string) => (error: unknown) => error instanceof SluiceError && error.code === wanted
