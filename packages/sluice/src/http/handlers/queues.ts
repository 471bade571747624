import type { EnvironmentTarget } from '../../engine/commands/environments.ts'
import type { ApiContext, Handlers } from '../context.ts'
import type { QueueView } from '../client/environment-views.ts'
import { queueViews } from '../present/environments.ts'
import { refOf } from '../present/releases.ts'
import { knownReleases, targetOf } from './lookup.ts'

/** Answers about the queues of environments. */
export const queueHandlers: Handlers<'environments.queue' | 'environments.dequeue'> = {
  'environments.queue': async (context, { params, signal }) =>
    show(context, await targetOf(context, params.environment, signal)),
  'environments.dequeue': async (context, { params, body, caller, signal }) => {
    const target = await targetOf(context, params.environment, signal)
    await context.engine.cancelQueued({ ...target, entry: params.entry }, { ...caller, reason: body.reason ?? null })
    return show(context, target)
  },
}

const show = async (context: ApiContext, { service, environment }: EnvironmentTarget): Promise<QueueView> => {
  const { reading } = context.engine
  const state = await reading.environment(service, environment)
  const live = state.live === null ? null : await reading.rollout(state.live)
  const queued = (state.queue ?? []).map(({ release }) => release)
  const known = await knownReleases(context, live === null ? queued : [live.plan.to, ...queued])
  const holder =
    live === null ? null : { rollout: live.id, release: refOf(live.plan.to, known), by: live.by, since: live.startedAt }
  return { environment, holder, queue: queueViews(state, known) }
}
