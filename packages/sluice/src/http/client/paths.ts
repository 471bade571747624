/**
 * Method and path of every route: the part of the table in `routes/` that the client needs at run time. It stands alone so that the command line
 * does not load the schemas (and zod with them) to ask one question.
 */

/** Method and path, `:name` marking a parameter. */
export type RoutePath = { readonly method: 'get' | 'post' | 'put' | 'delete'; readonly path: string }

/** Every route of the API by its name. */
export const paths = {
  'server.show': { method: 'get', path: '/v1/server' },
  'environments.list': { method: 'get', path: '/v1/environments' },
  'environments.show': { method: 'get', path: '/v1/environments/:environment' },
  'environments.plan': { method: 'get', path: '/v1/environments/:environment/plan' },
  'environments.deploy': { method: 'post', path: '/v1/environments/:environment/deploy' },
  'environments.promote': { method: 'post', path: '/v1/environments/:environment/promote' },
  'environments.rollback': { method: 'post', path: '/v1/environments/:environment/rollback' },
  'environments.approve': { method: 'post', path: '/v1/environments/:environment/approvals' },
  'environments.reject': { method: 'post', path: '/v1/environments/:environment/rejections' },
  'environments.breakGlass': { method: 'post', path: '/v1/environments/:environment/broken-glass' },
  'environments.reviewGlass': {
    method: 'post',
    path: '/v1/environments/:environment/broken-glass/:rollout/review',
  },
  'environments.lock': { method: 'put', path: '/v1/environments/:environment/lock' },
  'environments.unlock': { method: 'delete', path: '/v1/environments/:environment/lock' },
  'environments.freeze': { method: 'put', path: '/v1/environments/:environment/freeze' },
  'environments.unfreeze': { method: 'delete', path: '/v1/environments/:environment/freeze' },
  'environments.maintain': { method: 'put', path: '/v1/environments/:environment/maintenance' },
  'environments.endMaintenance': { method: 'delete', path: '/v1/environments/:environment/maintenance' },
  'environments.queue': { method: 'get', path: '/v1/environments/:environment/queue' },
  'environments.dequeue': { method: 'delete', path: '/v1/environments/:environment/queue/:entry' },
  'environments.verify': { method: 'post', path: '/v1/environments/:environment/verification' },
  'releases.list': { method: 'get', path: '/v1/releases' },
  'releases.show': { method: 'get', path: '/v1/releases/:release' },
  'releases.verify': { method: 'get', path: '/v1/releases/:release/verification' },
  'releases.hold': { method: 'put', path: '/v1/releases/:release/hold' },
  'releases.unhold': { method: 'delete', path: '/v1/releases/:release/hold' },
  'runs.list': { method: 'get', path: '/v1/runs' },
  'runs.start': { method: 'post', path: '/v1/runs' },
  'runs.show': { method: 'get', path: '/v1/runs/:run' },
  'runs.evidence': { method: 'get', path: '/v1/runs/:run/evidence' },
  'runs.attachments': { method: 'get', path: '/v1/runs/:run/attachments' },
  'runs.attachment': { method: 'get', path: '/v1/runs/:run/jobs/:job/attachment' },
  'runs.logs': { method: 'get', path: '/v1/runs/:run/jobs/:job/log' },
  'runs.play': { method: 'post', path: '/v1/runs/:run/play' },
  'runs.cancel': { method: 'post', path: '/v1/runs/:run/cancel' },
  'runs.insights': { method: 'get', path: '/v1/insights' },
  'rollouts.list': { method: 'get', path: '/v1/rollouts' },
  'rollouts.show': { method: 'get', path: '/v1/rollouts/:rollout' },
  'rollouts.why': { method: 'get', path: '/v1/rollouts/:rollout/why' },
  'rollouts.command': { method: 'post', path: '/v1/rollouts/:rollout/commands' },
  'rollouts.approve': { method: 'post', path: '/v1/rollouts/:rollout/approvals' },
  'rollouts.reject': { method: 'post', path: '/v1/rollouts/:rollout/rejections' },
  'approvals.list': { method: 'get', path: '/v1/approvals' },
  'line.show': { method: 'get', path: '/v1/line' },
  'line.stop': { method: 'put', path: '/v1/line/stop' },
  'line.resume': { method: 'delete', path: '/v1/line/stop' },
  'changes.list': { method: 'get', path: '/v1/changes' },
  'changes.show': { method: 'get', path: '/v1/changes/:change' },
  'incidents.list': { method: 'get', path: '/v1/incidents' },
  'incidents.show': { method: 'get', path: '/v1/incidents/:incident' },
  'incidents.open': { method: 'post', path: '/v1/incidents' },
  'incidents.resolve': { method: 'post', path: '/v1/incidents/:incident/resolution' },
  'drills.list': { method: 'get', path: '/v1/drills' },
  'drills.show': { method: 'get', path: '/v1/drills/:drill' },
  'drills.start': { method: 'post', path: '/v1/environments/:environment/drills' },
  'trains.list': { method: 'get', path: '/v1/trains' },
  'trains.start': { method: 'post', path: '/v1/trains' },
  'trains.show': { method: 'get', path: '/v1/trains/:train' },
  'trains.command': { method: 'post', path: '/v1/trains/:train/commands' },
  'ledger.page': { method: 'get', path: '/v1/ledger' },
  'ledger.verify': { method: 'get', path: '/v1/ledger/verification' },
  'ledger.export': { method: 'get', path: '/v1/ledger/export' },
  'ledger.checkpoint': { method: 'get', path: '/v1/ledger/checkpoint' },
  'ledger.inclusion': { method: 'get', path: '/v1/ledger/proofs/inclusion' },
  'ledger.consistency': { method: 'get', path: '/v1/ledger/proofs/consistency' },
  'ledger.prune': { method: 'post', path: '/v1/ledger/pruning' },
  'dora.show': { method: 'get', path: '/v1/dora' },
  'report.compliance': { method: 'get', path: '/v1/reports/compliance' },
  'events.stream': { method: 'get', path: '/v1/events' },
  'metrics.show': { method: 'get', path: '/metrics' },
  'session.show': { method: 'get', path: '/v1/session' },
  'session.start': { method: 'post', path: '/v1/session' },
  'session.ways': { method: 'get', path: '/v1/session/ways' },
  'session.ticket': { method: 'post', path: '/v1/session/ticket' },
  'session.redeem': { method: 'post', path: '/v1/session/redeem' },
  'session.end': { method: 'delete', path: '/v1/session' },
  'sessions.list': { method: 'get', path: '/v1/sessions' },
  'sessions.end': { method: 'delete', path: '/v1/sessions/:session' },
  'tokens.list': { method: 'get', path: '/v1/tokens' },
  'tokens.create': { method: 'post', path: '/v1/tokens' },
  'tokens.exchange': { method: 'post', path: '/v1/tokens/exchange' },
  'tokens.revoke': { method: 'delete', path: '/v1/tokens/:token' },
  'people.list': { method: 'get', path: '/v1/people' },
  'people.add': { method: 'post', path: '/v1/people' },
  'people.remove': { method: 'delete', path: '/v1/people/:person' },
  'people.grant': { method: 'put', path: '/v1/people/:person/roles/:role' },
  'people.revoke': { method: 'delete', path: '/v1/people/:person/roles/:role' },
  'people.password': { method: 'put', path: '/v1/people/:person/password' },
  'health.liveness': { method: 'get', path: '/health/liveness' },
  'health.readiness': { method: 'get', path: '/health/readiness' },
  'health.startup': { method: 'get', path: '/health/startup' },
} as const

/** The name of a route. */
export type RouteId = keyof typeof paths

/** The names of the parameters in a path. */
export type ParamsOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamsOf<Rest>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never
