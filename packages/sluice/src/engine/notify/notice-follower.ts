/**
 * Follows the ledger and tells what there is to tell. The ledger is the source: whatever was committed is told, however this process ends, because the place up to which it was looked over moves on only
 * once the messages are durable, and a second look makes no second message.
 *
 * While the config tells nobody anything, no more is done than to look at the types of new rows; the first time that it does, it begins with what happens from then on.
 */
import type { LedgerRow } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { SluiceError } from '../../core/errors.ts'
import { routed } from '../../core/notify/route.ts'
import type { Clock, Log } from '../../ports/clock.ts'
import type { NotifyRules } from '../../ports/notifier.ts'
import type { Projections } from '../../ports/projections.ts'
import type { Store } from '../../ports/store.ts'
import { mayTell, type NoticeMaker, type NoticeStyle } from './notice-maker.ts'
import type { Outbox } from './outbox.ts'
import type { Reading } from '../reading/reading.ts'
import type { UntoldRows } from './untold-rows.ts'

/** What it works with. */
export type NoticeFollowerParts = {
  readonly store: Pick<Store, 'head' | 'ledger'>
  readonly reading: Pick<Reading, 'messages'>
  readonly clock: Clock
  readonly log: Log
  readonly notifyRules: NotifyRules
  readonly projections: Projections
  readonly maker: NoticeMaker
  readonly outbox: Pick<Outbox, 'post'>
  readonly untold: Pick<UntoldRows, 'has'>
}

const projectionName = 'notices'

/** See the file's header. */
export class NoticeFollower {
  readonly #parts: NoticeFollowerParts
  /** The row up to which everything was told; null while nobody is told anything, or it is not known yet. */
  #position: number | null = null
  #keptPosition = 0
  /** Whether it is known that no place is kept: there is none to take back once more. */
  #isKeptOff = false
  /** The row before the first that came while it was not known whether anybody is told. */
  #since: number | null = null
  /** Rows that came and were not looked at, without gaps. */
  #fresh: LedgerRow[] = []
  #isFollowing = false
  #isWanted = false
  #isStopped = false
  #cancel: () => void = () => {}

  constructor(parts: NoticeFollowerParts) {
    this.#parts = parts
  }

  /** Goes on where an earlier process stood, if somebody was told anything then. */
  async start(): Promise<void> {
    const { status } = await this.#kept()
    if (status === 'on' || (status === 'missing' && (await this.#toldLast()) !== null)) this.#follow()
  }

  /** Rows became durable. */
  noticed(rows: readonly LedgerRow[]): void {
    const [first] = rows
    if (first === undefined || this.#isStopped) return
    const last = this.#fresh.at(-1)
    if (last !== undefined && last.seq + 1 !== first.seq) this.#fresh = []
    this.#fresh.push(...rows)
    if (this.#fresh.length > limits.noticePortionRows) this.#fresh = []
    const isOff = this.#position === null && !this.#isFollowing
    if (!rows.some(isOff ? isNews : mayTell)) {
      // What is not looked at by anybody need not be remembered.
      if (isOff) this.#fresh = []
      return
    }
    this.#since ??= first.seq - 1
    this.#follow()
  }

  /** Looks no more. */
  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  #follow(): void {
    this.#isWanted = true
    if (this.#isFollowing || this.#isStopped) return
    this.#isFollowing = true
    void this.#passes().finally(() => {
      this.#isFollowing = false
      if (this.#isWanted) this.#follow()
    })
  }

  async #passes(): Promise<void> {
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false
      try {
        await this.#pass()
      } catch (error) {
        this.#parts.log.warn('notices_not_told', { error: String(error) })
        this.#again(limits.commitRetryMs)
      }
    }
  }

  async #pass(): Promise<void> {
    const { notifyRules, store } = this.#parts
    const read = await notifyRules.read('recent')
    // Nothing is lost: what comes meanwhile is read from the ledger once the config can be read again.
    if (read.status === 'unreadable') return this.#again(limits.notifyConfigMs)
    const { settings, service } = read
    if (settings === null || settings.channels.length === 0) return this.#turnOff()
    let position = this.#position ?? (await this.#begin())
    for (;;) {
      const rows = this.#take(position) ?? (await store.ledger({ after: position, limit: limits.noticePortionRows }))
      if (rows.length === 0) break
      for (const row of rows) {
        if (this.#isStopped) return
        await this.#tell(row, { settings, service })
        position = row.seq
        this.#position = position
      }
      await this.#keep(position)
    }
    this.#position = position
    this.#since = null
  }

  /** What came since, where it follows on what was looked at last. */
  #take(position: number): readonly LedgerRow[] | null {
    const rows = this.#fresh.filter(({ seq }) => seq > position)
    this.#fresh = []
    return rows[0]?.seq === position + 1 ? rows : null
  }

  async #tell(row: LedgerRow, style: NoticeStyle): Promise<void> {
    const { maker, outbox, log, untold } = this.#parts
    if (await untold.has(row.seq)) return
    const notice = await maker.of(row, style).catch((error: unknown) => {
      if (error instanceof SluiceError) throw error
      // One row that cannot be told must not keep all that come after it from being told.
      log.error('notice_not_made', { seq: row.seq, error: String(error) })
      return null
    })
    if (notice === null) return
    for (const { channel, isTold, because } of routed(style.settings, notice))
      if (isTold) await outbox.post({ notice, channel, because })
  }

