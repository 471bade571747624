/** Lockfiles of npm, pnpm and yarn, as components. A parser: each form's own types are trusted only as far as they are looked at here. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Lockfile } from '../../core/security/component.ts'
import { readNpmLock } from './lockfile-npm.ts'
import { readPnpmLock } from './lockfile-pnpm.ts'
import { readYarnLock } from './lockfile-yarn.ts'

/** What each form needs: the text of the lockfile, and that of package.json beside it (yarn's does not name the project's own dependencies). */
export type LockfileText = { readonly file: string; readonly text: string; readonly manifest: unknown }

const readers: readonly (readonly [string, (text: LockfileText) => Promise<Lockfile> | Lockfile])[] = [
  ['package-lock.json', readNpmLock],
  ['npm-shrinkwrap.json', readNpmLock],
  ['pnpm-lock.yaml', readPnpmLock],
  ['yarn.lock', readYarnLock],
]

/**
 * Reads the lockfile of a folder: the named one, or the first of package-lock.json, npm-shrinkwrap.json, pnpm-lock.yaml, yarn.lock. Throws `not_found` when there is none,
 * and `config_invalid` for one that is damaged or of a form too old to say what is installed.
 */
export const readLockfile = async (directory: string, file: string | null): Promise<Lockfile> => {
  for (const [name, read] of readers) {
    if (file !== null && !file.endsWith(name)) continue
    const path = join(directory, file ?? name)
    const found = await stat(path).catch(() => null)
    if (found === null) continue
    if (found.size > limits.documentBytesMax)
      throw invalid(file ?? name, `it has ${found.size} bytes, at most ${limits.documentBytesMax}`)
    const manifest = await readJson(join(directory, 'package.json'))
    try {
      return await read({ file: file ?? name, text: await readFile(path, 'utf8'), manifest })
    } catch (error) {
      if (error instanceof SluiceError) throw error
      throw invalid(file ?? name, error instanceof Error ? error.message : String(error))
    }
  }
  throw new SluiceError('not_found', {
    detail: `There is no lockfile in ${directory}${file === null ? '' : ` called ${file}`}.`,
    hint: `Commit one of ${readers.map(([name]) => name).join(', ')}.`,
  })
}

const invalid = (file: string, why: string): SluiceError =>
  new SluiceError('config_invalid', { detail: `${file} cannot be read as a lockfile: ${why}` })

const readJson = async (path: string): Promise<unknown> => {
  try {
    const document: unknown = JSON.parse(await readFile(path, 'utf8'))
    return document
  } catch {
    return null
  }
}
