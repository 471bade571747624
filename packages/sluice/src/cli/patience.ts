/** Looking again while a control plane does not answer: one that was killed is started again by its gateway within seconds. */
import { SluiceError } from '../core/errors.ts'
import type { Cli } from './cli.ts'

/** Looks in a row that may fail before the control plane is given up, and the time between them, milliseconds. */
const failuresMax = 20
const pauseMs = 1_000

/** What is said meanwhile. */
export type Patience = {
  /** It does not answer, for the second time; with the reason. A first failure may be a moment's. */
  readonly away: (detail: string) => void
  /** It answers again, after that was said. */
  readonly back: () => void
}

/** Looks until it sees something. Null once somebody interrupts; rejects as the look did where that is no matter of waiting, or the control plane stays away. */
export const lookPatiently = async <State>(
  { interrupted }: Pick<Cli, 'interrupted'>,
  look: () => Promise<State>,
  { away, back }: Patience,
): Promise<State | null> => {
  for (let failures = 0; ; failures += 1) {
    try {
      const state = await look()
      if (failures > 1) back()
      return state
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'server_unreachable') throw error
      if (interrupted.aborted) return null
      if (failures >= failuresMax) throw error
      if (failures === 1) away(error.detail)
      await pause(pauseMs, interrupted)
      if (interrupted.aborted) return null
    }
  }
}

/** Some time, or until the signal falls. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
