/** When a step is ended from outside: at once when the job is called off, unless its condition holds then too. Source: actions/runner, `StepsRunner`, read 2026-08. */
import { limits } from '../../../../core/limits.ts'
import type { JobState } from './job-state.ts'

/** The signal that a step obeys. `runsWhenCancelled` is asked only while the job has not been called off: a step for which it says yes is given the time that steps for that case have. */
export const stepSignal = ({ signal }: Pick<JobState, 'signal'>, runsWhenCancelled: () => boolean): AbortSignal => {
  if (signal.aborted) return AbortSignal.timeout(limits.cancelledStepsMs)
  return runsWhenCancelled() ? later(signal) : signal
}

const later = (signal: AbortSignal): AbortSignal => {
  const controller = new AbortController()
  const fall = (): void => controller.abort(signal.reason)
  signal.addEventListener('abort', () => void setTimeout(fall, limits.cancelledStepsMs).unref(), { once: true })
  return controller.signal
}
