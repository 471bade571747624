/** Waits until a new instance listens, ends, or has had its time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { RunningProcess } from './launch.ts'
import { isListening } from './listening.ts'

/**
 * Gives what became of it. `alive`: it runs, but does not listen yet. Its time begins when it no longer starts behind everybody else. `outcome_unknown`
 * when called off.
 */
export const settle = async (
  running: RunningProcess,
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<'listening' | 'alive' | 'ended'> => {
  let deadline = performance.now() + limits.startSettleMs
  while (performance.now() < deadline) {
    if (running.ended() !== null) return 'ended'
    if (signal.aborted) throw calledOff()
    if (await isListening(running.identity.pid, host, port)) {
      running.seenListening()
      return 'listening'
    }
    if (running.isBehind()) deadline = performance.now() + limits.startSettleMs
    await Promise.race([running.whenEnded, sleep(limits.listenPollMs)])
  }
  return running.ended() === null ? 'alive' : 'ended'
}

/** The caller no longer waits; what was started is on record. */
export const calledOff = (): SluiceError =>
  new SluiceError('outcome_unknown', { detail: 'called off; what was started so far is on record' })
