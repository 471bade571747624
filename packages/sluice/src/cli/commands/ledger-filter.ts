/** Reading what rows of the ledger are meant. */
import { unitMs } from '../../core/config/units.ts'
import { SluiceError } from '../../core/errors.ts'
import { type AggregateKind, aggregateKinds } from '../../core/ledger/entry.ts'
import type { LedgerFilterInput } from '../../http/client/ledger-views.ts'
import { type Cli, type Input, textOption } from '../cli.ts'
import { parseSpan } from '../render/times.ts'

/** The filter that was typed. */
export const ledgerFilterOf = ({ globals }: Cli, input: Input): LedgerFilterInput => ({
  who: textOption(input, 'who') ?? undefined,
  what: textOption(input, 'what') ?? undefined,
  kind: kindOf(textOption(input, 'kind')),
  environment: globals.environment ?? undefined,
  from: momentOf(textOption(input, 'from'), '--from') ?? undefined,
  to: momentOf(textOption(input, 'to'), '--to') ?? undefined,
})

/** A moment that was typed, epoch ms: a date (UTC), a time, or a span for so long ago; null when nothing was. */
export const momentOf = (text: string | null, option: string): number | null => {
  if (text === null) return null
  const spanMs = parseSpan(text)
  if (spanMs !== null) return Date.now() - spanMs
  const at = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (!Number.isNaN(at)) return at
  throw new SluiceError('usage_invalid', {
    detail: `${option} ${text} is not a moment`,
    hint: `${option} 2026-11-01   ${option} 2026-11-01T08:00Z   ${option} 30d (so long ago; ${Object.keys(unitMs).join(', ')})`,
  })
}

/** The number of a row that was typed; null when nothing was. */
export const rowNumber = (text: string | null, option: string): number | null => {
  if (text === null) return null
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new SluiceError('usage_invalid', { detail: `${option}: ${text} is not a row number`, hint: 'for example 120' })
}

const kindOf = (text: string | null): AggregateKind | undefined => {
  if (text === null) return undefined
  const kind = aggregateKinds.find((known) => known === text)
  if (kind !== undefined) return kind
  throw new SluiceError('usage_invalid', {
    detail: `there is no ${JSON.stringify(text)} in the ledger`,
    hint: `--kind ${aggregateKinds.join(' | ')}`,
  })
}
