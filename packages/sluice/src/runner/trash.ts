/** Removing jobs' folders without anybody waiting: a rename now, the rest later and many at a time, after a crash by the next process. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, renameSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../lib/run-program.ts'

/** Folders that come in the meantime are removed by the same process, milliseconds. */
const gatherMs = 1_000

/** The second attempt is for folders that their owner may not enter: those of an overlay's kernel side, caches of tools that protect them. */
const removal = `rm -rf -- "$@" 2>/dev/null || { chmod -R u+rwX -- "$@" 2>/dev/null; rm -rf -- "$@"; }`

/** Takes folders of one state directory. */
export class Trash {
  readonly #folder: string
  #isMade = false
  #timer: NodeJS.Timeout | null = null
  #emptying: Promise<void> = Promise.resolve()

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'trash')
  }

  /** Takes a folder away; no error when there is none. At once: to hand a rename to another thread takes longer than to do it. */
  take(path: string): void {
    if (!this.#isMade) mkdirSync(this.#folder, { recursive: true })
    this.#isMade = true
    try {
      renameSync(path, join(this.#folder, randomBytes(8).toString('hex')))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
      throw error
    }
    // A process that ends before leaves it to the next one.
    this.#timer ??= setTimeout(() => void this.settled(), gatherMs).unref()
  }

  /** Resolves once everything that was taken is gone, also what an earlier process left. */
  async settled(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#emptying = this.#emptying.then(() => this.#empty())
    await this.#emptying
  }

  async #empty(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => [])
    if (names.length === 0) return
    // What cannot be removed (another user's) stays for somebody who may; it is in nobody's way.
    const words = ['-c', removal, 'sh', ...names]
    await runProgram('sh', words, { cwd: this.#folder, env: process.env, signal: AbortSignal.any([]) })
  }
}
