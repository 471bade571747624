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

test('the numbers of a commit are those that were kept of it last', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'sluice-evidence-'))
  t.after(() => rm(stateDir, { recursive: true, force: true }))
  const store = localEvidence(stateDir)
  strictEqual(await store.baseline(baseline.commit), null)
  await store.keepBaseline(baseline)
  await store.keepBaseline({ ...baseline, measurements: [['ms', 2]] })
  deepStrictEqual(await store.baseline(baseline.commit), { ...baseline, measurements: [['ms', 2]] })
})
