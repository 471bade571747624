/** The one store: answers of the API by what was asked, asked again when an event says that they may have changed. */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { SluiceError } from '../../../sluice/src/core/errors.ts'
import type { CallInput } from '../../../sluice/src/http/client/client.ts'
import type { Contract } from '../../../sluice/src/http/client/contract.ts'
import type { RouteId } from '../../../sluice/src/http/client/paths.ts'
import type { LedgerRowView } from '../../../sluice/src/http/client/ledger-views.ts'
import { ask, asError } from './ask.ts'
import { noteServerTime } from './clock.ts'
import { connection, listen } from './connection.ts'
import { session } from './session.ts'

/** What is known of one answer. An error beside data means: this is how it stood when it could last be read. */
export type Answer<Data> = {
  readonly data: ReadonlySignal<Data | null>
  readonly error: ReadonlySignal<SluiceError | null>
  /** Asks again, now. */
  readonly refresh: () => void
}

/** What to ask, and which events it depends on. */
export type Question<Id extends RouteId> = {
  readonly id: Id
  readonly input: CallInput<Id>
  /** Whether a row may have changed the answer; no row does, when absent. */
  readonly concerns?: (row: LedgerRowView) => boolean
  /** Asks again after this time while the tab is seen, milliseconds: for what no event tells. */
  readonly everyMs?: number
}

/** Between two questions of the same kind, milliseconds: a burst of events is one question. */
const gapMs = 120
/** Answers that are kept although nobody looks at them, so that going back shows something at once. */
const keptMax = 60

type Entry = {
  readonly data: Signal<unknown>
  readonly error: Signal<SluiceError | null>
  readonly refresh: () => void
  users: number
  release: () => void
}

const entries = new Map<string, Entry>()
const unanswered = signal(0)

/** How many questions have no answer yet, not even that there is none. */
export const openQuestions: ReadonlySignal<number> = unanswered

/** The key under which an answer is kept. */
const keyOf = (id: RouteId, { params, query }: { readonly params?: object; readonly query?: object }): string =>
  `${id} ${JSON.stringify(params ?? {})} ${JSON.stringify(query ?? {})}`

/** The answer to a question, kept up to date while a component shows it. Null asks nothing. */
export const useAnswer = <Id extends RouteId>(
  question: Question<Id> | null,
): Answer<Contract[Id]['response']> | null => {
  const key = question === null ? null : keyOf(question.id, question.input)
  const entry = useMemo(() => (question === null || key === null ? null : entryOf(key, question)), [key])
  useEffect(() => {
    if (entry === null || question === null) return
    return hold(entry, question)
  }, [entry, question?.everyMs])
  // Trusted: an entry under a key holds what the route of that key answers.
  return entry as Answer<Contract[Id]['response']> | null
}

const entryOf = <Id extends RouteId>(key: string, question: Question<Id>): Entry => {
  const known = entries.get(key)
  if (known !== undefined) return known
  const data = signal<unknown>(null)
  const error = signal<SluiceError | null>(null)
  const entry: Entry = { data, error, refresh: refresher(question, data, error), users: 0, release: () => {} }
  entries.set(key, entry)
  unanswered.value += 1
  entry.refresh()
  if (entries.size > keptMax) dropOldest()
  return entry
}

const dropOldest = (): void => {
  for (const [key, { users }] of entries) {
    if (entries.size <= keptMax) return
    if (users === 0) entries.delete(key)
  }
}

/** Asks; at most one question is out at a time, and one more follows if anything happened meanwhile. */
const refresher = <Id extends RouteId>(
  { id, input }: Question<Id>,
  data: Signal<unknown>,
  error: Signal<SluiceError | null>,
): (() => void) => {
  let isOut = false
  let isWanted = false
  let isFirst = true
  const turn = async (): Promise<void> => {
    isOut = true
    isWanted = false
    try {
      const answer = await ask(id, input)
      noteServerTime(answer)
      data.value = answer
      error.value = null
    } catch (caught) {
      error.value = asError(caught)
    }
    if (isFirst) unanswered.value -= 1
    isFirst = false
    window.setTimeout(() => {
      isOut = false
      if (isWanted) void turn()
    }, gapMs)
  }
  return () => {
    isWanted = true
    if (!isOut && session.value !== null) void turn()
  }
}

const hold = <Id extends RouteId>(entry: Entry, { concerns, everyMs }: Question<Id>): (() => void) => {
  entry.users += 1
  if (entry.data.value !== null && entry.users === 1) entry.refresh()
  const unlisten = listen({
    rows: (rows) => {
      if (concerns !== undefined && rows.some(concerns)) entry.refresh()
    },
    refresh: entry.refresh,
  })
  const timer =
    everyMs === undefined
      ? null
      : window.setInterval(() => {
          if (document.visibilityState === 'visible' && connection.value === 'live') entry.refresh()
        }, everyMs)
  return () => {
    entry.users -= 1
    unlisten()
    if (timer !== null) window.clearInterval(timer)
  }
}

/** Forgets everything: what one person saw is not the next one's. */
export const forgetAnswers = (): void => {
  entries.clear()
  unanswered.value = 0
}
