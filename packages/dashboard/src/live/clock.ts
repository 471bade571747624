/** The time, as the control plane has it: ages are told by its clock, not by that of the browser's machine. */
import { type ReadonlySignal, signal } from '@preact/signals'

const offsetMs = signal(0)
const seconds = signal(Date.now())

/** Epoch ms by the server's clock; changes once a second. */
export const now: ReadonlySignal<number> = seconds

/** Learns from an answer that says what time it was made. */
export const noteServerTime = (answer: unknown): void => {
  if (typeof answer !== 'object' || answer === null || !('now' in answer) || typeof answer.now !== 'number') return
  const difference = answer.now - Date.now()
  // The way of the answer makes it up to some 100 ms late; that is not worth a change.
  if (Math.abs(difference - offsetMs.value) > 250) offsetMs.value = difference
}

/** Epoch ms by the server's clock, this moment. */
export const serverNow = (): number => Date.now() + offsetMs.peek()

/** Lets the time pass. Gives what stops it. */
export const startClock = (): (() => void) => {
  const tick = (): void => {
    if (document.visibilityState === 'visible') seconds.value = serverNow()
  }
  const timer = window.setInterval(tick, 1_000)
  document.addEventListener('visibilitychange', tick)
  return () => {
    window.clearInterval(timer)
    document.removeEventListener('visibilitychange', tick)
  }
}
