/** Waits until a new instance listens, ends, or has had its time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { RunningProcess } from './launch.ts'
import { isListening } from './listening.ts'

/** Gives what became of it. `alive`: it runs, but does not listen yet. `outcome_unknown` when called off. */
export const settle = async (
  running: RunningProcess,
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<'listening' | 'alive' | 'ended'> => {
  const deadline = performance.now() + limits.startSettleMs
  while (performance.now() < deadline) {
    if (running.ended() !== null) return 'ended'
    if (signal.aborted) throw calledOff()
    if (await isListening(running.identity.pid, host, port)) {
      running.seenListening()
      return 'listening'
    }
    await Promise.race([running.whenEnded, sleep(limits.listenPollMs)])
  }
  if (running.ended() !== null) return 'ended'
  void catchUpOnceListening(running, { host, port })
  return 'alive'
}

/** Nobody waits for it here any more, but traffic may come to it as soon as it listens. */
const catchUpOnceListening = async (
  running: RunningProcess,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> => {
  while (running.isBehind()) {
    if (await isListening(running.identity.pid, host, port)) return running.seenListening()
    await sleep(limits.listenPollMs, undefined, { ref: false })
  }
  return undefined
}

/** The caller no longer waits; what was started is on record. */
export const calledOff = (): SluiceError =>
  new SluiceError('outcome_unknown', { detail: 'called off; what was started so far is on record' })