  /** Where an earlier process stood; where that was lost, the newest message; where nobody was told anything until now, what made this one look. */
  async #begin(): Promise<number> {
    const head = await this.#parts.store.head()
    const kept = await this.#kept()
    if (kept.seq !== null && kept.seq <= head) {
      this.#keptPosition = kept.seq
      return kept.seq
    }
    const told = kept.status === 'off' ? null : await this.#toldLast()
    // Of its row not every channel may have been told.
    const position = told !== null && told <= head ? told - 1 : (this.#since ?? head)
    await this.#write(position)
    return position
  }

  /** The row of the message to which something happened last; null where there is none. */
  async #toldLast(): Promise<number | null> {
    const { items } = await this.#parts.reading.messages({ limit: 1 })
    return items[0] === undefined ? null : Number(items[0].notice.id)
  }

  async #turnOff(): Promise<void> {
    this.#position = null
    this.#since = null
    this.#fresh = []
    if (this.#isKeptOff) return
    if ((await this.#kept()).seq !== null) await this.#write(null)
    this.#isKeptOff = true
  }

  async #kept(): Promise<Kept> {
    return parsePosition(await this.#parts.projections.read(projectionName))
  }

  async #keep(position: number): Promise<void> {
    if (position - this.#keptPosition >= limits.noticeKeptRows) await this.#write(position)
  }

  async #write(position: number | null): Promise<void> {
    await this.#parts.projections.keep(projectionName, JSON.stringify({ form: 1, seq: position }))
    this.#keptPosition = position ?? 0
    this.#isKeptOff = position === null
  }

  #again(ms: number): void {
    this.#cancel()
    if (this.#isStopped) return
    this.#cancel = this.#parts.clock.after(ms, () => this.#follow())
  }
}

type Kept = { readonly status: 'missing' | 'off'; readonly seq: null } | { readonly status: 'on'; readonly seq: number }

/** What begins or ends something, or a person's word: enough to notice that somebody wants to be told by now. */
const isNews = (row: LedgerRow): boolean => mayTell(row) && !/^(effect_|time_passed)/.test(row.type)

/** Parser of what was kept: anything else is nothing. */
const parsePosition = (text: string | null): Kept => {
  const missing: Kept = { status: 'missing', seq: null }
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    if (typeof value !== 'object' || value === null || !('form' in value) || !('seq' in value)) return missing
    if (value.form !== 1) return missing
    if (value.seq === null) return { status: 'off', seq: null }
    return Number.isSafeInteger(value.seq) ? { status: 'on', seq: Number(value.seq) } : missing
  } catch {
    return missing
  }
}
