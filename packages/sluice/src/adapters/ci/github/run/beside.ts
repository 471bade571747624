/**
 * Steps that run beside others: `background`, `parallel`, and those that wait for them or end them. What such a step gives (outputs, results, environment) is there once somebody has waited for it; one
 * that failed fails the job then. Source: docs.github.com, "Workflow syntax", *steps[*].background*, read 2026-11; actions/runner, `BackgroundStepCoordinator`.
 */
import { limits } from '../../../../core/limits.ts'
import type { Fields } from '../definition.ts'
import { textOf } from '../expressions.ts'
import { besideShell } from './beside-shell.ts'
import { prependPath, type JobState, type StepFrame } from './job-state.ts'
import { type Attempted, attemptStep, type Failed, keep, plainTitle } from './run-step.ts'

/** The steps that a job has started beside its others. */
export type Beside = {
  readonly start: (step: Fields) => Started
  /** The steps of these ids, in the order in which they were started; all of them for null. */
  readonly find: (ids: readonly string[] | null) => readonly Started[]
  /** Resolves once these have ended and what they gave is there. Gives the first that failed for good; null for none. */
  readonly settle: (started: readonly Started[]) => Promise<Failed | null>
  /** Waits for what nobody has waited for. Gives the first of all that failed for good. */
  readonly finish: () => Promise<Failed | null>
}

/** One of them. */
export type Started = {
  readonly title: string
  readonly id: string
  /** Ends it; what comes of it then is no failure. */
  readonly cancel: () => void
  readonly isOver: () => boolean
  /** Puts what it gave where the steps after it find it; once. Gives how it failed for good. */
  readonly end: () => Promise<Failed | null>
}

/** Nothing has been started yet. */
export const createBeside = (state: JobState, frame: StepFrame): Beside => {
  const all: Started[] = []
  const slots = createSlots(limits.besideStepsMax)
  const settle = async (started: readonly Started[]): Promise<Failed | null> => {
    const failures = await Promise.all(started.map((one) => one.end()))
    return failures.find((one) => one !== null) ?? null
  }
  return {
    start: (step) => {
      const one = startOne(state, frame, { step, slots })
      all.push(one)
      return one
    },
    find: (ids) =>
      ids === null
        ? all.filter((one) => !one.isOver())
        : all.filter(({ id }) => ids.some((name) => name.toLowerCase() === id.toLowerCase())),
    settle,
    finish: () => settle(all),
  }
}

type Slots = { readonly take: () => Promise<void> | null; readonly give: () => void }

/** At most so many at a time; the others wait in their order. */
const createSlots = (most: number): Slots => {
  const waiting: (() => void)[] = []
  let free = most
  return {
    take: () => {
      if (free > 0) {
        free -= 1
        return null
      }
      return new Promise((resolve) => waiting.push(resolve))
    },
    give: () => {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    },
  }
}

const startOne = (
  state: JobState,
  frame: StepFrame,
  { step, slots }: { readonly step: Fields; readonly slots: Slots },
): Started => {
  const controller = new AbortController()
  const before = { env: { ...state.env }, prepended: [...state.prepended] }
  let title = plainTitle(step)
  const own: JobState = {
    ...state,
    shell: besideShell(state.shell, () => title),
    env: { ...before.env },
    prepended: [...before.prepended],
    calledOff: controller.signal,
  }
  // Its steps are those of the job, but which of them runs is its own.
  const inner: StepFrame = { ...frame, unit: null }
  let isOver = false
  const run = async (): Promise<Attempted> => {
    const slot = slots.take()
    if (slot !== null) await slot
    try {
      return await attemptStep(own, inner, step)
    } finally {
      slots.give()
    }
  }
  state.shell.note(`In the background: ${title}`)
  const running = run()
  let ended: Promise<Failed | null> | null = null
  const end = async (): Promise<Failed | null> => {
    const attempted = await running
    isOver = true
    title = attempted.ended.title
    handOver(state, own, before)
    state.shell.note(`${title}: ${attempted.ended.conclusion}`)
    const { hasFailed } = frame
    const failed = keep(frame, attempted)
    // Whoever waits for it says what that means for the job.
    frame.hasFailed = hasFailed
    return failed
  }
  return {
    title,
    id: textOf(step['id'] ?? null),
    cancel: () => controller.abort(),
    isOver: () => isOver,
    end: () => (ended ??= end()),
  }
}

/** What a step put into `GITHUB_ENV` and `GITHUB_PATH`. */
const handOver = (state: JobState, own: JobState, before: Pick<JobState, 'env' | 'prepended'>): void => {
  for (const [name, value] of Object.entries(own.env)) if (before.env[name] !== value) state.env[name] = value
  for (const folder of own.prepended.toReversed()) if (!before.prepended.includes(folder)) prependPath(state, folder)
}
