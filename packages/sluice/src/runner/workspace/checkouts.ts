/**
 * Checkouts of commits and unpacked artifacts, each made once and shared by every job that needs it. Nothing writes to them after they are whole:
 * jobs work in layers above or in copies. `<state>/checkouts/<name>/` holds `checkout` and `view`, a link to it (see `workspace.ts`).
 *
 * A checkout has a repository of its own that borrows the objects of the project's: what a job does to branches, tags and index stays with the job.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Artifact, CommitId, RunId } from '../../core/model.ts'
import { limits } from '../../core/limits.ts'
import { diskError } from '../../lib/files.ts'
import { git } from './git.ts'

/** What checkouts are made with. */
export type CheckoutsOptions = {
  readonly stateDir: string
  /** A folder in the project's repository. */
  readonly repository: string
  readonly unpack: (artifact: Artifact, directory: string, signal: AbortSignal) => Promise<void>
  readonly now: () => number
}

/** Keeps checkouts of one project. */
export class Checkouts {
  readonly #options: CheckoutsOptions
  readonly #folder: string
  /** By name: what is being made, or was made by this process. */
  readonly #made = new Map<string, Promise<string>>()
  readonly #held = new Map<string, number>()
  /** Names of the repository's refs and objects, looked up once for each run. */
  #known: { readonly run: RunId; readonly refs: Promise<Refs> } | null = null

  constructor(options: CheckoutsOptions) {
    this.#options = options
    this.#folder = join(options.stateDir, 'checkouts')
  }

  /** The folder that holds the commit's checkout; with the refs that the repository had when the run first asked. */
  async commit(commit: CommitId, run: RunId, signal: AbortSignal): Promise<string> {
    const refs = await this.#refs(run, signal)
    return this.#once(
      `${commit.slice(0, 40)}-${refs.hash}`,
      (directory) => checkOut({ refs, commit, directory }, signal),
      signal,
    )
  }

  /** The folder that holds an artifact's files, under `checkout` as a checkout has them. */
  artifact(artifact: Artifact, signal: AbortSignal): Promise<string> {
    const name = artifact.digest.slice('sha256:'.length)
    return this.#once(name, (directory) => this.#options.unpack(artifact, directory, signal), signal)
  }

  /** As with checkouts, one that waits for another's look tries by itself when the other was called off. */
  async #refs(run: RunId, signal: AbortSignal): Promise<Refs> {
    const known = this.#known?.run === run ? await this.#known.refs.catch(() => null) : null
    if (known !== null) return known
    const refs = readRefs(this.#options.repository, signal)
    this.#known = { run, refs }
    return refs
  }

  /** Keeps folders from being pruned until the call that it gives. */
  hold(paths: readonly string[]): () => void {
    for (const path of paths) this.#held.set(path, (this.#held.get(path) ?? 0) + 1)
    return () => {
      for (const path of paths) this.#held.set(path, (this.#held.get(path) ?? 0) - 1)
    }
  }

  /** Removes all but the newest; they come again when they are asked for. */
  async #prune(): Promise<void> {
    const names = await readdir(this.#folder)
    if (names.length <= limits.checkoutsMax) return
    const aged = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(this.#folder, name)).catch(() => null))?.mtimeMs ?? 0 })),
    )
    for (const { name } of aged.toSorted((a, b) => b.at - a.at).slice(limits.checkoutsMax)) {
      const path = join(this.#folder, name)
      if ((this.#held.get(path) ?? 0) > 0) continue
      this.#made.delete(name)
      await rm(path, { recursive: true, force: true })
    }
  }

  /** One that waits for what another asked for tries by itself when the other was called off. */
  async #once(name: string, make: (directory: string) => Promise<void>, signal: AbortSignal): Promise<string> {
    const known = this.#made.get(name)
    if (known !== undefined) {
      const path = await known.catch(() => null)
      if (path !== null) return path
      signal.throwIfAborted()
    }
    const making = this.#ensure(name, make)
    this.#made.set(name, making)
    try {
      return await making
    } catch (error) {
      if (this.#made.get(name) === making) this.#made.delete(name)
      throw error
    }
  }

  /** Whole or not at all: a folder of this name was renamed into place once everything was in it. */
  async #ensure(name: string, make: (directory: string) => Promise<void>): Promise<string> {
    const path = join(this.#folder, name)
    const seconds = this.#options.now() / 1_000
    const isThere = await utimes(path, seconds, seconds).then(
      () => true,
      () => false,
    )
    if (isThere) return path
    const temporary = join(this.#folder, `.${name}.${randomBytes(6).toString('hex')}`)
    try {
      await mkdir(join(temporary, 'checkout'), { recursive: true })
      await make(join(temporary, 'checkout'))
      await symlink('checkout', join(temporary, 'view'))
      await rename(temporary, path).catch(async (error: unknown) => {
        // Another process was quicker; its checkout is as good as ours.
        if ((await stat(path).catch(() => null)) === null) throw error
      })
      await this.#prune()
      return path
    } catch (error) {
      throw diskError(error, path)
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  }
}

type Refs = {
  /** Lines of a `packed-refs` file. */
  readonly packed: string
  readonly hash: string
  readonly objects: string
  readonly config: string
  readonly shallow: string | null
  readonly format: string
}

const readRefs = async (directory: string, signal: AbortSignal): Promise<Refs> => {
  const places = ['objects', 'config', 'shallow'].flatMap((name) => ['--git-path', name])
  const [paths, packed] = await Promise.all([
    git({ directory, words: ['rev-parse', ...places, '--show-object-format'] }, signal),
    git({ directory, words: ['for-each-ref', '--format=%(objectname) %(refname)'] }, signal),
  ])
  const [objects = '', config = '', shallow = '', format = 'sha1'] = paths.trimEnd().split('\n')
  const isShallow = (await stat(resolve(directory, shallow)).catch(() => null)) !== null
  return {
    packed,
    hash: createHash('sha256').update(packed).digest('hex').slice(0, 12),
    objects: resolve(directory, objects),
    config: resolve(directory, config),
    shallow: isShallow ? resolve(directory, shallow) : null,
    format,
  }
}

type CheckOut = { readonly refs: Refs; readonly commit: CommitId; readonly directory: string }

/** Source: gitrepository-layout(5), for alternates, packed-refs and shallow. */
const checkOut = async ({ refs, commit, directory }: CheckOut, signal: AbortSignal): Promise<void> => {
  await git({ directory, words: ['init', '--quiet', '--template=', `--object-format=${refs.format}`] }, signal)
  const inside = join(directory, '.git')
  const config = await readFile(join(inside, 'config'), 'utf8')
  await mkdir(join(inside, 'objects', 'info'), { recursive: true })
  await Promise.all([
    writeFile(join(inside, 'objects', 'info', 'alternates'), `${refs.objects}\n`),
    writeFile(join(inside, 'packed-refs'), refs.packed),
    // Identity, remotes and filters as in the project's; what this repository says of itself comes after and wins.
    writeFile(join(inside, 'config'), `[include]\n\tpath = ${JSON.stringify(refs.config)}\n${config}`),
    refs.shallow === null ? null : symlink(refs.shallow, join(inside, 'shallow')),
  ])
  await git({ directory, words: ['checkout', '--quiet', '--detach', commit] }, signal)
}
