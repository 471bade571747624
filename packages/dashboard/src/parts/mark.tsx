/** States and small glyphs. */
import type { VNode } from 'preact'
import type { Told, Tone } from '../words.ts'

const paths: Readonly<Record<Tone, string>> = {
  good: 'M3.2 8.4l3 3 6.4-6.8',
  live: 'M8 4.2v3.8l2.6 1.6',
  warn: 'M8 4.6v4.2M8 11.4v.1',
  bad: 'M4.8 4.8l6.4 6.4M11.2 4.8l-6.4 6.4',
  calm: 'M5 8h6',
}

/** The glyph of a tone; whoever shows it says the word beside it. */
export const Glyph = ({ tone }: { readonly tone: Tone }): VNode => (
  <svg class={`glyph ${tone}`} viewBox="0 0 16 16" aria-hidden="true">
    <circle cx="8" cy="8" r="7" />
    <path d={paths[tone]} />
  </svg>
)

/** A state: glyph, word, colour. */
export const Mark = ({ told }: { readonly told: Told }): VNode => (
  <span class={`mark ${told.tone}`}>
    <Glyph tone={told.tone} />
    {told.word}
  </span>
)
