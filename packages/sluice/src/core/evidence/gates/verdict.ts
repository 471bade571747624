/** Makes verdicts: the same rules for every gate about what cannot be known, and about what is excused. */
import { canonicalJson } from '../../canonical-json.ts'
import { isoTime } from '../../iso-time.ts'
import { limits } from '../../limits.ts'
import { digest, type Digest, type Sha256 } from '../../model.ts'
import { type Baseline } from '../baseline.ts'
import { type CollectedReport, sourcesOf, troublesOf } from '../collected.ts'
import type { ChangedLines } from '../coverage.ts'
import { told } from '../told.ts'
import type { EvidenceKind } from '../types.ts'
import type { GateDetail, GateKind, GateUnit, GateVerdict, ReviewRecord, Waiver } from './types.ts'

/** Everything that gates look at. */
export type GateInput = {
  readonly reports: readonly CollectedReport[]
  /** What the base commit came to; null when there is none, or it never ran. */
  readonly base: Baseline | null
  /** What changed since the base commit; null when that is not known. */
  readonly changed: ChangedLines | null
  readonly jobs: readonly JobTime[]
  /** From the run's start until its last job ended; null while it runs. */
  readonly totalMs: number | null
  /** Null: they are not known. */
  readonly reviews: readonly ReviewRecord[] | null
  /** Why they are not; absent where there is nowhere to ask. */
  readonly whyNoReviews?: string
  readonly commit: { readonly id: string; readonly author: string }
  /** Now, epoch ms: what excuses expire against. */
  readonly at: number
  readonly sha256: Sha256
}

/** How long a job took, all attempts and steps; 0 for one that its own condition skipped. One that is not told of is not known. */
export type JobTime = { readonly job: string; readonly durationMs: number }

/** What a gate found out. */
export type Judged = {
  readonly gate: string
  readonly kind: GateKind
  readonly isMet: boolean
  readonly sentence: string
  readonly unit: GateUnit
  readonly measured?: number | null
  readonly threshold?: number | null
  readonly bound?: 'at_least' | 'at_most' | null
  readonly base?: number | null
  readonly details?: readonly GateDetail[]
  /** Excuses that hold and were needed; with any, a gate that is met is `waived`. */
  readonly excuses?: number
  readonly waiver: Waiver | null
  /** Kinds of evidence that it rests on. */
  readonly evidence: readonly EvidenceKind[]
}

/** A verdict of what was found out. Troubles of the evidence make it `broken`, unless it is not met anyway: a failure is certain, a success is not. */
export const verdictOf = (judged: Judged, input: GateInput): GateVerdict => {
  const troubles = judged.evidence.flatMap((kind) => troublesOf(input.reports, kind))
  const { waiver, isMet, sentence } = judged
  const isWaived = !isMet && waiver !== null && holds(waiver, input.at)
  if (!isMet && !isWaived) {
    const over = waiver === null ? '' : `; the waiver ended on ${day(waiver.until)}`
    return made(judged, input, { status: 'fail', sentence: `${sentence}${over}` })
  }
  if (troubles.length > 0) return broken(judged, input, troubles)
  if (isWaived && waiver !== null) {
    const excuse = `; waived until ${day(waiver.until)}: ${waiver.reason}`
    return made(judged, input, { status: 'waived', sentence: `${sentence}${excuse}` })
  }
  return made(judged, input, { status: (judged.excuses ?? 0) > 0 ? 'waived' : 'pass', sentence })
}

/** The verdict of a gate that cannot tell, with the reasons why. No waiver helps: what nobody knows, nobody can accept. */
export const brokenVerdict = (
  judged: Omit<Judged, 'isMet' | 'sentence'>,
  input: GateInput,
  reason: string,
): GateVerdict => {
  const troubles = judged.evidence.flatMap((kind) => troublesOf(input.reports, kind))
  return broken({ ...judged, isMet: false, sentence: reason }, input, troubles.length > 0 ? troubles : [reason])
}

const broken = (judged: Judged, input: GateInput, troubles: readonly string[]): GateVerdict => {
  const [first = 'there is no evidence'] = troubles
  const more = troubles.length === 1 ? '' : ` (and ${troubles.length - 1} more)`
  const details = troubles.map((text): GateDetail => ({ text, file: null, line: null, excusedBy: null }))
  return made({ ...judged, details: [...details, ...(judged.details ?? [])] }, input, {
    status: 'broken',
    sentence: `cannot tell: ${first}${more}`,
  })
}

const made = (
  judged: Judged,
  input: GateInput,
  { status, sentence }: Pick<GateVerdict, 'status' | 'sentence'>,
): GateVerdict => {
  const sources = judged.evidence.flatMap((kind) => sourcesOf(input.reports, kind))
  const details = judged.details ?? []
  return {
    gate: judged.gate,
    kind: judged.kind,
    status,
    sentence: told(sentence, limits.reportNameMax),
    measured: judged.measured ?? null,
    threshold: judged.threshold ?? null,
    bound: judged.bound ?? null,
    unit: judged.unit,
    base: judged.base ?? null,
    // What counts before what is excused.
    details: [
      ...details.filter(({ excusedBy }) => excusedBy === null),
      ...details.filter(({ excusedBy }) => excusedBy !== null),
    ]
      .slice(0, limits.gateDetailsMax)
      .map(bounded),
    detailsTotal: details.length,
    evidence: digestOf(
      sources.map((source) => source.digest),
      input.sha256,
    ),
    reports: [...new Set(sources.map(({ path }) => path))].slice(0, limits.gateDetailsMax),
  }
}

const bounded = (detail: GateDetail): GateDetail => ({ ...detail, text: told(detail.text, limits.gateTextMax) })

const digestOf = (digests: readonly Digest[], sha256: Sha256): Digest | null =>
  digests.length === 0 ? null : digest(`sha256:${sha256(canonicalJson(digests))}`)

/** Whether an excuse still holds. */
export const holds = ({ until }: Waiver, at: number): boolean => at < until

/** The day of a moment, for sentences. */
export const day = (at: number): string => isoTime(at).slice(0, 10)

/** What an excuse says with a detail that it excuses. */
export const excuseText = ({ reason, until }: Waiver): string =>
  told(`${reason} (until ${day(until)})`, limits.gateTextMax)

/** `1 test`, `2 tests`. */
export const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`
