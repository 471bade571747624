/** Makes notices of rows of the ledger. Of runs and rollouts a row says little without the state before it: those are kept at hand, and folded from their rows where they are not. */
import type { AggregateKey, AggregateKind, LedgerRow } from '../../core/ledger/entry.ts'
import { ledgerForms } from '../../core/ledger/forms.ts'
import { upcast } from '../../core/ledger/upcast.ts'
import { limits } from '../../core/limits.ts'
import { SluiceError } from '../../core/errors.ts'
import type { Release, ReleaseId } from '../../core/model.ts'
import type { Draft, Moment } from '../../core/notify/draft.ts'
import { draftOf, noticeOf, type NoticeWorld, releasesIn } from '../../core/notify/notices.ts'
import type { NotifySettings } from '../../core/notify/rules.ts'
import type { Notice } from '../../core/notify/types.ts'
import type { Store } from '../../ports/store.ts'
import { type AnyEvent, machines } from '../machines.ts'
import type { Reading } from '../reading/reading.ts'
import { keyText } from '../loop/transaction.ts'
import { momentAround, momentOf } from '../trusted-moments.ts'

/** What it reads. */
export type NoticeMakerParts = {
  readonly store: Pick<Store, 'ledger'>
  readonly reading: Pick<Reading, 'release' | 'releases'>
}

/** What notices are made with. */
export type NoticeStyle = { readonly settings: NotifySettings; readonly service: string }

type KnownState = { readonly version: number; readonly state: unknown }

const folded: ReadonlySet<AggregateKind> = new Set<AggregateKind>([
  'run',
  'rollout',
  'incident',
  'drill',
  'train',
  'message',
])
const plain: ReadonlySet<AggregateKind> = new Set<AggregateKind>(['environment', 'release', 'line'])

/** Events of what is plain that can be told. */
const plainTypes: ReadonlySet<string> = new Set([
  'locked',
  'unlocked',
  'approved',
  'rejected',
  'glass_broken',
  'rollout_settled',
  'release_cut',
  'release_held',
  'line_stopped',
  'line_resumed',
])

/** Whether a row can be told of, as far as its type says; never wrong in saying no. */
export const mayTell = ({ key, type, body, isPruned }: LedgerRow): boolean => {
  if (isPruned === true) return false
  if (plain.has(key.kind)) return plainTypes.has(type)
  if (key.kind !== 'message') return folded.has(key.kind)
  // Of messages only an attempt that failed can be news.
  return /^(effect_|time_passed|work_parked)/.test(type) && !isDelivered(body)
}

/** See the file's header. */
export class NoticeMaker {
  readonly #parts: NoticeMakerParts
  /** The one that was used last is the last. */
  readonly #states = new Map<string, KnownState>()

  constructor(parts: NoticeMakerParts) {
    this.#parts = parts
  }

  /** The notice of a row; null for most. Rows are given in the order of the ledger. */
  async of(row: LedgerRow, { settings, service }: NoticeStyle): Promise<Notice | null> {
    if (!mayTell(row)) return null
    const moment = await this.#moment(row)
    const draft = moment === null ? null : draftOf(moment)
    return draft === null ? null : noticeOf(row, draft, { settings, service, ...(await this.#known(draft)) })
  }

  async #moment(row: LedgerRow): Promise<Moment | null> {
    const event = eventOf(row)
    if (event === null) return null
    const said = momentOf(row, event)
    if (said !== null) return said
    const before = await this.#before(row)
    if (before === null) return null
    const { state: after } = machines[row.key.kind].decide(before.state, event)
    this.#keep(row.key, { version: row.version, state: after })
    return momentAround(row, before.state, after)
  }

  async #before({ key, version }: LedgerRow): Promise<KnownState | null> {
    const known = this.#states.get(keyText(key))
    return known?.version === version - 1 ? known : this.#fold(key, version - 1)
  }

  /** The state of that version, from the rows; null where one of them cannot be read any more. */
  async #fold(key: AggregateKey, version: number): Promise<KnownState | null> {
    const machine = machines[key.kind]
    let found: KnownState = { version: 0, state: machine.initial(key) }
    let after = 0
    while (found.version < version) {
      const rows = await this.#parts.store.ledger({ after, limit: limits.pageItemsMax, key })
      if (rows.length === 0) return null
      for (const row of rows) {
        if (found.version === version) break
        const event = row.isPruned === true ? null : eventOf(row)
        if (event === null) return null
        found = { version: row.version, state: machine.decide(found.state, event).state }
        after = row.seq
      }
    }
    return found
  }

  #keep(key: AggregateKey, known: KnownState): void {
    const text = keyText(key)
    this.#states.delete(text)
    if (machines[key.kind].settled(known.state)) return
    this.#states.set(text, known)
    const [oldest] = this.#states.keys()
    if (this.#states.size > limits.noticeStatesHeldMax && oldest !== undefined) this.#states.delete(oldest)
  }

  async #known(draft: Draft): Promise<Pick<NoticeWorld, 'releases' | 'newest'>> {
    const { reading } = this.#parts
    const found = new Map<ReleaseId, Release>()
    for (const id of releasesIn(draft)) {
      const release = await reading.release(id).catch(unlessMissing)
      if (release !== null) found.set(id, release)
    }
    const isUnknown = draft.environment !== null && (draft.release === null || !found.has(draft.release))
    const newest = isUnknown ? ((await reading.releases({ limit: 1 })).items[0] ?? null) : null
    return { releases: found, newest }
  }
}

const unlessMissing = (error: unknown): null => {
  if (error instanceof SluiceError && error.code === 'not_found') return null
  throw error
}

/** Trusted: only events of the machine were ever recorded. */
const eventOf = (row: LedgerRow): AnyEvent | null => {
  const lifted = upcast(row, ledgerForms[row.key.kind])
  return lifted.status === 'lifted' ? (lifted.entry.body as AnyEvent) : null
}

const isDelivered = (body: unknown): boolean => {
  if (typeof body !== 'object' || body === null || !('result' in body)) return false
  const { result } = body
  return typeof result === 'object' && result !== null && 'kind' in result && result.kind === 'delivered'
}
