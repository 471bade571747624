import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Baseline } from '../../core/evidence/baseline.ts'
import type { CollectedReport } from '../../core/evidence/collected.ts'
import { digest } from '../../core/model.ts'
import { localEvidence } from './local.ts'

const reports: readonly CollectedReport[] = [
  { status: 'missing', format: 'junit', path: 'a.xml' },
  { status: 'unreadable', format: 'lcov', path: 'lcov.info', detail: 'lcov.info: no end' },
]
const baseline: Baseline = { commit: 'a'.repeat(40), coverage: null, measurements: [['ms', 1]], sizes: [] }

test('evidence is kept once by its content, and what is not there or was changed is told', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'sluice-evidence-'))
  t.after(() => rm(stateDir, { recursive: true, force: true }))
  const store = localEvidence(stateDir)
  const key = await store.put(reports)
  strictEqual(await store.put([...reports]), key)
  deepStrictEqual(await store.read(key), reports)
  const folder = join(stateDir, 'evidence', 'sha256')
  deepStrictEqual(await readdir(folder), [`${key.slice('sha256:'.length)}.json`])
  await rejects(store.read(digest(`sha256:${'0'.repeat(64)}`)), { code: 'artifact_missing' })
  await writeFile(join(folder, `${key.slice('sha256:'.length)}.json`), '[]')
  await rejects(store.read(key), { code: 'artifact_mismatch' })
})

test('a file is kept by its content and read back in pieces; of a damaged one the end never comes', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'sluice-evidence-'))
  t.after(() => rm(stateDir, { recursive: true, force: true }))
  const store = localEvidence(stateDir)
  const content = Buffer.alloc(3_000_000, 'abc')
  const kept = await store.keepFile(inPieces(content))
  deepStrictEqual(await store.keepFile(inPieces(content)), kept)
  deepStrictEqual(await readAll(await store.openFile(kept)), content)
  const folder = join(stateDir, 'evidence', 'files')
  const [name = '', ...others] = await readdir(folder)
  deepStrictEqual([`sha256:${name}`, others, kept.bytes], [kept.digest, [], 3_000_000])
  const empty = await store.keepFile(inPieces(Buffer.alloc(0)))
  deepStrictEqual(await readAll(await store.openFile(empty)), Buffer.alloc(0))

  await writeFile(join(folder, name), Buffer.concat([Buffer.from('x'), content.subarray(1)]))
  const seen: Uint8Array[] = []
  await rejects(
    async () => {
      for await (const piece of await store.openFile(kept)) seen.push(piece)
    },
    { code: 'artifact_mismatch' },
  )
  strictEqual(Buffer.concat(seen).length < kept.bytes, true)
  await writeFile(join(folder, name), 'short')
  await rejects(store.openFile(kept), { code: 'artifact_mismatch' })
  await rm(join(folder, name))
  await rejects(store.openFile(kept), { code: 'artifact_missing' })
})

test('of a file whose source fails nothing is left', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'sluice-evidence-'))
  t.after(() => rm(stateDir, { recursive: true, force: true }))
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half')
    throw new Error('the disk is gone')
  }
  await rejects(localEvidence(stateDir).keepFile(failing()), /the disk is gone/)
  deepStrictEqual(await readdir(join(stateDir, 'evidence', 'files')), [])
})

async function* inPieces(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 700_000) yield content.subarray(at, at + 700_000)
}

const readAll = async (pieces: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const read: Uint8Array[] = []
  for await (const piece of pieces) read.push(piece)
  return Buffer.concat(read)
}

test('the numbers of a commit are those that were kept of it last', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'sluice-evidence-'))
  t.after(() => rm(stateDir, { recursive: true, force: true }))
  const store = localEvidence(stateDir)
  strictEqual(await store.baseline(baseline.commit), null)
  await store.keepBaseline(baseline)
  await store.keepBaseline({ ...baseline, measurements: [['ms', 2]] })
  deepStrictEqual(await store.baseline(baseline.commit), { ...baseline, measurements: [['ms', 2]] })
})
