/** Whether a text is a cron expression. Source: crontab(5); names and ranges as POSIX and the common implementations have them. */

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const nicknames = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@hourly'])

type Field = { readonly from: number; readonly to: number; readonly names: readonly string[] }

const fields: readonly Field[] = [
  { from: 0, to: 59, names: [] },
  { from: 0, to: 23, names: [] },
  { from: 1, to: 31, names: [] },
  { from: 1, to: 12, names: months },
  { from: 0, to: 7, names: weekdays },
]

/** Five fields (minute, hour, day, month, weekday) of numbers, names, ranges, steps and lists; or a nickname such as `@daily`. */
export const isCronExpression = (text: string): boolean => {
  if (nicknames.has(text)) return true
  const words = text.trim().split(/\s+/)
  return (
    words.length === fields.length &&
    fields.every((field, index) => words[index]?.split(',').every((part) => isPart(part, field)))
  )
}

const isPart = (part: string, field: Field): boolean => {
  const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? []
  if (step !== undefined && (Number(step) < 1 || Number(step) > field.to)) return false
  if (range === '*') return true
  const [first, last, ...rest] = range.split('-').map((word) => valueOf(word, field))
  if (first === undefined || Number.isNaN(first) || rest.length > 0) return false
  return last === undefined ? step === undefined : first <= last
}

/** NaN for what is no value of the field. */
const valueOf = (word: string, { from, to, names }: Field): number => {
  const named = names.indexOf(word.toUpperCase())
  const value = named >= 0 ? named + from : /^\d+$/.test(word) ? Number(word) : Number.NaN
  return value >= from && value <= to ? value : Number.NaN
}
