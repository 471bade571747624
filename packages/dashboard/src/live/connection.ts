/** The one stream of events of this tab: ledger rows as they become durable, resumed after sleep, tab switch and restart. */
import { type ReadonlySignal, signal } from '@preact/signals'
import { client, goToSignIn, session } from './session.ts'
import { isRefused } from './ask.ts'
import type { LedgerRowView } from '../../../sluice/src/http/client/ledger-views.ts'

/** How the page keeps up. `polling`: no stream comes through, so the page asks every few seconds. */
export type Connection = 'connecting' | 'live' | 'reconnecting' | 'polling'

/** What listens to the stream. */
export type Listener = {
  /** Rows that became durable. */
  readonly rows: (rows: readonly LedgerRowView[]) => void
  /** Everything may have changed: the stream began anew, or there is none. */
  readonly refresh: () => void
}

/** Heartbeats come every 15 s; a stream that is silent for longer than two of them is dead, milliseconds. */
const silenceMs = 35_000
/** A tab that comes back after this long without a sign of life begins a new stream at once, milliseconds. */
const staleMs = 16_000
/** The server's first word comes with the stream; a proxy that holds it back is noticed after this long, milliseconds. */
const openMs = 6_000
const retryMs: readonly number[] = [250, 500, 1_000, 2_000, 4_000]
const failuresUntilPolling = 3
const pollMs = 5_000

const status = signal<Connection>('connecting')
const listeners = new Set<Listener>()

/** How the page keeps up now. */
export const connection: ReadonlySignal<Connection> = status

/** Listens until the returned function is called. */
export const listen = (listener: Listener): (() => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

const refreshAll = (): void => {
  for (const { refresh } of listeners) refresh()
}

type Course = {
  readonly ended: AbortSignal
  lastSeq: number | null
  lastSignAt: number
  failures: number
  isWaiting: boolean
  /** Ends the stream, or the wait for the next one. */
  wake: () => void
}

/** Keeps the stream up for as long as somebody is signed in. Gives what ends it. */
export const keepConnected = (): (() => void) => {
  let stop = new AbortController()
  const unsubscribe = session.subscribe((as) => {
    stop.abort()
    stop = new AbortController()
    if (as === null) return
    void run({
      ended: stop.signal,
      lastSeq: null,
      lastSignAt: Date.now(),
      failures: 0,
      isWaiting: false,
      wake: () => {},
    })
  })
  return () => {
    unsubscribe()
    stop.abort()
  }
}

const run = async (course: Course): Promise<void> => {
  const unwatch = watchTab(course)
  status.value = 'connecting'
  while (!course.ended.aborted) {
    const why = await stream(course)
    if (course.ended.aborted) break
    if (isRefused(why)) {
      goToSignIn()
      break
    }
    course.failures += 1
    status.value = course.failures >= failuresUntilPolling ? 'polling' : 'reconnecting'
    const isPolling = status.value === 'polling'
    if (isPolling) refreshAll()
    const base = isPolling ? pollMs : (retryMs[course.failures - 1] ?? pollMs)
    // Jitter: after a restart, not every tab comes at once.
    course.isWaiting = true
    await wait(course, base * (0.75 + Math.random() / 2))
    course.isWaiting = false
  }
  unwatch()
}

/** One stream, until it ends; gives what ended it. */
const stream = async (course: Course): Promise<unknown> => {
  const ending = new AbortController()
  const signal = AbortSignal.any([ending.signal, course.ended])
  course.wake = () => ending.abort()
  course.lastSignAt = Date.now()
  let allowedMs = openMs
  const watchdog = window.setInterval(() => {
    if (Date.now() - course.lastSignAt > allowedMs) ending.abort()
  }, 1_000)
  try {
    // `after` is what Last-Event-ID says: the number of the last row that was seen.
    const from = { after: course.lastSeq, gap: 'snapshot' } as const
    for await (const event of client().events(from, signal)) {
      course.lastSignAt = Date.now()
      allowedMs = silenceMs
      if (status.value !== 'live') {
        course.failures = 0
        status.value = 'live'
        // Snapshots are taken once the stream stands, so that nothing falls between the two.
        refreshAll()
      }
      if (event.event === 'ledger_row') take(course, event.data)
      // Too much was missed to be told, or it is another ledger: everything is asked for anew, and rows go on from here.
      else if (event.event === 'snapshot') course.lastSeq = event.id
    }
    return null
  } catch (error) {
    return error
  } finally {
    window.clearInterval(watchdog)
  }
}

/** Parser of a row: the server's own, by the same types. */
const take = (course: Course, data: string): void => {
  const row = JSON.parse(data) as LedgerRowView
  course.lastSeq = row.seq
  for (const { rows } of listeners) rows([row])
}

const wait = (course: Course, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = window.setTimeout(resolve, ms)
    course.wake = () => {
      window.clearTimeout(timer)
      resolve()
    }
    course.ended.addEventListener('abort', () => course.wake(), { once: true })
  })

/** After sleep, a tab switch or a change of network the stream may be dead without a word. */
const watchTab = (course: Course): (() => void) => {
  const look = (): void => {
    if (document.visibilityState !== 'visible') return
    // One that is being opened, or that was heard of a moment ago, is left alone.
    if (!course.isWaiting && Date.now() - course.lastSignAt < staleMs) return
    course.wake()
  }
  const online = (): void => course.wake()
  document.addEventListener('visibilitychange', look)
  window.addEventListener('pageshow', look)
  window.addEventListener('online', online)
  return () => {
    document.removeEventListener('visibilitychange', look)
    window.removeEventListener('pageshow', look)
    window.removeEventListener('online', online)
  }
}
