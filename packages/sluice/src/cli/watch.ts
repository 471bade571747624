/** Following something that goes on in a control plane until it is over: painted on a terminal, told line by line elsewhere. */
import { limits } from '../core/limits.ts'
import type { Client } from '../http/client/client.ts'
import type { RolloutDetailView } from '../http/client/views.ts'
import type { RunDetailView } from '../http/client/run-views.ts'
import type { Cli } from './cli.ts'
import { lookPatiently, type Patience, pause } from './patience.ts'
import { createLive } from './render/live.ts'
import { isOver, rolloutChanges, rolloutLines } from './render/rollout.ts'
import { isJobOver, isRunOver, isRunStuck, runChanges, runLines } from './render/run.ts'
import { isoTime } from '../core/iso-time.ts'
import type { Style } from './render/style.ts'

/** Between two looks when nothing was announced: on a terminal for the counters, elsewhere because a stream may be dead without saying so. */
const lookTerminalMs = 250
const lookPlainMs = 1_000
const heartbeatMs = 30_000
/** Looks take at most one part in so many of the time: a run of ten thousand jobs is not read anew for each of them. */
const lookPart = 20
const lookPauseMsMax = 10_000
const fewLeft = 8

/** How something is watched. */
type Subject<State> = {
  readonly kind: 'rollout' | 'run'
  readonly id: string
  readonly look: () => Promise<State>
  readonly isOver: (state: State) => boolean
  /** How much is still to come; with little of it, looks follow each other at once, so that nobody waits for an end that has come. */
  readonly left: (state: State) => number
  readonly isStuck: (state: State) => boolean
  readonly lines: (state: State, style: Style) => readonly string[]
  readonly changes: (before: State | null, after: State) => readonly string[]
  readonly status: (state: State) => string
  /** Whether the last picture stays when it is over: what became of each job is worth more than its place. */
  readonly staysAtEnd: boolean
}

/** How a watch ended: it is over, or the person went away (`detached`), or the time was up (`late`), or nothing goes on before somebody does something (`stuck`). */
export type Watched<State> = { readonly ended: 'over' | 'detached' | 'late' | 'stuck'; readonly state: State | null }

/** Until when to watch. */
export type WatchOptions = {
  /** Null: as long as it takes. */
  readonly timeoutMs: number | null
  /** Whether the watch ends when only a person can make it go on; it does not when absent. */
  readonly endsWhenStuck?: boolean
  /** Rows as they come, as JSON lines, instead of words. */
  readonly onRow?: (row: string) => void
}

/** Follows a rollout. */
export const watchRollout = (
  cli: Cli,
  { client, id }: { readonly client: Client; readonly id: string },
  options: WatchOptions,
): Promise<Watched<RolloutDetailView>> => {
  const subject: Subject<RolloutDetailView> = {
    kind: 'rollout',
    id,
    look: () => client.call('rollouts.show', { params: { rollout: id } }),
    isOver,
    left: () => 1,
    isStuck: () => false,
    staysAtEnd: false,
    lines: rolloutLines,
    changes: rolloutChanges,
    status: ({ status, stage }) => `${status}${stage === null ? '' : `, ${stage.text}`}`,
  }
  return watch(cli, { client, subject }, options)
}

/** Follows a run. */
export const watchRun = (
  cli: Cli,
  { client, id }: { readonly client: Client; readonly id: string },
  options: WatchOptions,
): Promise<Watched<RunDetailView>> => {
  const subject: Subject<RunDetailView> = {
    kind: 'run',
    id,
    look: () => client.call('runs.show', { params: { run: id } }),
    isOver: isRunOver,
    left: ({ jobs }) => jobs.filter((job) => !isJobOver(job)).length,
    isStuck: isRunStuck,
    staysAtEnd: true,
    lines: runLines,
    changes: runChanges,
    status: ({ jobs }) =>
      jobs
        .filter(({ status }) => status === 'running')
        .map(({ name }) => name)
        .join(', '),
  }
  return watch(cli, { client, subject }, options)
}

