/** Candidates of a text by the rule table, and what is left of all candidates once values are looked at. */
import { entropyOf } from './entropy.ts'
import { genericCandidates, genericKeywords } from './generic.ts'
import { isPlaceholder } from './placeholder.ts'
import { secretRules } from './rules.ts'
import type { Candidate, SecretRule } from './types.ts'

/**
 * Whether a text may hold a secret of any of these keywords: one pass over it, so that the patterns need not run on the thousands of files that have none.
 * `lowered` is the text in lower case.
 */
export const holdsKeyword = (lowered: string, keywords: readonly string[]): boolean =>
  keywords.some((keyword) => lowered.includes(keyword))

/** Places that one of the rules of the table, or the rule without a provider, takes for a secret. */
export const findCandidates = (file: string, text: string, lowered: string): readonly Candidate[] => [
  ...secretRules.flatMap((rule) => (holdsKeyword(lowered, rule.keywords) ? ofRule(rule, text) : [])),
  ...(holdsKeyword(lowered, genericKeywords) ? genericCandidates(file, text) : []),
]

const ofRule = (rule: SecretRule, text: string): readonly Candidate[] =>
  [...text.matchAll(rule.pattern)].flatMap((match) => {
    const secret = match[1] ?? match[0]
    if (rule.entropyMin > 0 && entropyOf(secret) < rule.entropyMin) return []
    const start = match.index + match[0].lastIndexOf(secret)
    return [
      { rule: rule.id, what: rule.what, severity: rule.severity, start, end: start + secret.length, help: rule.source },
    ]
  })

/**
 * The candidates that are secrets: no placeholders, and each character under one rule only. Earlier candidates name what later ones claim as well, so that
 * the rule without a provider comes last.
 */
export const judgeCandidates = (text: string, candidates: readonly Candidate[]): readonly Candidate[] => {
  const kept: Candidate[] = []
  for (const candidate of candidates) {
    if (isPlaceholder(text.slice(candidate.start, candidate.end))) continue
    if (!kept.some((one) => one.start < candidate.end && candidate.start < one.end)) kept.push(candidate)
  }
  return kept.toSorted((a, b) => a.start - b.start)
}
