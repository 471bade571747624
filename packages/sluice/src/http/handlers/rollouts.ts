import { SluiceError } from '../../core/errors.ts'
import type { Page } from '../../engine/reading/stored-states.ts'
import type { Rollout } from '../../engine/trusted.ts'
import type { LedgerRow } from '../../core/ledger/entry.ts'
import { migrationsBetween } from '../../core/bundle.ts'
import { limits } from '../../core/limits.ts'
import { takenBackBy } from '../../core/rollback-targets.ts'
import type { CommandEvent } from '../../core/rollout/commands.ts'
import type { ApiContext, Handlers } from '../context.ts'
import type { RolloutCommand } from '../client/contract.ts'
import type { RolloutsInput } from '../client/list-filters.ts'
import { type Reached, releasesOf, rolloutDetailView, rolloutView } from '../present/rollouts.ts'
import type { Known } from '../present/releases.ts'
import { watchView } from '../present/rollback.ts'
import { curveAfter, curveStart, storyOf, wayAfter, wayStart, whyView } from '../present/why.ts'
import type { RolloutView, WhyView } from '../client/views.ts'
import { knownReleases, ledgerPages, observedOf } from './lookup.ts'
import { meantPage, pageOf } from './meant-page.ts'
import { rolloutFilter } from './list-filters.ts'

/** Answers about rollouts, and what people say to one. */
export const rolloutHandlers: Handlers<
  'rollouts.list' | 'rollouts.show' | 'rollouts.why' | 'rollouts.command' | 'rollouts.approve'
> = {
  'rollouts.list': async (context, { query }) => {
    const { items, next } = await rolloutsOf(context, query)
    const known = await knownReleases(context, items.flatMap(releasesOf))
    return { items: items.map((rollout) => rolloutView(rollout, known)), next }
  },
  'rollouts.show': async (context, { params, signal }) => {
    const rollout = await context.engine.reading.rollout(params.rollout)
    const known = await knownReleases(context, releasesOf(rollout))
    const { service, spec } = rollout.plan
    const isForward = rollout.status === 'advancing' || rollout.status === 'succeeded'
    const isSettled = rollout.status === 'succeeded' || rollout.status === 'rolled_back'
    const target = { service, environment: spec.name }
    return rolloutDetailView(rollout, {
      known,
      reached: isForward ? null : await reachedBy(context, rollout),
      observed: isSettled ? null : await observedOf(context, target, { known, signal }),
      ...(await sequelOf(context, rollout)),
      now: context.clock.now(),
    })
  },
  'rollouts.why': async (context, { params }) => {
    const rollout = await context.engine.reading.rollout(params.rollout)
    const { plan } = rollout
    let way = wayStart
    let curve = curveStart
    const story: WhyView['story'][number][] = []
    for await (const rows of rowsOf(context, rollout)) {
      if (rows.some(({ isPruned }) => isPruned === true)) throw pruned(rollout)
      way = wayAfter(way, rows)
      curve = curveAfter(curve, rows, plan)
      story.push(...storyOf(rows, plan))
    }
    const known = await knownReleases(context, releasesOf(rollout))
    const told = {
      curve: curve.points,
      story,
      ...(await sequelOf(context, rollout)),
      pointOfNoReturn: contractsOf(rollout, known),
    }
    return whyView(rolloutView(rollout, known, way.reached.failure), plan, told)
  },
  'rollouts.command': async (context, { params, body, caller }) => {
    const reason = body.reason ?? null
    await context.engine.commandRollout(params.rollout, events[body.command], { ...caller, reason })
    return viewOf(context, await context.engine.reading.rollout(params.rollout))
  },
  'rollouts.approve': async (context, { params, body, caller }) => {
    await context.engine.governance.approve({ rollout: params.rollout }, { ...caller, reason: body.reason ?? null })
    return viewOf(context, await context.engine.reading.rollout(params.rollout))
  },
}

/** A page of the rollouts that are meant. */
export const rolloutsOf = ({ engine }: ApiContext, query: RolloutsInput): Promise<Page<Rollout>> => {
  const filter = rolloutFilter(query)
  return meantPage((asked) => engine.reading.rollouts({ ...asked, filter }), pageOf(query))
}

/** The ledger's rows of a rollout, page by page. */
const rowsOf = ({ engine }: ApiContext, { id }: Rollout): AsyncGenerator<readonly LedgerRow[]> =>
  ledgerPages(engine, { key: { kind: 'rollout', id }, rowsMax: limits.storyRowsMax })

const pruned = ({ id }: Rollout): SluiceError =>
  new SluiceError('not_found', {
    detail: `what the ledger said of ${id} was pruned`,
    hint: 'sluice ledger ls --what ledger_pruned   says when, by whom and why',
  })

/** How far it came; null when that was pruned. */
const reachedBy = async (context: ApiContext, rollout: Rollout): Promise<Reached | null> => {
  let way = wayStart
  for await (const rows of rowsOf(context, rollout)) {
    if (rows.some(({ isPruned }) => isPruned === true)) return null
    way = wayAfter(way, rows)
  }
  return way.reached
}

const events: Readonly<Record<RolloutCommand, CommandEvent['type']>> = {
  pause: 'pause_requested',
  resume: 'resume_requested',
  abort: 'abort_requested',
  skip: 'skip_requested',
  retry: 'retry_requested',
  promote: 'promote_requested',
}

/** What became of a release after its rollout succeeded: a status of success is no longer all there is to say once it was taken back. */
const sequelOf = async (
  { engine }: ApiContext,
  { id, plan }: Rollout,
): Promise<Pick<WhyView, 'watch' | 'takenBackBy'>> => {
  const [watch, environment] = await Promise.all([
    engine.reading.watch(id),
    engine.reading.environment(plan.service, plan.spec.name),
  ])
  const back = watch?.status === 'ended' ? watch.rollback : null
  return { watch: watch === null ? null : watchView(watch), takenBackBy: takenBackBy(environment, id) ?? back }
}

const contractsOf = ({ plan }: Rollout, known: Known): readonly string[] => {
  const to = known.get(plan.to)
  const from = plan.from === null ? null : (known.get(plan.from) ?? null)
  if (to === undefined || from === null) return []
  return migrationsBetween(from, to).flatMap(({ name, class: kind }) => (kind === 'contract' ? [name] : []))
}

/** A rollout as it stands. */
export const viewOf = async (context: ApiContext, rollout: Rollout): Promise<RolloutView> =>
  rolloutView(rollout, await knownReleases(context, releasesOf(rollout)))
