/** What a command to start a rollout means: which release, whether it is a way back, and what was done to the database since that release served. */
import type { Override } from '../../core/admission.ts'
import type { EnvironmentState } from '../../core/environment.ts'
import { SluiceError } from '../../core/errors.ts'
import type { EnvironmentSpec, Release, ReleaseId } from '../../core/model.ts'
import type { DrillWay } from '../../core/promotion.ts'
import { contractsBeyond } from '../../core/point-of-no-return.ts'
import { isInWindow, predecessors, rollbackTarget } from '../../core/rollback-targets.ts'
import { specOf } from '../../core/rollout/plan.ts'
import type { Hotfix, Purpose } from '../../core/rollout/types.ts'
import type { DeployCommand } from '../commands/deploy.ts'
import type { Desk } from '../desk.ts'
import { type Governed, governedBy } from './governance.ts'
import { checkRemediated } from './hotfixes.ts'
import { knownDrill } from './live-drill.ts'
import type { Reading } from '../reading/reading.ts'
import { type Replaced, replacedBy } from './replacing.ts'

/** A release that is to serve an environment, with everything that was read about it. */
export type Wanted = {
  readonly service: string
  readonly environment: string
  /** `rollback` also for a release inside the rollback window that somebody asked to deploy. */
  readonly purpose: Purpose
  readonly release: Release
  readonly spec: EnvironmentSpec
  /** The environment when this was read. */
  readonly current: EnvironmentState
  readonly serving: Release | null
  /** Whose place it takes, or why it may not; null when nobody makes way. */
  readonly replaced: Replaced | null
  /** Contract migrations since the release served that it does not know. */
  readonly contracts: readonly string[]
  readonly overrides: readonly Override[]
  /** Why somebody goes past what people have put in the way; absent for nobody. */
  readonly glass?: { readonly reason: string }
  /** Null for a way back. */
  readonly governed: Governed | null
  /** See `AdmissionInput.emergency`. */
  readonly emergency?: 'declared'
  readonly drill?: DrillWay
  readonly hotfix?: Hotfix
}

/** Reads everything that decides about a command. `not_found`, `config_invalid`, `usage_invalid`. */
export const wantedBy = async (desk: Desk, command: DeployCommand): Promise<Wanted> => {
  await checkRemediated(desk.reading, command)
  return wantedOf(desk, command, await chooseRelease(desk, command))
}

/** The same for a release that is known. */
export const wantedOf = async (
  desk: Pick<Desk, 'reading' | 'clock' | 'calendar' | 'metrics' | 'secrets'>,
  command: Omit<DeployCommand, 'release'>,
  release: Release,
): Promise<Wanted> => {
  const { service, environment, overrides = [], emergency, glass, drill, hotfix } = command
  const { reading, clock } = desk
  const spec = specOf(release, environment)
  const current = await reading.environment(service, environment)
  const serving = current.serving === null ? null : await reading.release(current.serving)
  const window = serving?.content.environments.find(({ name }) => name === environment)?.rollback?.window
  // Nothing that goes on by itself takes an old release for a way back: a job of an old run would undo what came after it.
  const mayReturn = command.initiator === undefined && window !== undefined
  const isReturn = mayReturn && isInWindow(current, window, { release: release.id, now: clock.now() })
  const purpose = isReturn ? 'rollback' : command.purpose
  const contracts = contractsBeyond(release, await appliedSince(reading, current, { release, from: serving }))
  const replaced = await replacedBy(reading, current, { purpose, release, spec, replace: command.replace })
  // Nothing of it may stand in the way of a way back, not even that it cannot be read.
  const governed = purpose === 'rollback' ? null : await governedBy(desk, { release, spec, serving })
  const read = { service, environment, purpose, release, spec, current, serving, replaced, contracts, overrides }
  return {
    ...read,
    governed,
    ...(emergency === undefined ? {} : { emergency }),
    ...(glass === undefined ? {} : { glass }),
    ...(drill === undefined ? {} : { drill }),
    ...(hotfix === undefined ? {} : { hotfix }),
  }
}

/** The newest predecessors of an environment that are held. */
export const heldPredecessors = async (
  { reading }: Desk,
  current: EnvironmentState,
): Promise<ReadonlySet<ReleaseId>> => {
  const ids = predecessors(current).map(({ release }) => release)
  const held = await Promise.all(ids.map(async (id) => ((await reading.hold(id)) === null ? [] : [id])))
  return new Set(held.flat())
}

/**
 * Releases whose migrations ran since this one served: those that came in after it, also the ones that came back, for a migration does not come back with its release. A release that
 * never served here and is older than what serves is held against that one; a newer one brings its own.
 */
const appliedSince = async (
  reading: Reading,
  { history }: EnvironmentState,
  { release, from }: { readonly release: Release; readonly from: Release | null },
): Promise<readonly Release[]> => {
  const served = history.findIndex((passage) => passage.release === release.id && passage.outcome === 'succeeded')
  if (served < 0) return from !== null && release.cutAt < from.cutAt ? [from] : []
  const since = [...new Set(history.slice(0, served).map((passage) => passage.release))]
  return Promise.all(since.map((id) => reading.release(id)))
}

/** What "deploy", "promote" and "roll back" mean when no release is named. */
export const chooseRelease = async (desk: Desk, command: DeployCommand): Promise<Release> => {
  const { reading } = desk
  const { service, environment, purpose, release } = command
  if (release !== null) return reading.releaseNamed(service, release)
  if (purpose === 'deploy') return reading.releaseNamed(service, 'latest')
  if (purpose === 'rollback') {
    const state = await reading.environment(service, environment)
    const target = rollbackTarget(state, await heldPredecessors(desk, state))
    if (target !== null) return reading.release(target)
    const detail = `nothing served ${environment} before what serves it now`
    throw new SluiceError('not_found', { detail, hint: `sluice rollback ${environment} --to <release>` })
  }
  const newest = await reading.releaseNamed(service, 'latest')
  const { after } = specOf(newest, environment)
  if (after === null) return newest
  const { serving } = await reading.environment(service, after)
  // A drill that is under way there shows the release before for a while; what was verified is what it returns to.
  const verified = (await knownDrill(desk, { service, environment: after }))?.plan.serving ?? serving
  if (verified !== null) return reading.release(verified)
  throw new SluiceError('not_found', {
    detail: `nothing serves ${after}, which comes before ${environment}`,
    hint: `sluice deploy ${after}`,
  })
}
