/** Answers about approvals, the line, broken glass and changes. */
import type { EnvironmentState } from '../../core/environment.ts'
import { rolloutOfChange } from '../../core/governance/change.ts'
import type { Approval } from '../../core/governance/types.ts'
import { limits } from '../../core/limits.ts'
import type { Commit } from '../../core/model.ts'
import type { Pending } from '../../engine/admission/inbox.ts'
import type { Rollout } from '../../engine/trusted.ts'
import type { PendingView } from '../client/governance-views.ts'
import type { ApiContext, Handlers } from '../context.ts'
import { changeDetailView, type ChangeSurroundings, changeView, releasesOfChange } from '../present/changes.ts'
import { lineView, pendingView } from '../present/governance.ts'
import { rolloutsOf, viewOf } from './rollouts.ts'
import { hotfixOf, showNamed } from './environments.ts'
import { knownReleases, ledgerPages, newestRelease, serviceOf, targetOf } from './lookup.ts'

/** See the file's header. */
export const governanceHandlers: Handlers<
  | 'approvals.list'
  | 'environments.reject'
  | 'rollouts.reject'
  | 'line.show'
  | 'line.stop'
  | 'line.resume'
  | 'environments.breakGlass'
  | 'environments.reviewGlass'
  | 'changes.list'
  | 'changes.show'
> = {
  'approvals.list': async (context, { signal }) => {
    const newest = await newestRelease(context)
    const inbox = newest === null ? [] : await context.engine.governance.inbox(newest.content.service)
    const items: PendingView[] = []
    // One after the other: each asks the source.
    for (const pending of inbox) items.push(pendingView(pending, await commitsOf(context, pending, signal)))
    return { items, now: context.clock.now() }
  },
  'environments.reject': async (context, { params, body, caller, signal }) => {
    const target = await targetOf(context, params.environment, signal)
    const { release, reason } = body
    await context.engine.governance.reject({ ...target, release }, { ...caller, reason })
    return {}
  },
  'rollouts.reject': async (context, { params, body, caller }) => {
    await context.engine.governance.reject({ rollout: params.rollout }, { ...caller, reason: body.reason })
    return viewOf(context, await context.engine.reading.rollout(params.rollout))
  },
  'line.show': async ({ engine }) => lineView(await engine.reading.line()),
  'line.stop': async ({ engine }, { body, caller }) => {
    const { reason, underway = 'pause' } = body
    const { rollouts } = await engine.governance.stopLine({ underway }, { ...caller, reason })
    return lineView(await engine.reading.line(), rollouts)
  },
  'line.resume': async ({ engine }, { body, caller }) => {
    await engine.governance.resumeLine({ ...caller, reason: body.reason ?? null })
    return lineView(await engine.reading.line())
  },
  'environments.breakGlass': async (context, { params, body, caller, signal }) => {
    const { release = null, purpose = 'deploy', reason, hotfix } = body
    const service = await serviceOf(context, signal)
    const command = { service, environment: params.environment, purpose, release, ...hotfixOf(hotfix) }
    const { rollout } = await context.engine.governance.deployPastGlass(command, { ...caller, reason })
    return { rollout, kind: 'started' }
  },
  'environments.reviewGlass': async (context, { params, body, caller, signal }) => {
    const target = await targetOf(context, params.environment, signal)
    const rollout = rolloutOfChange(params.rollout)
    await context.engine.governance.reviewGlass({ ...target, rollout }, { ...caller, reason: body.reason })
    return showNamed(context, target, signal)
  },
  'changes.list': async (context, { query }) => {
    const environment = query.environment ?? (await lastEnvironment(context))
    const asked = environment === null ? query : { ...query, environment }
    const { items, next } = await rolloutsOf(context, asked)
    return { items: await Promise.all(items.map((rollout) => shortOf(context, rollout))), next }
  },
  'changes.show': async (context, { params }) => {
    const rollout = await context.engine.reading.rollout(rolloutOfChange(params.change))
    const said = await saidTo(context, rollout)
    const around = { ...(await aroundOf(context, rollout)), said }
    const cutBy = around.known.get(rollout.plan.to)?.cutBy
    const triggeredBy = cutBy === undefined ? null : await context.engine.reading.startedBy(cutBy)
    return changeDetailView(rollout, around, triggeredBy)
  },
}

/** What comes last has users. Null while there is no release. */
const lastEnvironment = async (context: ApiContext): Promise<string | null> => {
  const environments = (await newestRelease(context))?.content.environments ?? []
  return environments.find(({ name }) => !environments.some(({ after }) => after === name))?.name ?? null
}

/** Null where the source does not have both commits (any more). */
const commitsOf = async (
  { source, log }: ApiContext,
  { from, release }: Pending,
  signal: AbortSignal,
): Promise<readonly Commit[] | null> => {
  const { commit } = release.content
  if (from === null) return [commit]
  try {
    return await source.commitsBetween(from.content.commit.id, commit.id, limits.inboxCommitsMax, signal)
  } catch (error) {
    log.warn('commits_unknown', { from: from.content.commit.id, to: commit.id, error: String(error) })
    return null
  }
}

const shortOf = async (context: ApiContext, rollout: Rollout) =>
  changeView(rollout, { ...(await aroundOf(context, rollout)), said: [] })

const aroundOf = async (context: ApiContext, rollout: Rollout): Promise<Omit<ChangeSurroundings, 'said'>> => {
  const { service, spec } = rollout.plan
  const known = await knownReleases(context, releasesOfChange(rollout))
  const broken = rollout.governance?.breakGlass
  if (broken === undefined) return { known, glass: null, isRed: false }
  const state: EnvironmentState = await context.engine.reading.environment(service, spec.name)
  const found = state.brokenGlass?.find((one) => one.rollout === rollout.id)
  // An environment forgets only what was reviewed.
  const isRed = found !== undefined && found.review === undefined
  return { known, glass: found ?? { ...broken, rollout: rollout.id, release: rollout.plan.to }, isRed }
}

/** Who said yes to its steps, from its rows. */
const saidTo = async ({ engine }: ApiContext, { id, plan }: Rollout): Promise<readonly Approval[]> => {
  const said: Approval[] = []
  for await (const rows of ledgerPages(engine, { key: { kind: 'rollout', id }, rowsMax: limits.storyRowsMax }))
    for (const { type, actor, at, reason } of rows)
      if (type === 'approved') said.push({ release: plan.to, by: actor, at, reason })
  return said
}
