/** Secrets of one text, as findings. */
import type { Sha256 } from '../../model.ts'
import type { Finding } from '../scan.ts'
import { inlineAllowance } from './allow.ts'
import { maskedLine } from './excerpt.ts'
import { judgeCandidates } from './match.ts'
import type { Candidate, ScannedText } from './types.ts'

/** What a text holds. */
export type TextScan = {
  readonly findings: readonly Finding[]
  /** Findings that a comment on their own line allows. */
  readonly allowedInline: number
}

/** Findings of a text among its candidates. `now` (epoch ms) decides whether a comment that allows a line still does. */
export const findingsOf = (
  scanned: ScannedText,
  candidates: readonly Candidate[],
  world: { readonly now: number; readonly sha256: Sha256 },
): TextScan => {
  const { text, file, commit } = scanned
  const secrets = judgeCandidates(text, candidates)
  const findings = secrets.flatMap((candidate): readonly Finding[] => {
    const index = lineIndexOf(text, candidate.start)
    const line = scanned.lines[index] ?? null
    const allowance = inlineAllowance(text.split('\n', index + 1)[index] ?? '', `${file}:${line}`)
    if (allowance !== null && allowance.untilMs >= world.now) return []
    const late = allowance === null ? '' : ` The comment that allowed it has run out (${allowance.reason}).`
    return [
      {
        rule: candidate.rule,
        severity: candidate.severity,
        message: `This looks like ${candidate.what}. Revoke it where it was issued, then take it out of the history.${late}`,
        file,
        line,
        commit,
        excerpt: maskedLine(text, candidate.start, candidates),
        fingerprint: secretFingerprint(candidate.rule, text.slice(candidate.start, candidate.end), world.sha256),
        help: candidate.help,
      },
    ]
  })
  return { findings, allowedInline: secrets.length - findings.length }
}

/**
 * The same for the same secret, wherever it stands: 16 hex digits of SHA-256 over rule and secret. Who has it can try guesses at a weak password, so it
 * goes only where the repository itself may go.
 */
const secretFingerprint = (rule: string, secret: string, sha256: Sha256): string =>
  sha256(`${rule}\u0000${secret}`).slice(0, 16)

const lineIndexOf = (text: string, offset: number): number => {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) count += 1
  return count
}
