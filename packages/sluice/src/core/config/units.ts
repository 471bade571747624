/** Durations and shares: text in the config, milliseconds and basis points inside. */

/** Milliseconds of each unit of time. */
export const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** The form of a duration. */
export const durationForm: RegExp = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

/** The form of a share: at most 100, at most two decimals. */
export const shareForm: RegExp = /^(100(?:\.0{1,2})?|\d{1,2}(?:\.\d{1,2})?)%$/

/** Milliseconds of a duration such as `'1.5s'`, rounded; null when the text is none. */
export const parseDuration = (text: string): number | null => {
  const found = durationForm.exec(text)
  if (found === null) return null
  const [, amount = '', unit = ''] = found
  const ms = Object.entries(unitMs).find(([name]) => name === unit)?.[1] ?? 0
  return Math.round(Number(amount) * ms)
}

/** Basis points (0–10 000) of a share such as `'0.25%'`; null when the text is none. */
export const parseShare = (text: string): number | null => {
  const found = shareForm.exec(text)
  return found === null ? null : Math.round(Number(found[1]) * 100)
}

/** A duration as a person writes it: the largest unit that divides it, for instance `90000` → `'90s'`. */
export const renderDuration = (ms: number): string => {
  const unit =
    (['d', 'h', 'm', 's'] as const).find((name) => ms !== 0 && ms % unitMs[name] === 0) ?? (ms === 0 ? 's' : 'ms')
  return `${ms / unitMs[unit]}${unit}`
}

/** Basis points as a person writes them, for instance `25` → `'0.25%'`. */
export const renderShare = (shareBp: number): string => `${shareBp / 100}%`
