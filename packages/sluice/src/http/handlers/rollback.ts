/** Answers about going back: holds, incidents, drills. */
import type { ReleaseId } from '../../core/model.ts'
import type { Drill, Incident } from '../../engine/trusted.ts'
import type { RollbackContract } from '../client/contract-rollback.ts'
import type { DrillView, IncidentView } from '../client/rollback-views.ts'
import type { ApiContext, Handlers } from '../context.ts'
import { drillView, incidentView } from '../present/rollback.ts'
import { knownReleases, serviceOf, targetOf } from './lookup.ts'
import { meantPage, pageOf } from './meant-page.ts'
import { drillFilter, incidentFilter } from './list-filters.ts'

/** See the file's header. */
export const rollbackHandlers: Handlers<keyof RollbackContract> = {
  'releases.hold': async (context, { params, body, caller, signal }) => {
    const service = await serviceOf(context, signal)
    const { reason, category = null } = body
    await context.engine.holdRelease({ service, release: params.release, reason: category }, { ...caller, reason })
    return {}
  },
  'releases.unhold': async (context, { params, body, caller, signal }) => {
    const service = await serviceOf(context, signal)
    const { reason = null } = body
    await context.engine.unholdRelease({ service, release: params.release }, { ...caller, reason })
    return {}
  },
  'incidents.list': async (context, { query }) => {
    const filter = incidentFilter(query)
    const { reading } = context.engine
    const { items, next } = await meantPage((asked) => reading.incidents({ ...asked, filter }), pageOf(query))
    return { items: await Promise.all(items.map((incident) => incidentOf(context, incident))), next }
  },
  'incidents.show': async (context, { params }) =>
    incidentOf(context, await context.engine.reading.incident(params.incident)),
  'incidents.open': async (context, { body, caller, signal }) => {
    const { title, category = null } = body
    const target = await targetOf(context, body.environment, signal)
    const { incident } = await context.engine.openIncident(
      { ...target, title, reason: category },
      { ...caller, reason: title },
    )
    return incidentOf(context, await context.engine.reading.incident(incident))
  },
  'incidents.resolve': async (context, { params, body, caller }) => {
    await context.engine.resolveIncident(params.incident, { ...caller, reason: body.reason ?? null })
    return incidentOf(context, await context.engine.reading.incident(params.incident))
  },
  'drills.list': async (context, { query }) => {
    const filter = drillFilter(query)
    const { reading } = context.engine
    const { items, next } = await meantPage((asked) => reading.drills({ ...asked, filter }), pageOf(query))
    return { items: await Promise.all(items.map((drill) => drillOf(context, drill))), next }
  },
  'drills.show': async (context, { params }) => drillOf(context, await context.engine.reading.drill(params.drill)),
  'drills.start': async (context, { params, body, caller, signal }) => {
    const target = await targetOf(context, params.environment, signal)
    const { confirm = null, dwellMs = null, reason = null } = body
    const { drill } = await context.engine.startDrill({ ...target, confirm, dwellMs }, { ...caller, reason })
    return drillOf(context, await context.engine.reading.drill(drill))
  },
}

const incidentOf = async (context: ApiContext, incident: Incident): Promise<IncidentView> => {
  const named: readonly ReleaseId[] = incident.release === null ? [] : [incident.release]
  return incidentView(incident, await knownReleases(context, named))
}

const drillOf = async (context: ApiContext, drill: Drill): Promise<DrillView> =>
  drillView(drill, await knownReleases(context, [drill.plan.serving, drill.plan.target]))
