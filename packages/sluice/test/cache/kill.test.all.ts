/** Writers, readers and sweepers of one cache that are killed at any moment, several at a time: whatever is found after is whole. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { FolderCache } from '../../src/adapters/cache/local.ts'
import { openEntry } from '../../src/core/pipeline/cache/entry.ts'
import { limits } from '../../src/core/limits.ts'
import { restoreFiles } from '../../src/runner/cache/restore.ts'
import { testSeal } from './opening.ts'

const signal = new AbortController().signal
const worker = fileURLToPath(new URL('kill-worker.ts', import.meta.url))
const kills = 60

/** Restores every entry of a cache that a run would take: one that lost a blob to a sweep counts as not there. Gives how many there were; throws for one that is not whole. */
const checkAll = async (folder: string, target: string): Promise<number> => {
  const cache = new FolderCache({ folder, now: Date.now, seal: null })
  let count = 0
  const groups = join(folder, 'protected', 'entries')
  for (const group of readdirSync(groups))
    for (const name of readdirSync(join(groups, group))) {
      const place = { scope: 'protected', group, name }
      const text = (await cache.readEntry(place, signal)) ?? assert.fail('it is there')
      const opened = openEntry(text, place, (body, signature) => testSeal.verify(body, signature))
      assert.equal(opened.kind, 'entry')
      if (opened.kind !== 'entry') continue
      const { blobs, files, madeBy } = opened.entry
      if (blobs.some(({ sha256 }) => !existsSync(cache.blobPath({ scope: 'protected', sha256 })))) continue
      mkdirSync(target, { recursive: true })
      await restoreFiles({ cache, scope: 'protected', blobs, files, directory: target }, signal)
      for (const [file, bytes] of [
        ['small', 3_000],
        ['own', 300_000],
        ['large', 1_200_000],
      ] as const) {
        const content = readFileSync(join(target, 'dist', file))
        const [number = ''] = content.toString('latin1', 0, 8).split(' ')
        assert.deepEqual(content, Buffer.alloc(bytes, `${number} ${file} `), `${file} of ${name}, made by ${madeBy}`)
      }
      rmSync(target, { recursive: true })
      count += 1
    }
  return count
}

describe('a cache whose users are killed', () => {
  it(`has only whole entries after ${kills} kills, and nothing left over after a sweep`, async () => {
    const root = mkdtempSync(join(tmpdir(), 'sluice-cache-kill-'))
    const folder = join(root, 'cache')
    try {
      let whole = 0
      for (let round = 0; round < kills / 3; round += 1) {
        const children = [0, 1, 2].map((index) => {
          const work = join(root, `work-${index}`)
          mkdirSync(work, { recursive: true })
          return spawn(process.execPath, [worker, folder, work, String(round * 3 + index)], {
            stdio: ['ignore', 'pipe', 'inherit'],
          })
        })
        await Promise.all(children.map((child) => once(child.stdout, 'data')))
        // Seeded by the round, so that a failure comes again: between nothing and half a second.
        await sleep((round * 97) % 500)
        const ended = children.map((child) => once(child, 'exit'))
        for (const child of children) child.kill('SIGKILL')
        await Promise.all(ended)
        if (round > 0) whole = await checkAll(folder, join(root, 'target'))
      }
      assert.ok(whole > 0, 'something was kept')
      const later = new FolderCache({ folder, now: () => Date.now() + 2 * limits.cacheGraceMs, seal: null })
      await later.sweep(signal)
      assert.deepEqual(readdirSync(join(folder, 'unfinished')), [])
      assert.equal(await checkAll(folder, join(root, 'target')), whole)
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  })
})
