/** Durations as GitLab reads them (the Ruby gem `chronic_duration`): `90`, `1h 30m`, `3 mins 4 sec`, `2 weeks and 1 day`, `1:30:00`. */

const second = 1_000
const day = 86_400 * second

/** A year is 365.25 days and a month a twelfth of it, as the gem has it for GitLab (30 days a month there, which GitLab sets). */
const units: ReadonlyMap<string, number> = new Map([
  ...names(['second', 'seconds', 'sec', 'secs', 's'], second),
  ...names(['minute', 'minutes', 'min', 'mins', 'm'], 60 * second),
  ...names(['hour', 'hours', 'hr', 'hrs', 'h'], 3_600 * second),
  ...names(['day', 'days', 'dy', 'dys', 'd'], day),
  ...names(['week', 'weeks', 'wk', 'wks', 'w'], 7 * day),
  ...names(['month', 'months', 'mo', 'mos', 'mon', 'mons'], 30 * day),
  ...names(['year', 'years', 'yr', 'yrs', 'y'], 365.25 * day),
])

function names(words: readonly string[], ms: number): readonly (readonly [string, number])[] {
  return words.map((word) => [word, ms] as const)
}

/** Milliseconds of a duration; null when it is none. A number alone is in seconds. */
export const durationMs = (text: string): number | null => {
  const clock = /^(?:(\d+):)?(\d+):(\d+)$/.exec(text.trim())
  if (clock !== null) {
    const [, hours = '0', minutes, seconds] = clock
    return (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * second
  }
  const rest = text.toLowerCase().replaceAll(/\band\b|,/g, ' ')
  let total = 0
  let end = 0
  let count = 0
  for (const match of rest.matchAll(/\s*(\d+(?:\.\d+)?)\s*([a-z]*)/g)) {
    const [whole, amount, unit = ''] = match
    const ms = unit === '' ? second : units.get(unit)
    if (match.index !== end || ms === undefined) return null
    total += Number(amount) * ms
    end = match.index + whole.length
    count += 1
  }
  return count > 0 && rest.slice(end).trim() === '' ? Math.round(total) : null
}
