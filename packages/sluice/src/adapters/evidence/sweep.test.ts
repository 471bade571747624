import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict'
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { CollectedReport } from '../../core/evidence/collected.ts'
import type { Digest } from '../../core/model.ts'
import type { EvidenceStore } from '../../ports/evidence.ts'
import { localEvidence } from './local.ts'

type Shelf = { readonly folder: string; readonly store: EvidenceStore; readonly age: () => void }

const shelf = async (t: TestContext): Promise<Shelf> => {
  const stateDir = await mkdtemp(join(tmpdir(), 'sluice-sweep-'))
  t.after(() => rm(stateDir, { recursive: true, force: true }))
  const folder = join(stateDir, 'evidence')
  const age = (): void => {
    for (const part of ['sha256', 'files', 'commits'])
      for (const name of existsSync(join(folder, part)) ? readdirSync(join(folder, part)) : [])
        utimesSync(join(folder, part, name), 1, 1)
  }
  return { folder, store: localEvidence(stateDir), age }
}

async function* text(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content)
}

/** Evidence with these files. */
const keep = async (store: EvidenceStore, name: string, files: readonly string[]): Promise<Digest> => {
  const attachments: { path: string; mediaType: string; title: string; kept: { digest: Digest; bytes: number } }[] = []
  for (const content of files) {
    const kept = await store.keepFile(text(content))
    attachments.push({ path: content, mediaType: 'text/plain', title: name, kept })
  }
  const [first] = attachments
  const source = {
    path: name,
    format: 'playwright-trace',
    bytes: 1,
    digest: first?.kept.digest ?? `sha256:${'0'.repeat(64)}`,
  }
  const contents = [{ kind: 'attachments', attachments, gaps: [] }]
  // The cast is of a text that could be a digest, for evidence without files.
  return store.put([
    { status: 'read', format: 'auto', path: name, evidence: { source, contents } },
  ] as unknown as readonly CollectedReport[])
}

const hexOf = (digest: string): string => digest.slice('sha256:'.length)

/** Reads evidence and every file that it names; rejects when any of it is gone. */
const readWhole = async (store: EvidenceStore, digest: Digest): Promise<void> => {
  for (const report of await store.read(digest))
    for (const content of report.status === 'read' ? report.evidence.contents : [])
      for (const { kept } of content.kind === 'attachments' ? content.attachments : [])
        if (kept !== undefined)
          for await (const piece of await store.openFile(kept)) strictEqual(piece.length > 0, true)
}

const since = 1_000_000

test('a sweep leaves what is referred to with all its files, what is young, and the newest numbers of commits', async (t) => {
  const { folder, store, age } = await shelf(t)
  deepStrictEqual(await store.sweptAt(), null)
  const kept = await keep(store, 'kept', ['shared', 'own'])
  const old = await keep(store, 'old', ['shared', 'gone'])
  const again = await keep(store, 'again', ['wanted again'])
  for (const commit of ['a', 'b', 'c'])
    await store.keepBaseline({ commit: commit.repeat(40), coverage: null, measurements: [], sizes: [] })
  writeFileSync(join(folder, 'files', '.half'), 'half')
  age()
  utimesSync(join(folder, 'commits', `${'b'.repeat(40)}.json`), 2, 2)
  strictEqual(await keep(store, 'again', ['wanted again']), again)
  const young = await keep(store, 'young', ['new'])
  const swept = await store.sweep({ digests: new Set([kept]), since, baselinesMax: 1 })
  // Evidence, its list and its file; the half file; two commits.
  strictEqual(swept.filesRemoved, 6)
  for (const one of [kept, again, young]) await readWhole(store, one)
  await rejects(store.read(old), { code: 'artifact_missing' })
  strictEqual(readdirSync(join(folder, 'files')).length, 4)
  deepStrictEqual(readdirSync(join(folder, 'commits')), [`${'b'.repeat(40)}.json`])
  strictEqual(existsSync(join(folder, 'sha256', `${hexOf(old)}.files`)), false)
  strictEqual(((await store.sweptAt()) ?? 0) > since, true)
  deepStrictEqual(await store.sweep({ digests: new Set([kept]), since, baselinesMax: 1 }), {
    filesRemoved: 0,
    bytesRemoved: 0,
  })
})

test('what is kept while a sweep goes on is whole afterwards, also what was there and old', async (t) => {
  const { store, age } = await shelf(t)
  const names = Array.from({ length: 30 }, (_, index) => `evidence ${index}`)
  for (let round = 0; round < 15; round += 1) {
    age()
    const sweeping = store.sweep({ digests: new Set(), since, baselinesMax: 1 })
    const wanted = names.filter((_, index) => (index + round) % 2 === 0)
    const kept = await Promise.all(wanted.map((name) => keep(store, name, [name, 'shared by all'])))
    await sweeping
    for (const one of kept) await readWhole(store, one)
  }
})
