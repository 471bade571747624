/** The gate over reviews. */
import type { GateDetail, GateVerdict, ReviewRecord, ReviewsGate } from './types.ts'
import { brokenVerdict, counted, type GateInput, verdictOf } from './verdict.ts'

/**
 * Judges the newest review of each person. Only approvals of exactly this commit count, not the author's own; one who asked for changes stops it until the same
 * person approves or takes it back.
 */
export const judgeReviews = (gate: ReviewsGate, input: GateInput): GateVerdict => {
  const common = {
    gate: 'reviews',
    kind: 'reviews',
    unit: 'reviews',
    threshold: gate.approvals,
    bound: 'at_least',
    waiver: gate.waiver,
    evidence: [],
  } as const
  if (input.reviews === null)
    return brokenVerdict(common, input, input.whyNoReviews ?? 'there is nowhere to ask who reviewed the commit')
  const newest = newestOf(input.reviews)
  const mayApprove = ({ by }: ReviewRecord): boolean =>
    by !== input.commit.author && (gate.from.length === 0 || gate.from.includes(by))
  const approved = newest.filter(
    (review) => review.verdict === 'approved' && review.commit === input.commit.id && mayApprove(review),
  )
  const against = newest.filter(({ verdict }) => verdict === 'changes_requested')
  const stale = newest.filter(
    (review) => review.verdict === 'approved' && review.commit !== input.commit.id && mayApprove(review),
  )
  const details = [
    ...against.map(({ by }): GateDetail => ({
      text: `${by} asked for changes`,
      file: null,
      line: null,
      excusedBy: null,
    })),
    ...stale.map(({ by, commit }): GateDetail => ({
      text: `${by} approved ${commit.slice(0, 12)}, not this commit`,
      file: null,
      line: null,
      excusedBy: null,
    })),
  ]
  const sentence = `${counted(approved.length, 'approval')} of this commit, at least ${gate.approvals} wanted${against.length === 0 ? '' : `; ${against.map(({ by }) => by).join(', ')} asked for changes`}`
  return verdictOf(
    {
      ...common,
      isMet: approved.length >= gate.approvals && against.length === 0,
      sentence,
      measured: approved.length,
      details,
    },
    input,
  )
}

/** A comment says nothing about an earlier approval. */
const newestOf = (reviews: readonly ReviewRecord[]): readonly ReviewRecord[] => {
  const byPerson = new Map<string, ReviewRecord>()
  for (const review of reviews.filter(({ verdict }) => verdict !== 'commented').toSorted((a, b) => a.at - b.at))
    byPerson.set(review.by, review)
  return [...byPerson.values()]
}
