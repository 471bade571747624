/** How this process starts others: through a fork server where there can be one, otherwise by itself. */
import { findProgram } from './find-program.ts'
import { ForkServer } from './fork-server.ts'
import { spawnStarter } from './spawn.ts'
import type { ProcessOrder, Started, Starter, Unstartable } from './started.ts'

/** Opens a fork server with the first order, and another when that one ended. */
export class ForkingStarter implements Starter {
  readonly #perl: string | null
  readonly #graceMs: number
  #server: Promise<ForkServer | null> | null = null
  #hasAnswered = false

  /** `path`: where Perl is looked for; `graceMs`: see `ForkServerOptions`. */
  constructor({ path, graceMs }: { readonly path: string; readonly graceMs: number }) {
    this.#perl = process.platform === 'linux' ? findProgram('perl', path) : null
    this.#graceMs = graceMs
  }

  async start(order: ProcessOrder): Promise<Started | Unstartable> {
    // A fork server does not change users.
    const server = order.as === null ? await this.#opened() : null
    return (server ?? spawnStarter).start(order)
  }

  /** Who starts a program for a short answer: for the first one this process itself, because a command that asks one question need not start Perl for it. */
  forAnswer(): Starter {
    const isFirst = !this.#hasAnswered && this.#server === null
    this.#hasAnswered = true
    return isFirst ? spawnStarter : this
  }

  /** Opens the fork server, as something will soon be started. */
  warm(): void {
    void this.#opened()
  }

  /** Ends it, and with it what it started and still runs. */
  async close(): Promise<void> {
    const server = await this.#server
    this.#server = null
    server?.close()
  }

  async #opened(): Promise<ForkServer | null> {
    if (this.#perl === null) return null
    for (;;) {
      const opening = (this.#server ??= ForkServer.open({ perl: this.#perl, graceMs: this.#graceMs }))
      const server = await opening
      if (server === null || !server.isOver) return server
      if (this.#server === opening) this.#server = null
    }
  }
}

/** What this process started has so long after SIGTERM when it dies, milliseconds. */
const graceMs = 5_000

/** The one of this process. */
export const sharedStarter: ForkingStarter = new ForkingStarter({ path: process.env['PATH'] ?? '', graceMs })
