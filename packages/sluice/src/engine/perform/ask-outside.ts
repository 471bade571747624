/** Asks who is to be asked from outside at this look. Whatever goes wrong is told as silence, never as an answer: the machine judges silence. */
import { SluiceError } from '../../core/errors.ts'
import { dueQuestions } from '../../core/judge/outside/due.ts'
import type { ArmLabels } from '../../core/judge/outside/labels.ts'
import type { ExternalReading, MetricReading, OutsideReadings } from '../../core/judge/outside/types.ts'
import type { Release, ReleaseId } from '../../core/model.ts'
import { stepName } from '../../core/rollout/effects.ts'
import type { RolloutState } from '../../core/rollout/types.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ExternalJudge, MetricSource } from '../../ports/metrics.ts'
import type { SecretSource } from '../../ports/secrets.ts'

/** What asking needs. */
export type OutsideWorld = {
  readonly clock: Pick<Clock, 'now'>
  readonly metrics: Pick<MetricSource, 'sample'>
  readonly externalJudge: ExternalJudge
  readonly secrets: SecretSource
  readonly release: (id: ReleaseId) => Promise<Release>
}

type Known = Exclude<RolloutState, { status: 'absent' }>

/** What was answered; null when nobody was due. Never rejects. */
export const askOutside = async (
  world: OutsideWorld,
  state: Known,
  signal: AbortSignal,
): Promise<OutsideReadings | null> => {
  const due = dueQuestions(state.outside, state.plan.spec, world.clock.now())
  if (due.metrics.length === 0 && !due.external) return null
  const [metrics, external] = await Promise.all([
    readMetrics(world, { state, names: due.metrics }, signal),
    due.external ? readExternal(world, state, signal) : null,
  ])
  return { metrics, external }
}

const readMetrics = async (
  world: OutsideWorld,
  { state, names }: { readonly state: Known; readonly names: readonly string[] },
  signal: AbortSignal,
): Promise<readonly MetricReading[]> => {
  const source = state.plan.spec.metrics
  if (source === undefined || names.length === 0) return []
  const silent = (metric: string, error: unknown): MetricReading => ({ kind: 'silent', metric, detail: wordsOf(error) })
  try {
    const authorization = await headerOf(world, source, signal)
    const arms = await armsOf(world, state)
    return await Promise.all(
      source.metrics
        .filter(({ name }) => names.includes(name))
        .map(async (metric): Promise<MetricReading> => {
          try {
            const sample = await world.metrics.sample({ source, metric, arms, authorization }, signal)
            return { kind: 'counted', metric: metric.name, ...sample }
          } catch (error) {
            return silent(metric.name, error)
          }
        }),
    )
  } catch (error) {
    return names.map((name) => silent(name, error))
  }
}

const readExternal = async (world: OutsideWorld, state: Known, signal: AbortSignal): Promise<ExternalReading> => {
  const { plan, id } = state
  const judge = plan.spec.externalJudge
  if (judge === undefined) return { kind: 'silent', detail: 'there is none' }
  try {
    const answer = await world.externalJudge.evaluate(
      {
        judge,
        authorization: await headerOf(world, judge, signal),
        service: plan.service,
        environment: plan.spec.name,
        rollout: id,
        step: stepOf(state),
        candidate: plan.to,
        stable: plan.from,
        shareBp: shareOf(state),
      },
      signal,
    )
    return { kind: 'answered', ...answer }
  } catch (error) {
    return { kind: 'silent', detail: wordsOf(error) }
  }
}

type Asked = {
  readonly authorization: string | null
  readonly secretVersions: Readonly<Record<string, string>>
}

/** The Authorization header that a source wants; null when it wants none. `not_found`. */
export const headerOf = async (
  world: Pick<OutsideWorld, 'secrets'>,
  { authorization, secretVersions }: Asked,
  signal: AbortSignal,
): Promise<string | null> => {
  if (authorization === null) return null
  const value = (await world.secrets.values(secretVersions, signal))[authorization]
  if (value !== undefined) return value
  throw new SluiceError('not_found', { detail: `the secret ${authorization} has no value at the release's version` })
}

const armsOf = async (
  world: OutsideWorld,
  { plan }: Known,
): Promise<{ readonly candidate: ArmLabels; readonly stable: ArmLabels | null }> => {
  const labels = async (id: ReleaseId, arm: string): Promise<ArmLabels> => {
    const { content } = await world.release(id)
    const { version, commit } = content
    return { service: plan.service, environment: plan.spec.name, release: id, version, commit: commit.id, arm }
  }
  return {
    candidate: await labels(plan.to, 'candidate'),
    stable: plan.from === null ? null : await labels(plan.from, 'stable'),
  }
}

/** Where the rollout stands: the number of the step, and its name. */
const stepOf = (state: Known): string => {
  if (state.status !== 'advancing') return state.status
  const step = state.plan.steps[state.index]
  return `${state.index}/${step === undefined ? 'end' : stepName(step)}`
}

/** The candidate's share as the last shift before the step says. */
const shareOf = (state: Known): number => {
  if (state.status !== 'advancing') return 0
  const shift = state.plan.steps.slice(0, state.index).findLast((step) => step.kind === 'shift')
  return shift?.kind === 'shift' ? (shift.shares.find(({ release }) => release === state.plan.to)?.shareBp ?? 0) : 0
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
