/** Options that lists have in common. */
import type { OptionWord } from '../words.ts'

/** How many, and from where on. */
export const paging: readonly OptionWord[] = [
  { flags: '--limit <count>', text: 'how many (20)' },
  { flags: '--cursor <cursor>', text: 'go on where a page ended' },
]

/** When it began. */
export const begun: readonly OptionWord[] = [
  { flags: '--from <moment>', text: 'begun then or later: 2026-11-01, 2026-11-01T08:00Z, or 30d for so long ago' },
  { flags: '--to <moment>', text: 'begun before then' },
]

/** A closed choice. */
export const choice = (name: string, values: readonly string[], text: string): OptionWord => ({
  flags: `--${name} <${name}>`,
  text: `${text}: ${values.join(', ')}`,
})
