/** Numbers and spans as people read them. */

/** `5 %`, `0.25 %`, `100 %` from hundredths of a percent. */
export const percentOf = (shareBp: number): string => `${Number((shareBp / 100).toFixed(2))} %`

/** `350 ms`, `2.5 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h` from milliseconds. */
export const spanOf = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  const seconds = ms / 1_000
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 1 : 0))} s`
  const whole = Math.round(seconds)
  const [days, hours, minutes] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3_600) % 24,
    Math.floor(whole / 60) % 60,
  ]
  if (days > 0) return hours === 0 ? `${days} d` : `${days} d ${hours} h`
  if (hours > 0) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`
  return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`
}

/** `1 unit`, `2 units`. */
export const countOf = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

/** `hotfix`, `hotfix, makes good rol_1, rol_2`. */
export const hotfixText = ({ remediates }: { readonly remediates: readonly string[] }): string =>
  remediates.length === 0 ? 'hotfix' : `hotfix, makes good ${remediates.join(', ')}`

/** `12 of 40 units bad (30.00 %)`. */
export const badOf = ({ units, badUnits }: { readonly units: number; readonly badUnits: number }): string =>
  units === 0 ? 'nothing measured' : `${badUnits} of ${units} bad (${((100 * badUnits) / units).toFixed(2)} %)`

/** An e-value from its natural log, with at most three digits: `0.42`, `37`, `1.2e9`. */
export const evidenceOf = (logE: number): string => {
  const value = Math.exp(logE)
  if (!Number.isFinite(value)) return `e^${Math.round(logE)}`
  if (value >= 10_000) return value.toExponential(1).replace('e+', 'e')
  return value >= 10 ? String(Math.round(value)) : value.toPrecision(2)
}
