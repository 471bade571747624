import { deepStrictEqual } from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { limits } from '../../core/limits.ts'
import { digest, releaseId } from '../../core/model.ts'
import type { ArtifactStore } from '../../ports/artifacts.ts'
import { unpackedReleases } from './unpacked.ts'

const idOf = (index: number) => releaseId(`rel_${index.toString(16).padStart(64, '0')}`)
const artifact = digest(`sha256:${'0'.repeat(64)}`)
const { signal } = new AbortController()

test('old releases that are rollback targets are never pruned, however many newer ones there are', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-unpacked-'))
  const artifacts: ArtifactStore = {
    put: () => Promise.reject(new Error('not asked for')),
    unpack: () => Promise.resolve(),
    verify: () => Promise.resolve('ok'),
  }
  const unpacked = unpackedReleases(folder, artifacts)
  const count = limits.releasesUnpackedMax + 5
  try {
    for (let index = 0; index < count; index += 1) await unpacked.folder(idOf(index), artifact, signal)
    await unpacked.prune(new Set([idOf(0), idOf(1)]))
    const left = (await readdir(folder)).filter((name) => !name.endsWith('.json'))
    deepStrictEqual(
      [left.includes(idOf(0)), left.includes(idOf(1)), left.length],
      [true, true, limits.releasesUnpackedMax + 2],
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
