/** One quiet voice for readers of the screen, and for everybody: what just happened. */
import { signal } from '@preact/signals'
import type { VNode } from 'preact'

const said = signal<{ readonly text: string; readonly isBad: boolean } | null>(null)
const shownMs = 6_000

/** Says a sentence. */
export const announce = (text: string, kind: 'done' | 'failed' = 'done'): void => {
  const one = { text, isBad: kind === 'failed' }
  said.value = one
  window.setTimeout(() => {
    if (said.peek() === one) said.value = null
  }, shownMs)
}

/** Where it is said. */
export const Announcer = (): VNode => (
  <div class={`announcer ${said.value?.isBad === true ? 'bad' : ''}`} role="status" aria-live="polite">
    {said.value?.text}
  </div>
)
