/**
 * Taking old evidence away. Only the process that holds the state directory writes evidence, and both it and this look and act without a pause in between, so that nothing goes that
 * was wanted a moment ago. Killed anywhere, it leaves what the next sweep finds: evidence goes before the list of its files, and the list before the files.
 */
import { existsSync, readdirSync, statSync, unlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as pause } from 'node:timers/promises'
import type { EvidenceSwept, RetainedEvidence } from '../../core/evidence/retention.ts'
import { syncFolder } from '../../lib/files.ts'

/** Sweeps a folder of evidence once. */
export const sweepEvidence = async (folder: string, retained: RetainedEvidence): Promise<EvidenceSwept> => {
  const removal = removalOf(retained.since)
  const [evidence, files, commits] = ['sha256', 'files', 'commits'].map((name) => join(folder, name))
  if (evidence === undefined || files === undefined || commits === undefined) return removal.swept()
  const kept = new Set([...retained.digests].map((digest) => `${digest.slice('sha256:'.length)}.json`))
  await each(namesIn(evidence), (name) => {
    if (/^[0-9a-f]{64}\.json$/.test(name) && !kept.has(name)) removal.remove(join(evidence, name))
  })
  if (existsSync(evidence)) await syncFolder(evidence)
  const named = new Set<string>()
  for (const name of namesIn(evidence).filter((one) => one.endsWith('.files'))) {
    const path = join(evidence, name)
    if (!existsSync(path.replace(/\.files$/, '.json')) && removal.remove(path)) continue
    for (const hex of (await readFile(path, 'utf8')).split('\n')) named.add(hex)
  }
  if (existsSync(evidence)) await syncFolder(evidence)
  await each(namesIn(files), (name) => {
    if (/^[0-9a-f]{64}$/.test(name) && !named.has(name)) removal.remove(join(files, name))
  })
  await each(oldestOf(commits, retained.baselinesMax), (name) => removal.remove(join(commits, name)))
  // What a writer that was killed left.
  for (const one of [evidence, files, commits])
    await each(namesIn(one), (name) => {
      if (name.startsWith('.')) removal.remove(join(one, name))
    })
  return removal.swept()
}

type Removal = { readonly remove: (path: string) => boolean; readonly swept: () => EvidenceSwept }

const removalOf = (since: number): Removal => {
  let [filesRemoved, bytesRemoved] = [0, 0]
  return {
    // Invariant: no pause between looking and removing; see the file's header.
    remove: (path) => {
      const found = statSync(path, { throwIfNoEntry: false })
      if (found === undefined || found.mtimeMs >= since) return false
      unlinkSync(path)
      filesRemoved += 1
      bytesRemoved += found.size
      return true
    },
    swept: () => ({ filesRemoved, bytesRemoved }),
  }
}

const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : [])

/** Files that are looked at before others get their turn. */
const turnFiles = 100

const each = async (names: readonly string[], act: (name: string) => void): Promise<void> => {
  for (const [index, name] of names.entries()) {
    if (index % turnFiles === turnFiles - 1) await pause()
    act(name)
  }
}

/** All but the `count` that were written last. */
const oldestOf = (folder: string, count: number): readonly string[] =>
  namesIn(folder)
    .filter((name) => /^[0-9a-f]+\.json$/.test(name))
    .map((name) => ({ name, at: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .toSorted((a, b) => b.at - a.at)
    .slice(count)
    .map(({ name }) => name)
