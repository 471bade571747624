/** What ends a job early: whoever asked for it, its own limit of time, or a kill. */
import type { JobPlan } from '../core/pipeline/job-plan.ts'
import type { JobSignals } from './steps.ts'

/** What ends the job early, and a call that lets go of timer and listener. */
export const signalsOf = (
  { timeoutMs }: JobPlan,
  kill: AbortController,
  signal: AbortSignal,
): { readonly signals: JobSignals; readonly release: () => void } => {
  const stop = new AbortController()
  let isLate = false
  const end = (): void => stop.abort()
  const timer = setTimeout(() => {
    isLate = !stop.signal.aborted
    end()
  }, timeoutMs)
  signal.addEventListener('abort', end, { once: true })
  kill.signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  return {
    signals: { stop: stop.signal, kill: kill.signal, because: () => (isLate ? 'timed_out' : 'cancelled') },
    release: () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
    },
  }
}
