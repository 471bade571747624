/** Releases as they are stored. They never change, so that what was read once stays true. */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { type Release, type ReleaseId, releaseId } from '../../core/model.ts'
import type { ReleaseState } from '../../core/release-machine.ts'
import type { Store } from '../../ports/store.ts'
import type { Page, FilteredQuery, StoredStates } from './stored-states.ts'
import { asRelease } from '../trusted.ts'

/** A release that was cut, with what holds it. */
export type CutRelease = Extract<ReleaseState, { status: 'cut' }>

/** See the file's header. */
export class StoredReleases {
  readonly #states: StoredStates
  readonly #store: Pick<Store, 'summaries'>
  readonly #known = new Map<string, Release>()

  constructor(states: StoredStates, store: Pick<Store, 'summaries'>) {
    this.#states = states
    this.#store = store
  }

  /** The release of exactly this id, or null. */
  async find(id: ReleaseId): Promise<Release | null> {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const release = await this.#states.find({ kind: 'release', id }, existingRelease)
    if (release === null) return null
    if (this.#known.size >= limits.releasesHeldMax) this.#known.clear()
    this.#known.set(id, release)
    return release
  }

  /** The release that was cut last, or null; which it is, is read without its content, which is large where a service has many environments. */
  async newest(): Promise<Release | null> {
    const { items } = await this.#store.summaries({ kind: 'release', limit: 1 })
    const [newest] = items
    return newest === undefined ? null : this.find(releaseId(newest.key.id))
  }

  /** Releases, in the order in which they were cut, the newest first. */
  async page(query: FilteredQuery<CutRelease>): Promise<Page<Release>> {
    const { items, next } = await this.#states.page('release', query, cutRelease)
    return { items: items.map(({ release }) => release), next }
  }

  /** The newest release of a service that a word names: an id, the beginning of one, a version (with or without its build), or `latest`. Null when there is none. */
  async named(service: string, word: string): Promise<Release | null> {
    if (/^rel_[0-9a-f]{64}$/.test(word)) return this.find(releaseId(word))
    let cursor: string | undefined
    do {
      const page: Page<Release> = await this.page(cursor === undefined ? {} : { cursor })
      const found = page.items.find(
        ({ id, content }) =>
          content.service === service &&
          (word === 'latest' || id.startsWith(word) || versionsOf(content.version).includes(word)),
      )
      if (found !== undefined) return found
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    if (word === 'latest')
      throw new SluiceError('not_found', { detail: `${service} has no release yet`, hint: 'sluice run' })
    return null
  }
}

const cutRelease = (state: unknown): CutRelease | null => {
  const release = asRelease(state)
  return release.status === 'absent' ? null : release
}

const existingRelease = (state: unknown): Release | null => cutRelease(state)?.release ?? null

/** What people call a version: `1.4.0+309847c`, `v1.4.0+309847c`, `1.4.0`, `v1.4.0`. */
const versionsOf = (version: string): readonly string[] => {
  const [plain = version] = version.split('+', 1)
  return [version, `v${version}`, plain, `v${plain}`]
}
