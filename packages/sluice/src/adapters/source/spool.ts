/** Pushes that no control plane could be told of, as files in the state directory. A file is there whole or not at all. */
import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { limits } from '../../core/limits.ts'
import { writeWhole } from '../../lib/files.ts'
import type { Spool, Spooled } from '../../ports/source.ts'

const idForm = /^psh_[0-9a-z]{1,60}$/

/** The spool of a state directory, for who takes out of it. */
export const fileSpool = (stateDir: string): Spool => {
  const folder = folderOf(stateDir)
  return {
    pending: async () => {
      const names = await readdir(folder).catch(() => [])
      const ids = names
        .filter((name) => name.endsWith('.json') && idForm.test(name.slice(0, -5)))
        .map((name) => name.slice(0, -5))
        .toSorted()
      return Promise.all(ids.slice(0, limits.spooledMax).map(async (id) => ({ id, body: await bodyOf(folder, id) })))
    },
    done: (id) => rm(join(folder, `${id}.json`), { force: true }),
  }
}

/** Puts a push into the spool; durable when it resolves. */
export const spoolPush = async (stateDir: string, { id, body }: Spooled): Promise<void> => {
  const folder = folderOf(stateDir)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeWhole(join(folder, `${id}.json`), JSON.stringify(body))
}

const folderOf = (stateDir: string): string => join(stateDir, 'source', 'spool')

/** Parser of a file that may be anybody's: null for what is no JSON. */
const bodyOf = async (folder: string, id: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(join(folder, `${id}.json`), 'utf8')) as unknown
  } catch {
    return null
  }
}
