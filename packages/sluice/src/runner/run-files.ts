/** Files that jobs of one run hand each other by name, and files taken out of a workspace: globs, whole or not at all. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SluiceError } from '../core/errors.ts'
import { diskError } from '../lib/files.ts'
import { picomatch } from '../lib/picomatch.ts'
import { staysBelow } from '../lib/stays-below.ts'

/** Which files: paths or globs relative to `directory`, in which a dot is a letter like any other; a leading `!` takes away, as `exclude` does. */
export type Selection = {
  readonly directory: string
  readonly paths: readonly string[]
  readonly exclude: readonly string[]
  /** Whether `*`, `?` and braces in paths mean something. */
  readonly glob: boolean
  /** Whether what is taken away is only what the globs match, and not all that is below a folder that they match. */
  readonly takesAwayExactly?: boolean
}

/** Names of the files and links that a selection means, relative and sorted; a folder means everything in it, but for `.git`. Links are not followed. */
export const selectFiles = async ({
  directory,
  paths,
  exclude,
  glob: isGlob,
  takesAwayExactly = false,
}: Selection): Promise<readonly string[]> => {
  const away = [...exclude, ...paths.filter((path) => path.startsWith('!')).map((path) => path.slice(1))]
    .map(tidy)
    .map((pattern) => ({ pattern, matches: picomatch()(pattern, { dot: true }) }))
  const isAway = (name: string, isFolder: boolean): boolean =>
    away.some(
      ({ pattern, matches }) =>
        !(isFolder && takesAwayExactly) &&
        (name === pattern || (!takesAwayExactly && name.startsWith(`${pattern}/`)) || matches(name)),
    )
  const found = new Set<string>()
  const mustStay = stayingIn(directory)
  const take = async (name: string): Promise<void> => {
    if (name === '.git' || name.startsWith('.git/')) return
    const entry = await lstat(join(directory, name)).catch(() => null)
    if (entry === null || isAway(name, entry.isDirectory())) return
    if (!entry.isDirectory()) return void found.add(name)
    for (const child of await readdir(join(directory, name))) await take(name === '' ? child : `${name}/${child}`)
  }
  const walk = async (pattern: string, matches: (name: string) => boolean): Promise<void> => {
    const { base } = picomatch().scan(pattern)
    mustStay(base)
    const open = [base]
    for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
      const entries = await readdir(join(directory, folder), { withFileTypes: true }).catch(() => [])
      for (const entry of entries) {
        const name = folder === '' || folder === '.' ? entry.name : `${folder}/${entry.name}`
        if (matches(name)) await take(name)
        else if (entry.isDirectory() && name !== '.git') open.push(name)
      }
    }
  }
  for (const path of paths.filter((one) => !one.startsWith('!')).map(tidy)) {
    if (path.split('/').includes('..'))
      throw new SluiceError('artifact_missing', {
        detail: `${path} is not below the checkout`,
        hint: 'name a path in it',
      })
    if (!isGlob || !/[*?[\]{}]/.test(path)) {
      mustStay(dirname(path))
      await take(path)
    } else await walk(path, picomatch()(path, { dot: true }))
  }
  return [...found].toSorted()
}

/** `./dist/` is `dist`, `.` everything. */
const tidy = (path: string): string => {
  const kept = path.split('/').filter((part) => part !== '' && part !== '.')
  return kept.join('/')
}

/** Throws `artifact_missing` for a folder that leads out of another over a link: whoever put that link there may not read, or write, what we may. Each folder is looked at once. */
const stayingIn = (directory: string): ((folder: string) => void) => {
  const known = new Set<string>()
  return (folder) => {
    if (known.has(folder)) return
    if (!staysBelow(directory, folder))
      throw new SluiceError('artifact_missing', {
        detail: `${folder} leads out of its folder over a link`,
        hint: 'name a path that is below it, or have a step copy what is wanted',
      })
    known.add(folder)
  }
}

/** Copies files and links to the same names in another folder; what is neither is left out. Never through a link there that leads out. Clones where the file system can. */
export const copyFiles = async (
  { from, to, names }: { readonly from: string; readonly to: string; readonly names: readonly string[] },
  signal: AbortSignal,
): Promise<void> => {
  const mustStay = stayingIn(to)
  try {
    for (const name of names) {
      signal.throwIfAborted()
      const source = join(from, name)
      const target = join(to, name)
      const entry = await lstat(source)
      mustStay(dirname(name))
      await mkdir(dirname(target), { recursive: true })
      if (entry.isFile()) {
        // Never into what a link means.
        if (await isLink(target)) await rm(target)
        await copyFile(source, target, constants.COPYFILE_FICLONE)
        await chmod(target, entry.mode & 0o777)
      } else if (entry.isSymbolicLink()) {
        await rm(target, { force: true })
        await symlink(await readlink(source), target)
      }
    }
  } catch (error) {
    throw diskError(error, to)
  }
}

const isLink = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => null))?.isSymbolicLink() === true

/** The files of one run, by name, in `<state>/run-files/<run>/<name>`; and those of runs that it goes on with, the latest first, which are only taken. */
export class RunFiles {
  readonly #folder: string
  readonly #folders: readonly string[]

  constructor(stateDir: string, run: string, follows: readonly string[] = []) {
    this.#folders = [run, ...follows].map((one) => join(stateDir, 'run-files', one))
    this.#folder = join(stateDir, 'run-files', run)
  }

  /** Keeps files under a name, instead of what was kept under it. `artifact_missing` when the selection means none. */
  async keep(name: string, selection: Selection, signal: AbortSignal): Promise<void> {
    const names = await selectFiles(selection)
    if (names.length === 0)
      throw new SluiceError('artifact_missing', {
        detail: `nothing is at ${selection.paths.join(', ')}, so ${name} would be empty`,
        hint: 'have an earlier step make it, or correct the path',
      })
    const temporary = join(this.#folder, `.${randomBytes(6).toString('hex')}`)
    try {
      await copyFiles({ from: selection.directory, to: temporary, names }, signal)
      const target = join(this.#folder, fileName(name))
      await rm(target, { recursive: true, force: true })
      await rename(temporary, target)
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  }

  /** Copies what is kept under a name into a folder; without a name all of it, each in a folder of its name. Gives the names. `artifact_missing`. */
  async take(name: string | null, directory: string, signal: AbortSignal): Promise<readonly string[]> {
    const folders = new Map<string, string>()
    for (const folder of this.#folders)
      for (const one of await readdir(folder).catch(() => []))
        if (!one.startsWith('.') && !folders.has(one)) folders.set(one, folder)
    const kept = [...folders.keys()].toSorted()
    const wanted = name === null ? kept : kept.filter((one) => one === fileName(name))
    if (name !== null && wanted.length === 0)
      throw new SluiceError('artifact_missing', {
        detail: `no job of this run left ${name}${kept.length === 0 ? '' : `; there are ${kept.map(spoken).join(', ')}`}`,
        hint: 'let this job need the one that leaves it',
      })
    for (const one of wanted) {
      const from = join(folders.get(one) ?? this.#folder, one)
      const to = name === null ? join(directory, spoken(one)) : directory
      await copyFiles(
        { from, to, names: await selectFiles({ directory: from, paths: ['.'], exclude: [], glob: false }) },
        signal,
      )
    }
    return wanted.map(spoken)
  }

  /** Forgets all of it; safe to repeat. */
  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** A name without a slash or a leading dot, and back. */
const fileName = (name: string): string => encodeURIComponent(name).replace(/^\./, '%2E')

const spoken = (name: string): string => decodeURIComponent(name)
