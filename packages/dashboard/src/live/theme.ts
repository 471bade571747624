/** Light or dark: as the system has it, unless somebody chose. */
import { type ReadonlySignal, signal } from '@preact/signals'

/** What was chosen. */
export type Theme = 'system' | 'light' | 'dark'

const key = 'sluice.theme'
const chosen = signal<Theme>('system')
const painted = signal(0)

/** The choice. */
export const theme: ReadonlySignal<Theme> = chosen

/** Changes when the colours do: what is drawn by hand is drawn again. */
export const themeTurn: ReadonlySignal<number> = painted

const apply = (): void => {
  document.documentElement.dataset['theme'] = chosen.value
  painted.value += 1
}

/** Takes up the choice of last time, and follows the system. */
export const restoreTheme = (): void => {
  const stored = localStorage.getItem(key)
  chosen.value = stored === 'light' || stored === 'dark' ? stored : 'system'
  apply()
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply)
}

/** Chooses the next one: system, light, dark. */
export const turnTheme = (): void => {
  const next = { system: 'light', light: 'dark', dark: 'system' } as const
  chosen.value = next[chosen.value]
  localStorage.setItem(key, chosen.value)
  apply()
}
