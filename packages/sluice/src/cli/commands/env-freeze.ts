import { SluiceError } from '../../core/errors.ts'
import { isoTime } from '../../core/iso-time.ts'
import { type Command, type Input, textOption } from '../cli.ts'
import { door, reasonOf } from './door.ts'
import { freshKey, spanOption } from './follow.ts'

/** `sluice env freeze`. */
export const command: Command = (cli, input) => {
  const reason = reasonOf(input, 'env freeze')
  const begins = timeOption(input, 'from')
  const from = begins ?? Date.now()
  const span = textOption(input, 'for')
  if (span !== null && textOption(input, 'until') !== null)
    throw new SluiceError('usage_invalid', {
      detail: '--for and --until each say when it ends',
      hint: 'give one of them',
    })
  const until = span === null ? timeOption(input, 'until') : from + spanOption('--for', span)
  if (until === null)
    throw new SluiceError('usage_invalid', {
      detail: 'how long? --for or --until is missing',
      hint: 'sluice env freeze production --for 2h -m "why"',
    })
  return door(cli, input, {
    words: 'env freeze',
    said: ({ name }) =>
      begins !== null && begins > Date.now()
        ? `${name} will be frozen from ${isoTime(begins)} until ${isoTime(until)}; rollbacks pass`
        : `${name} is frozen until ${isoTime(until)}; rollbacks pass`,
    call: (client, environment) =>
      client.call('environments.freeze', {
        params: { environment },
        body: { reason, from, until },
        idempotencyKey: freshKey(),
      }),
  })
}

/** Parser of a moment: RFC 3339, or a date. What else a clock's parser would make a guess at (`5` is a day of 2001) is none. */
const timeOption = (input: Input, name: string): number | null => {
  const text = textOption(input, name)
  if (text === null) return null
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isFinite(at)) return at
  throw new SluiceError('usage_invalid', {
    detail: `--${name} ${text} is no time`,
    hint: `--${name} 2026-12-27T08:00Z`,
  })
}
