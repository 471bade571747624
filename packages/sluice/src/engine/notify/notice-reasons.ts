/** Why somebody was told of a run, a rollout or another thing, or not: every notice that its rows make, and what the routes of the config say of each now. */
import { environmentKey } from '../../core/consequences.ts'
import { SluiceError } from '../../core/errors.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import type { Sha256 } from '../../core/model.ts'
import type { Message } from '../../core/notify/message.ts'
import { messageId } from '../../core/notify/message-id.ts'
import { routed } from '../../core/notify/route.ts'
import type { NotifySettings } from '../../core/notify/rules.ts'
import type { Notice } from '../../core/notify/types.ts'
import type { Store } from '../../ports/store.ts'
import { NoticeMaker } from './notice-maker.ts'
import type { Reading } from '../reading/reading.ts'
import type { UntoldRows } from './untold-rows.ts'

/** Why somebody was told of a moment, or not. */
export type ExplainedNotice = {
  readonly notice: Notice
  readonly channels: readonly {
    readonly channel: string
    readonly isTold: boolean
    readonly because: string
    /** Null where there is none: nobody was to be told then, or the row was looked at before the channel was there. */
    readonly message: Message | null
  }[]
}

/** What is looked at. */
export type NoticeReasonsParts = {
  readonly store: Pick<Store, 'ledger'>
  readonly reading: Pick<Reading, 'message' | 'release' | 'releases'>
  readonly untold: Pick<UntoldRows, 'has'>
  readonly sha256: Sha256
  /** What the config says; null while nobody is told anything. */
  readonly settings: NotifySettings | null
}

/** Explains the notices of a subject (an id, or the name of an environment of `service`), the oldest first. `not_found`. */
export const explainNotices = async (
  parts: NoticeReasonsParts,
  subject: string,
  service: string,
): Promise<readonly ExplainedNotice[]> => {
  const { store, reading } = parts
  const key = keyOf(subject, service)
  const maker = new NoticeMaker({ store, reading })
  const style = { settings: parts.settings ?? nobody, service }
  const found: ExplainedNotice[] = []
  let after = 0
  let looked = 0
  for (;;) {
    const rows = await store.ledger({ after, limit: limits.pageItemsMax, key })
    looked += rows.length
    if (looked === 0) throw new SluiceError('not_found', { detail: `there is no ${key.kind} ${subject}` })
    for (const row of rows) {
      const notice = await maker.of(row, style)
      if (notice !== null) found.push(await explain(parts, notice, style.settings))
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < limits.pageItemsMax || looked >= limits.noticeExplainRowsMax) return found
    after = last.seq
  }
}

const explain = async (
  { untold, reading, sha256 }: NoticeReasonsParts,
  notice: Notice,
  settings: NotifySettings,
): Promise<ExplainedNotice> => {
  const isUntold = await untold.has(Number(notice.id))
  const told = routed(settings, notice).map((one) => (isUntold && one.isTold ? { ...one, ...toldNobody } : one))
  const channels = await Promise.all(
    told.map(async (one) => ({
      ...one,
      message: await reading.message(messageId(one.channel, notice, sha256)).catch(noMessage),
    })),
  )
  return { notice, channels }
}

const noMessage = (error: unknown): null => {
  if (error instanceof SluiceError && error.code === 'not_found') return null
  throw error
}

/** Of what was done without a control plane. */
const toldNobody = {
  isTold: false,
  because: 'a command did it while no control plane ran, and only that tells anybody: sluice up -d',
} as const

const nobody: NotifySettings = { publicUrl: null, channels: [], routes: [], templates: {} }

/** The aggregate that a word names: an id says by its beginning what it is of; anything else is an environment. */
const keyOf = (word: string, service: string): AggregateKey => {
  if (word === 'line') return { kind: 'line', id: 'all' }
  const kinds = {
    run: 'run',
    rol: 'rollout',
    rel: 'release',
    inc: 'incident',
    drl: 'drill',
    tra: 'train',
    msg: 'message',
  } as const
  const [, prefix = ''] = /^(run|rol|rel|inc|drl|tra|msg)_/.exec(word) ?? []
  for (const [known, kind] of Object.entries(kinds)) if (known === prefix) return { kind, id: word }
  return environmentKey(service, word)
}
