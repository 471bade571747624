/**
 * Checkouts of commits and unpacked artifacts, each made once and shared by every job that needs it. Nothing writes to them after they are whole:
 * jobs work in layers above or in copies. `<state>/checkouts/<name>/` holds `checkout` and `view`, a link to it (see `workspace.ts`).
 *
 * A checkout has a repository of its own that borrows the objects of the project's: what a job does to branches, tags and index stays with the job.
 */
import { createHash, randomBytes } from 'node:crypto'
import { renameSync } from 'node:fs'
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

/** Checkouts in use. `keep`: folders that are there already. Safe to release twice. */
export type Claim = Pick<Checkouts, 'commit' | 'artifact'> & {
  readonly keep: (paths: readonly string[]) => void
  readonly release: () => void
}

/** Keeps checkouts of one project. */
export class Checkouts {
  readonly #options: CheckoutsOptions
  readonly #folder: string
  /** By name: what is being made, or was made by this process. */
  readonly #made = new Map<string, Promise<string>>()
  readonly #held = new Map<string, number>()
  /** Folders that are not whole yet. */
  readonly #making = new Set<string>()
  /** Names of the repository's refs and objects, looked up once for each run. */
  #known: { readonly run: RunId; readonly refs: Promise<Refs> } | null = null

  constructor(options: CheckoutsOptions) {
    this.#options = options
    this.#folder = join(options.stateDir, 'checkouts')
  }

  /** The folder that holds the commit's checkout; with the refs that the repository had when the run first asked. */
  async commit(commit: CommitId, run: RunId, signal: AbortSignal): Promise<string> {
    const refs = await this.#refs(run, signal)
    return this.#once(nameOf(commit, refs), (directory) => checkOut({ refs, commit, directory }, signal), signal)
  }

  /** The folder that holds an artifact's files, under `checkout` as a checkout has them. */
  artifact(artifact: Artifact, signal: AbortSignal): Promise<string> {
    return this.#once(
      nameOfArtifact(artifact),
      (directory) => this.#options.unpack(artifact, directory, signal),
      signal,
    )
  }

  /** Begins to look up what the run's first checkout will need. */
  expect(run: RunId): void {
    // Who needs it hears of it.
    this.#refs(run, AbortSignal.any([])).catch(() => {})
  }

  /** As with checkouts, one that waits for another's look tries by itself when the other was called off. */
  async #refs(run: RunId, signal: AbortSignal): Promise<Refs> {
    const known = this.#known?.run === run ? await this.#known.refs.catch(() => null) : null
    if (known !== null) return known
    const refs = readRefs(this.#options.repository, signal)
    this.#known = { run, refs }
    return refs
  }

  /** What one job works over: nothing of it is pruned from the moment that it is asked for until `release`. */
  claim(): Claim {
    const held: string[] = []
    const hold = (path: string): void => {
      held.push(path)
      this.#held.set(path, (this.#held.get(path) ?? 0) + 1)
    }
    return {
      commit: async (commit, run, signal) => {
        const refs = await this.#refs(run, signal)
        hold(this.#path(nameOf(commit, refs)))
        return this.commit(commit, run, signal)
      },
      artifact: (artifact, signal) => {
        hold(this.#path(nameOfArtifact(artifact)))
        return this.artifact(artifact, signal)
      },
      keep: (paths) => paths.forEach(hold),
      release: () => {
        for (const path of held.splice(0)) this.#held.set(path, (this.#held.get(path) ?? 0) - 1)
      },
    }
  }

  #path(name: string): string {
    return join(this.#folder, name)
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
      // Away in the same turn as it is looked at: whoever asks for it from now on makes it anew, and finds nothing half removed.
      if ((this.#held.get(path) ?? 0) > 0 || this.#making.has(path)) continue
      this.#made.delete(name)
      const away = this.#path(`.${randomBytes(8).toString('hex')}`)
      if (moveAway(path, away)) await rm(away, { recursive: true, force: true })
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
    this.#making.add(temporary)
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
      this.#making.delete(temporary)
      await rm(temporary, { recursive: true, force: true })
    }
  }
}

/** False when it is gone already. */
const moveAway = (path: string, away: string): boolean => {
  try {
    renameSync(path, away)
    return true
  } catch {
    return false
  }
}

const nameOf = (commit: CommitId, { hash }: Refs): string => `${commit.slice(0, 40)}-${hash}`

const nameOfArtifact = ({ digest }: Artifact): string => digest.slice('sha256:'.length)

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
