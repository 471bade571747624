/**
 * The one checkout that all jobs of a run work in where nothing is kept apart: `<state>/shared/<run>/checkout`, a copy of the commit's, made by the job that
 * comes first. What a job changes the next one finds, and jobs that run at the same time see each other's files.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest, RunId } from '../../core/model.ts'
import { limits } from '../../core/limits.ts'
import { diskError } from '../../lib/files.ts'
import { keyName } from '../key-name.ts'
import type { Copies } from './copies.ts'

/** What a job needs of the checkout. Folders hold a `checkout`, and are not written to. */
export type SharedNeeds = {
  /** Gives the commit's; called once a run. */
  readonly base: () => Promise<string>
  /** What other jobs handed on; those that were made in this very checkout are left as they are. */
  readonly inputs: readonly { readonly digest: Digest; readonly folder: () => Promise<string> }[]
}

type Shared = { readonly directory: Promise<string>; readonly present: Map<Digest, Promise<void>>; jobs: number }

/** A folder to work in, and the call that ends the work in it. */
export type SharedCheckout = { readonly directory: string; readonly leave: (made: readonly Digest[]) => void }

/** Keeps them, one a run. */
export class SharedCheckouts {
  readonly #folder: string
  readonly #copies: Copies
  readonly #runs = new Map<RunId, Shared>()

  constructor(stateDir: string, copies: Copies) {
    this.#folder = join(stateDir, 'shared')
    this.#copies = copies
  }

  /** The run's checkout with the inputs in it; what an earlier process left of it is gone on with. */
  async enter(run: RunId, { base, inputs }: SharedNeeds): Promise<SharedCheckout> {
    const shared = await this.#shared(run, base)
    shared.jobs += 1
    try {
      const directory = await shared.directory
      for (const { digest, folder } of inputs) {
        const copied = shared.present.get(digest) ?? this.#put(folder, directory)
        shared.present.set(digest, copied)
        await copied
      }
      return { directory, leave: (made) => this.#leave(shared, made) }
    } catch (error) {
      // The next job tries by itself.
      this.#runs.delete(run)
      throw error
    }
  }

  /** One that waits for what another began tries by itself when the other was called off. */
  async #shared(run: RunId, base: () => Promise<string>): Promise<Shared> {
    const known = this.#runs.get(run)
    if (known !== undefined && (await known.directory.catch(() => null)) !== null) return known
    const shared = { directory: this.#ensure(run, base), present: new Map(), jobs: 0 }
    this.#runs.set(run, shared)
    return shared
  }

  #leave(shared: Shared, made: readonly Digest[]): void {
    shared.jobs -= 1
    for (const digest of made) shared.present.set(digest, Promise.resolve())
  }

  async #put(folder: () => Promise<string>, directory: string): Promise<void> {
    await this.#copies.copy(join(await folder(), 'checkout'), directory)
  }

  /** Whole or not at all: a folder of this name was renamed into place once everything was in it. */
  async #ensure(run: RunId, base: () => Promise<string>): Promise<string> {
    const path = join(this.#folder, keyName(run))
    const directory = join(path, 'checkout')
    if ((await stat(directory).catch(() => null)) !== null) return directory
    const temporary = join(this.#folder, `.${randomBytes(8).toString('hex')}`)
    try {
      await mkdir(temporary, { recursive: true })
      await this.#prune()
      await this.#copies.copy(join(await base(), 'checkout'), join(temporary, 'checkout'))
      await rename(temporary, path)
      return directory
    } catch (error) {
      throw diskError(error, path)
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  }

  /** Those of runs that are over stay to be looked into, the newest ones. */
  async #prune(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => !name.startsWith('.'))
    if (names.length < limits.checkoutsMax) return
    const aged = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(this.#folder, name)).catch(() => null))?.mtimeMs ?? 0 })),
    )
    const old = new Set(
      aged
        .toSorted((a, b) => b.at - a.at)
        .slice(limits.checkoutsMax - 1)
        .map(({ name }) => name),
    )
    for (const [run, { jobs }] of this.#runs) {
      if (jobs > 0) old.delete(keyName(run))
      else if (old.has(keyName(run))) this.#runs.delete(run)
    }
    for (const name of old) await rm(join(this.#folder, name), { recursive: true, force: true })
  }
}
