/** How bad a finding is, from the many ways in which tools say it. */
import type { Severity } from './types.ts'

/** From worst to best; what a threshold is compared with. */
export const severities = ['critical', 'high', 'medium', 'low', 'info'] as const

const words: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  blocker: 'critical',
  high: 'high',
  important: 'high',
  major: 'high',
  error: 'high',
  moderate: 'medium',
  medium: 'medium',
  warning: 'medium',
  minor: 'low',
  low: 'low',
  note: 'low',
  negligible: 'info',
  info: 'info',
  informational: 'info',
  none: 'info',
}

/** The severity that a tool's word means; `unknown` for any other. */
export const severityOfWord = (word: string | null): Severity => words[(word ?? '').trim().toLowerCase()] ?? 'unknown'

/**
 * The severity of a score from 0 to 10: above 9.0 critical, from 7.0 high, from 4.0 medium, above 0 low. Source: CVSS v3.1, *Qualitative Severity Rating
 * Scale* (9.0 is critical there, too), as GitHub reads `security-severity`.
 */
export const severityOfScore = (score: number): Severity =>
  score >= 9 ? 'critical' : score >= 7 ? 'high' : score >= 4 ? 'medium' : score > 0 ? 'low' : 'info'

/** Whether a severity is `threshold` or worse. What is unknown is. */
export const isAtLeast = (severity: Severity, threshold: Severity): boolean => rankOf(severity) <= rankOf(threshold)

/** 0 for the worst; `unknown` counts as that. */
export const rankOf = (severity: Severity): number => (severity === 'unknown' ? 0 : severities.indexOf(severity))

/**
 * Base score of a CVSS 3.0 or 3.1 vector, 0–10; null for any other text (of version 4 the score needs its lookup table, and advisories carry a number beside it).
 * Source: FIRST, CVSS v3.1 specification, section 7.1, June 2019.
 */
export const cvssScore = (vector: string): number | null => {
  if (!/^CVSS:3\.[01]\//.test(vector) || vector.length > 200) return null
  const metrics = new Map(
    vector.split('/').map((part) => [part.slice(0, part.indexOf(':')), part.slice(part.indexOf(':') + 1)]),
  )
  const isChanged = metrics.get('S') === 'C'
  const weight = (metric: string): number =>
    weights[`${metric}:${metrics.get(metric) ?? ''}${metric === 'PR' && isChanged ? ':C' : ''}`] ?? Number.NaN
  const impactBase = 1 - (1 - weight('C')) * (1 - weight('I')) * (1 - weight('A'))
  const impact = isChanged ? 7.52 * (impactBase - 0.029) - 3.25 * (impactBase - 0.02) ** 15 : 6.42 * impactBase
  const exploitability = 8.22 * weight('AV') * weight('AC') * weight('PR') * weight('UI')
  if (!Number.isFinite(impact + exploitability) || !/^[UC]$/.test(metrics.get('S') ?? '')) return null
  if (impact <= 0) return 0
  return roundUp(Math.min(10, isChanged ? 1.08 * (impact + exploitability) : impact + exploitability))
}

const weights: Readonly<Record<string, number>> = {
  'AV:N': 0.85,
  'AV:A': 0.62,
  'AV:L': 0.55,
  'AV:P': 0.2,
  'AC:L': 0.77,
  'AC:H': 0.44,
  'PR:N': 0.85,
  'PR:L': 0.62,
  'PR:H': 0.27,
  'PR:N:C': 0.85,
  'PR:L:C': 0.68,
  'PR:H:C': 0.5,
  'UI:N': 0.85,
  'UI:R': 0.62,
  'C:H': 0.56,
  'C:L': 0.22,
  'C:N': 0,
  'I:H': 0.56,
  'I:L': 0.22,
  'I:N': 0,
  'A:H': 0.56,
  'A:L': 0.22,
  'A:N': 0,
}

/** The specification's own rounding up to one decimal, safe against floating point (appendix A). */
const roundUp = (value: number): number => {
  const whole = Math.round(value * 100_000)
  return whole % 10_000 === 0 ? whole / 100_000 : (Math.floor(whole / 10_000) + 1) / 10
}
