/** Judges a run's gates: gathers what they look at, and leaves the numbers of a commit that passed for the commits after it. */
import { type Baseline, baselineOf } from '../../core/evidence/baseline.ts'
import type { CollectedReport } from '../../core/evidence/collected.ts'
import type { ChangedLines } from '../../core/evidence/coverage.ts'
import { parseDiff } from '../../core/evidence/diff.ts'
import { judgeGates, mayPass } from '../../core/evidence/gates/judge.ts'
import type { GateSettings, GateVerdict } from '../../core/evidence/gates/types.ts'
import type { GateInput, JobTime } from '../../core/evidence/gates/verdict.ts'
import { limits } from '../../core/limits.ts'
import type { Commit } from '../../core/model.ts'
import { jobAt } from '../../core/pipeline/board.ts'
import type { JobEvidence, JobState } from '../../core/pipeline/types.ts'
import type { Source } from '../../ports/source.ts'
import type { Ports } from '../ports.ts'
import type { Run } from '../trusted.ts'

type World = Pick<Ports, 'clock' | 'evidence' | 'reviews' | 'sha256' | 'source'>

/** What the gates of a run are judged by. */
export type Judging = {
  readonly run: Run
  readonly settings: GateSettings
  readonly evidence: readonly JobEvidence[]
}

/** The verdicts over the evidence of all jobs. Safe to repeat. Rejects as the ports do; the run's gates are then broken. */
export const judgeRun = async (
  world: World,
  { run, settings, evidence }: Judging,
  signal: AbortSignal,
): Promise<readonly GateVerdict[]> => {
  const { commit } = run.plan
  const reports = await reportsOf(world, evidence)
  const { base, baseline } = await baseOf(world, commit.id, signal)
  const verdicts = judgeGates(settings, {
    reports,
    base: baseline,
    changed: base === null || !wantsChanges(settings) ? null : await changesOf(world, { base, commit }, signal),
    jobs: jobTimes(run),
    totalMs: totalOf(run),
    ...(await reviewsOf(world, { settings, commit }, signal)),
    commit,
    at: world.clock.now(),
    sha256: world.sha256,
  })
  // A commit that its gates refused is no measure for later ones: what it lost would be lost for good.
  if (mayPass(verdicts)) await world.evidence.keepBaseline(baselineOf(commit.id, reports))
  return verdicts
}

/** Who reviewed the commit; nobody is asked where no gate wants to know. */
const reviewsOf = async (
  { reviews }: Pick<Ports, 'reviews'>,
  { settings, commit }: { readonly settings: GateSettings; readonly commit: Commit },
  signal: AbortSignal,
): Promise<Pick<GateInput, 'reviews' | 'whyNoReviews'>> => {
  if (settings.reviews === null) return { reviews: null }
  const answer = await reviews.of(commit.id, signal)
  return answer.status === 'known' ? { reviews: answer.reviews } : { reviews: null, whyNoReviews: answer.why }
}

/** Keeps the numbers of a run that no gate judges. */
export const keepNumbers = async (world: Pick<Ports, 'evidence'>, run: Run): Promise<void> => {
  const reports = await reportsOf(world, evidenceOf(run))
  if (reports.length > 0) await world.evidence.keepBaseline(baselineOf(run.plan.commit.id, reports))
}

/** Reports of all jobs, in the order of the jobs. */
export const reportsOf = async (
  { evidence }: Pick<Ports, 'evidence'>,
  kept: readonly JobEvidence[],
): Promise<readonly CollectedReport[]> => {
  const all: CollectedReport[] = []
  for (const { digest } of kept) all.push(...(await evidence.read(digest)))
  return all
}

/** The commit that a commit is compared with, and the numbers of the nearest one from there back that passed its gates. */
export type Base = { readonly base: Commit['id'] | null; readonly baseline: Baseline | null }

/** See `Base`; null for what there is not. */
export const baseOf = async (
  { evidence, source }: Pick<Ports, 'evidence'> & { readonly source: Pick<Source, 'bases'> },
  commit: Commit['id'],
  signal: AbortSignal,
): Promise<Base> => {
  const bases = await source.bases(commit, limits.baseCommitsMax, signal)
  for (const one of bases) {
    const baseline = await evidence.baseline(one)
    if (baseline !== null) return { base: bases[0] ?? null, baseline }
  }
  return { base: bases[0] ?? null, baseline: null }
}

/** Evidence of the jobs of a run, in their order. */
export const evidenceOf = (run: Run): readonly JobEvidence[] =>
  run.jobs.flatMap((job, index) =>
    'evidence' in job && job.evidence !== null ? [{ job: jobAt(run, index).name, digest: job.evidence }] : [],
  )

const wantsChanges = ({ coverage }: GateSettings): boolean =>
  coverage !== null && [coverage, ...coverage.paths].some(({ changedLinesBp }) => changedLinesBp !== null)

const changesOf = async (
  { source }: World,
  { base, commit }: { readonly base: Commit['id']; readonly commit: Commit },
  signal: AbortSignal,
): Promise<ChangedLines> => parseDiff(await source.diff(base, commit.id, signal))

/** All executions of a job count: people wait for them all. */
const jobTimes = (run: Run): readonly JobTime[] =>
  run.jobs.flatMap((job, index) => {
    const durationMs = durationOf(job)
    return durationMs === null ? [] : [{ job: jobAt(run, index).name, durationMs }]
  })

const durationOf = (job: JobState): number | null => {
  if (job.status === 'skipped') return job.because.kind === 'condition' ? 0 : null
  if (job.status !== 'succeeded' && job.status !== 'failed') return null
  const spans = [...job.past, job].map(({ startedAt, finishedAt }) => finishedAt - startedAt)
  return spans.reduce((sum, ms) => sum + ms, 0)
}

const totalOf = (run: Run): number =>
  run.jobs.reduce((last, job) => Math.max(last, 'finishedAt' in job ? job.finishedAt : run.startedAt), run.startedAt) -
  run.startedAt
