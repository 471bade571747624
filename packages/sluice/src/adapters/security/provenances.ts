/** Signed provenance, kept beside the state for as long as the state is: `provenance/<run>/<digest>.intoto.jsonl`. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from '../../lib/files.ts'
import type { Provenances } from '../../ports/provenance.ts'

/** Keeps a document of a run. Safe to repeat. */
export const keepProvenance = async (
  stateDirectory: string,
  { run, text }: { readonly run: string; readonly text: string },
): Promise<void> => {
  const folder = folderOf(stateDirectory, run)
  await mkdir(folder, { recursive: true })
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32)
  await writeWhole(join(folder, `${name}.intoto.jsonl`), text)
}

/** The documents of a state directory. One that verifies is enough: a run may sign again what it signed. */
export const keptProvenances = (stateDirectory: string): Provenances => ({
  verify: async ({ subject, commit, runs, publicKey }) => {
    const documents = (await Promise.all(runs.map((run) => documentsOf(folderOf(stateDirectory, run))))).flat()
    if (documents.length === 0) return null
    const { projectKey, verifyProvenance } = await import('./signing.ts')
    const key = publicKey ?? (await projectKey(stateDirectory)).publicKey
    const reasons: string[] = []
    for (const text of documents) {
      const expected = { subjects: [subject], commit, builder: null }
      const found = verifyProvenance(text, { publicKeys: [key], threshold: 1 }, expected)
      if (found.kind === 'verified') return { status: 'verified', detail: null, keys: found.keyIds }
      reasons.push(found.reason)
    }
    return { status: 'refused', detail: [...new Set(reasons)].join('; '), keys: [] }
  },
})

const folderOf = (stateDirectory: string, run: string): string =>
  join(stateDirectory, 'provenance', run.replaceAll(/[^\w-]/g, '_'))

const documentsOf = async (folder: string): Promise<readonly string[]> => {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.intoto.jsonl')).toSorted()
  return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
}
