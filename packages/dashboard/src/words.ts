/** How things are told: times, shares, states. Figures keep to the forms that the command line uses. */
import type { JobView, RunListView } from '../../sluice/src/http/client/run-views.ts'
import type { RolloutView, StepView } from '../../sluice/src/http/client/views.ts'

/** What a state is like: it is told by a glyph, a word and a colour, never by a colour alone. */
export type Tone = 'good' | 'live' | 'warn' | 'bad' | 'calm'

/** A state in a word. */
export type Told = { readonly tone: Tone; readonly word: string }

/** How long ago, roughly: `now`, `40 s`, `12 min`, `3 h`, `5 d`. */
export const ageOf = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 2) return 'now'
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

const clockForm = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const dateForm = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

/** The time of day, in the reader's zone. */
export const timeOf = (at: number): string => clockForm.format(at)

/** Date and time, in the reader's zone. */
export const momentOf = (at: number): string => `${dateForm.format(at)}, ${clockForm.format(at)}`

/** `12,345`. */
export const numberOf = (value: number): string => value.toLocaleString('en-US')

/** `2.41 %` of two counts; an em dash where nothing was counted. */
export const rateOf = ({ units, badUnits }: { readonly units: number; readonly badUnits: number }): string =>
  units === 0 ? '—' : `${((100 * badUnits) / units).toFixed(2)} %`

/** How a rollout stands. */
export const rolloutTold = ({ status, paused, stage }: Pick<RolloutView, 'status' | 'paused' | 'stage'>): Told => {
  switch (status) {
    case 'advancing':
      if (paused !== null) return { tone: 'warn', word: 'paused' }
      return stage?.kind === 'awaiting'
        ? { tone: 'warn', word: 'waits for approval' }
        : { tone: 'live', word: 'rolling out' }
    case 'reverting':
      return { tone: 'bad', word: 'rolling back' }
    case 'succeeded':
      return { tone: 'good', word: 'succeeded' }
    case 'rolled_back':
      return { tone: 'bad', word: 'rolled back' }
    case 'parked':
      return { tone: 'bad', word: 'stuck' }
  }
}

/** How a run stands. */
export const runTold = ({ status }: Pick<RunListView, 'status'>): Told => {
  switch (status) {
    case 'running':
      return { tone: 'live', word: 'running' }
    case 'stopping':
      return { tone: 'warn', word: 'stopping' }
    case 'judging':
      return { tone: 'live', word: 'judging' }
    case 'cutting':
      return { tone: 'live', word: 'cutting' }
    case 'succeeded':
      return { tone: 'good', word: 'succeeded' }
    case 'failed':
      return { tone: 'bad', word: 'failed' }
    case 'cancelled':
      return { tone: 'calm', word: 'cancelled' }
  }
}

/** How a job stands. */
export const jobTold = ({ status, isTolerated }: Pick<JobView, 'status' | 'isTolerated'>): Told => {
  if (status === 'succeeded') return { tone: 'good', word: status }
  if (status === 'failed')
    return isTolerated ? { tone: 'warn', word: 'failed, tolerated' } : { tone: 'bad', word: status }
  if (status === 'running' || status === 'open') return { tone: 'live', word: 'running' }
  if (status === 'manual') return { tone: 'warn', word: 'waits for a person' }
  if (status === 'backing_off') return { tone: 'warn', word: 'tried again soon' }
  if (status === 'stopping') return { tone: 'warn', word: status }
  return { tone: 'calm', word: status }
}

/** How a step stands. */
export const stepTold = (status: StepView['status']): Told => {
  switch (status) {
    case 'done':
      return { tone: 'good', word: 'done' }
    case 'current':
      return { tone: 'live', word: 'under way' }
    case 'waiting':
      return { tone: 'calm', word: 'to come' }
    case 'failed':
      return { tone: 'bad', word: 'turned back here' }
    case 'not_reached':
      return { tone: 'calm', word: 'not reached' }
  }
}
