/** The line of a finding, for people to recognise and for nobody to use. */
import { limits } from '../../limits.ts'
import { entropyOf } from './entropy.ts'
import type { Candidate } from './types.ts'

const mask = '********'

/** What may be part of one token; a mask reaches to the ends of the token, because a rule may claim only its beginning. */
const tokenCharacter = /[\w+/=.~%$-]/

/** Runs that look random though no rule claimed them: on the line of a secret they are masked as well. */
const randomRun = /[\w+/=.~%-]{16,}/g

/**
 * The line at `offset` with all candidates masked whole, whether they were judged secrets or not, and cut to the width of evidence. Of a provider's token at most
 * the first four characters stay, which are its public prefix.
 */
export const maskedLine = (text: string, offset: number, candidates: readonly Candidate[]): string => {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const newline = text.indexOf('\n', offset)
  const end = newline === -1 ? text.length : newline
  let masked = ''
  let at = start
  for (const span of spansOf(text, candidates)) {
    if (span.end <= at || span.start >= end) continue
    masked += text.slice(at, Math.max(at, span.start)) + (span.start >= start ? span.shown : '') + mask
    at = Math.min(span.end, end)
  }
  masked += text.slice(at, end)
  return cut(masked.replaceAll(randomRun, (run) => (entropyOf(run) > 3.5 && /\d/.test(run) ? mask : run)).trim())
}

type Span = { readonly start: number; readonly end: number; readonly shown: string }

const spansOf = (text: string, candidates: readonly Candidate[]): readonly Span[] =>
  candidates
    .map((candidate) => {
      let { start, end } = candidate
      while (start > 0 && tokenCharacter.test(text[start - 1] ?? '') && text[start - 1] !== '=') start -= 1
      while (end < text.length && tokenCharacter.test(text[end] ?? '')) end += 1
      const prefix = /^(?=[A-Za-z]{0,3}[_-]|[A-Z]{4})[A-Za-z_-]{4}/.exec(text.slice(candidate.start, end))?.[0] ?? ''
      const isPrefixed = end - candidate.start >= 24 && start === candidate.start
      return { start, end, shown: isPrefixed ? prefix : '' }
    })
    .toSorted((a, b) => a.start - b.start || b.end - a.end)

const cut = (line: string): string => {
  if (line.length <= limits.evidenceLineMax) return line
  const from = Math.max(0, Math.min(line.indexOf(mask) - 40, line.length - limits.evidenceLineMax))
  return `${from > 0 ? '…' : ''}${line.slice(from, from + limits.evidenceLineMax - 2)}…`
}
