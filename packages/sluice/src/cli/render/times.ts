/** Moments and spans for people. */
import { spanOf } from '../../http/client/words.ts'

/** `00:03:12` from milliseconds. */
export const clockOf = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}

/** `3 min ago`, `just now`, with one unit. */
export const agoOf = (at: number, now: number): string => {
  const ms = now - at
  if (ms < 10_000) return 'just now'
  const coarse = ms < 60_000 ? 1_000 : ms < 3_600_000 ? 60_000 : ms < 86_400_000 ? 3_600_000 : 86_400_000
  return `${spanOf(Math.floor(ms / coarse) * coarse)} ago`
}

/** Milliseconds from `90s`, `15m`, `2h`, `1d` or plain seconds; null for any other text. */
export const parseSpan = (text: string): number | null => {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)?$/.exec(text.trim())
  if (match === null) return null
  const units: Readonly<Record<string, number>> = {
    ms: 1,
    s: 1_000,
    m: 60_000,
    min: 60_000,
    h: 3_600_000,
    d: 86_400_000,
  }
  return Number(match[1]) * (units[match[2] ?? 's'] ?? 1_000)
}