const watch = async <State>(
  cli: Cli,
  { client, subject }: { readonly client: Client; readonly subject: Subject<State> },
  options: WatchOptions,
): Promise<Watched<State>> => {
  const { interrupted } = cli
  const isTerminal = cli.noteStyle.repaints && !cli.globals.quiet
  const teller = isTerminal ? painter(cli, subject) : lineTeller(cli, subject)
  const bell = createBell()
  const stopped = new AbortController()
  const late = options.timeoutMs === null ? null : performance.now() + options.timeoutMs
  const onInterrupt = (): void => bell.ring(Infinity)
  interrupted.addEventListener('abort', onInterrupt)
  const listening = listen(client, { subject, bell, onRow: options.onRow }, stopped.signal)
  let state: State | null = null
  let isSettled = false
  try {
    for (;;) {
      const lookedAt = performance.now()
      bell.listen()
      const seen = await lookPatiently(cli, subject.look, patienceOf(subject, teller))
      if (seen === null) return { ended: 'detached', state }
      state = seen
      teller.tell(state)
      const left = subject.left(state)
      const pauseMs = left <= fewLeft ? 0 : (performance.now() - lookedAt) * (lookPart - 1)
      isSettled = subject.isOver(state)
      if (isSettled) return { ended: 'over', state }
      if (options.endsWhenStuck === true && subject.isStuck(state)) return { ended: 'stuck', state }
      if (interrupted.aborted) return { ended: 'detached', state }
      if (late !== null && performance.now() >= late) return { ended: 'late', state }
      const mostMs = isTerminal ? lookTerminalMs : lookPlainMs
      // As many rows as there were jobs left may be its end.
      await bell.wait(Math.min(pauseMs, lookPauseMsMax), left - fewLeft)
      await bell.wait(mostMs, 1)
      if (interrupted.aborted) return { ended: 'detached', state }
    }
  } finally {
    teller.end()
    stopped.abort()
    interrupted.removeEventListener('abort', onInterrupt)
    const after = await listening
    if (isSettled && options.onRow !== undefined) await tellRest(client, { subject, after }, options.onRow)
  }
}

type Teller<State> = {
  readonly tell: (state: State) => void
  /** Says something beside what is seen. */
  readonly say: (line: string) => void
  readonly end: () => void
}

const painter = <State>(cli: Cli, subject: Subject<State>): Teller<State> => {
  const live = createLive(cli.stderr, () => performance.now())
  const say = (line: string): void => {
    live.clear()
    cli.note(line)
  }
  let last: State | null = null
  return {
    tell: (state) => {
      last = state
      live.paint(subject.lines(state, cli.noteStyle))
    },
    say,
    end: () => {
      if (last === null || !subject.staysAtEnd || !subject.isOver(last)) live.clear()
      else live.leave(subject.lines(last, cli.noteStyle))
    },
  }
}

/** One line for each change, and one every 30 s when nothing changes, so that nobody takes silence for death. */
const lineTeller = <State>(cli: Cli, subject: Subject<State>): Teller<State> => {
  let before: State | null = null
  let saidAt = performance.now()
  const say = (line: string): void => {
    cli.note(`${isoTime(Date.now())}  ${line}`)
    saidAt = performance.now()
  }
  return {
    tell: (state) => {
      for (const line of subject.changes(before, state)) say(line)
      before = state
      if (performance.now() - saidAt >= heartbeatMs) say(`${subject.id} still goes on: ${subject.status(state)}`)
    },
    say,
    end: () => {},
  }
}

const patienceOf = <State>({ kind, id }: Subject<State>, { say }: Teller<State>): Patience => ({
  away: (detail) => say(`the control plane does not answer (${detail}); ${kind} ${id} goes on, looking again`),
  back: () => say('the control plane answers again'),
})

/** Wakes the one that waits: after some time, or once it was rung so often since `listen`. */
type Bell = {
  readonly ring: (times?: number) => void
  readonly listen: () => void
  readonly wait: (ms: number, times: number) => Promise<void>
}

const createBell = (): Bell => {
  let rings = 0
  let waiting: { readonly times: number; readonly wake: () => void } | null = null
  return {
    ring: (times = 1) => {
      rings += times
      if (waiting !== null && rings >= waiting.times) waiting.wake()
    },
    listen: () => {
      rings = 0
    },
    wait: async (ms, times) => {
      if (ms <= 0 || rings >= times) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        const wake = (): void => {
          clearTimeout(timer)
          resolve()
        }
        waiting = { times, wake }
      })
      waiting = null
    },
  }
}

type Listening<State> = { readonly subject: Subject<State>; readonly bell: Bell; readonly onRow: WatchOptions['onRow'] }

/** Rows that were written when a look said that it is over, and had not come through the stream. */
const tellRest = async <State>(
  client: Client,
  { subject: { kind, id }, after: start }: { readonly subject: Subject<State>; readonly after: number | null },
  onRow: (row: string) => void,
): Promise<void> => {
  for (let after = start; after !== null;) {
    const { rows, next } = await client.call('ledger.page', { query: { kind, id, after, limit: limits.pageItemsMax } })
    for (const row of rows) onRow(JSON.stringify(row))
    after = next
  }
}

/**
 * Rings at every row, and gives the number of the last one. The looks go on without it, so that a stream that cannot be had costs a second, not the
 * watch.
 */
const listen = async <State>(
  client: Client,
  { subject, bell, onRow }: Listening<State>,
  signal: AbortSignal,
): Promise<number | null> => {
  let after: number | null = onRow === undefined ? null : 0
  while (!signal.aborted) {
    try {
      for await (const event of client.events({ after, kind: subject.kind, id: subject.id }, signal)) {
        if (event.event !== 'ledger_row') continue
        after = event.id ?? after
        onRow?.(event.data)
        bell.ring()
      }
    } catch {
      // The look that follows says what is wrong, if something is.
    }
    if (!signal.aborted) await pause(1_000, signal)
  }
  return after
}
