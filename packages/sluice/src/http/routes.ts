/**
 * The one table of the HTTP API. The server, its checks, `/openapi.json`, the client's types and `docs/api.md` come from it; nothing is served that is not
 * in it (but for `/`, a page, and `/openapi.json` itself).
 */
import { z } from 'zod'
import type { ErrorCode } from '../core/errors.ts'
import { aggregateKinds } from '../core/ledger/entry.ts'
import { limits } from '../core/limits.ts'
import type { Contract } from './client/contract.ts'
import type { RouteId } from './client/paths.ts'
import { because, command, read, reason, withReason } from './route-parts.ts'
import { maintenanceRoutes } from './routes-maintenance.ts'
import { pipelineInput } from './schemas/pipelines.ts'
import { rollbackRoutes } from './routes-rollback.ts'
import { overrides, rollbackInput } from './schemas/rollback.ts'
import { promotionRoutes } from './routes-promotion.ts'
import type { Schemas } from './schemas/all.ts'

/** One row of the table. */
export type RouteSpec<Id extends RouteId> = {
  /** One sentence: what it does or gives. */
  readonly summary: string
  /** The CLI words that say the same. */
  readonly cli: string | null
  readonly query: z.ZodType<Contract[Id]['query']>
  readonly body: z.ZodType<Contract[Id]['body']>
  /** Name of the response's schema; a stream has none. */
  readonly response: keyof Schemas | 'ndjson' | 'sse' | 'file'
  /** What it may answer instead, besides what every route may (`token_missing`, `token_stale`, `usage_invalid`, `overloaded`, `unexpected`). */
  readonly errors: readonly ErrorCode[]
  /** Whether it answers without a token. */
  readonly open: boolean
}

const release = z.string().min(1).max(200).meta({ description: 'An id, its beginning, a version, or `latest`.' })
const at = z.number().int().nonnegative().meta({ description: 'epoch ms' })
// A query is text; `coerce` reads numbers from it.
const count = (max: number): z.ZodType<number> => z.coerce.number<number>().int().min(1).max(max)
const seq = z.coerce.number<number>().int().nonnegative()
const page = z.strictObject({
  limit: count(limits.pageItemsMax).optional().meta({ description: 'Items at most.' }),
  cursor: z.string().max(500).optional().meta({ description: '`next` of the page before.' }),
})
const deployChoice = z.strictObject({
  release: release.nullish(),
  whenBusy: z.enum(['queue', 'refuse', 'replace']).nullish().meta({
    description:
      'What to do while another rollout is under way: wait for its turn, give up, or take its place; as the config says (`whenBusy`) when absent.',
  }),
  reason,
  overrides,
})

const admission: readonly ErrorCode[] = [
  'not_found',
  'config_invalid',
  'admission_refused',
  'command_conflict',
  'store_full',
]

/** The table. */
export const routes: { readonly [Id in RouteId]: RouteSpec<Id> } = {
  'server.show': { ...read, summary: 'The control plane that answers.', response: 'Server', errors: [] },
  'environments.list': {
    ...read,
    summary: 'Every environment: what serves, what is under way, and what is observed.',
    cli: 'status',
    response: 'Environments',
    errors: [],
  },
  'environments.show': { ...read, summary: 'One environment.', cli: 'env show', response: 'Environment' },
  'environments.plan': {
    ...read,
    summary: 'What a deploy would do, the way back, and whether it would be admitted now. Changes nothing.',
    cli: 'plan',
    query: z.strictObject({
      release: release.optional(),
      purpose: z.enum(['deploy', 'promote', 'rollback']).optional(),
      traffic: z
        .union([z.literal('observed'), z.coerce.number<number>().nonnegative().max(100_000_000)])
        .optional()
        .meta({ description: 'Requests per second to reckon with; `observed`: those of the next second.' }),
      replace: z
        .enum(['true', 'false'])
        .optional()
        .meta({
          description: 'Whether it takes the place of a rollout that is under way; as the config says when absent.',
        }),
    }),
    response: 'Plan',
    errors: ['not_found', 'config_invalid'],
  },
  'environments.deploy': {
    ...read,
    summary: 'Starts a rollout of a release (the latest, when none is named). Answers once it is durable.',
    cli: 'deploy',
    body: deployChoice,
    response: 'Started',
    errors: admission,
  },
  'environments.promote': {
    ...read,
    summary: 'Starts a rollout of the release that serves the environment before this one.',
    cli: 'promote',
    body: deployChoice,
    response: 'Started',
    errors: admission,
  },
  'environments.rollback': {
    ...read,
    summary:
      'Turns a live rollout around, or brings back the release that served before, and holds the one that is left. Freezes and locks do not stop it.',
    cli: 'rollback',
    body: rollbackInput,
    response: 'Started',
    errors: admission,
  },
  'environments.approve': {
    ...read,
    summary: "A person's yes to one exact release, ahead of its rollout.",
    cli: 'approve',
    body: z.strictObject({ release, reason }),
    response: 'Done',
    errors: command,
  },
  'environments.lock': {
    ...read,
    summary: 'Locks an environment against everything but rollbacks.',
    cli: 'env lock',
    body: z.strictObject({ reason: because, until: at.nullish() }),
    response: 'Environment',
    errors: command,
  },
  'environments.unlock': {
    ...read,
    summary: 'Takes the lock off.',
    cli: 'env unlock',
    body: withReason,
    response: 'Environment',
    errors: command,
  },
  'environments.freeze': {
    ...read,
    summary: 'Freezes an environment for a time. Rollbacks pass.',
    cli: 'env freeze',
    body: z.strictObject({ reason: because, from: at.nullish(), until: at }),
    response: 'Environment',
    errors: command,
  },
  'environments.unfreeze': {
    ...read,
    summary: 'Ends every freeze that a person set.',
    cli: 'env unfreeze',
    body: withReason,
    response: 'Environment',
    errors: command,
  },
  ...maintenanceRoutes,
  'environments.verify': {
    ...read,
    summary:
      'Makes the checks of an environment through its address, now, and records what they said. Answers once they are over.',
    cli: 'verify',
    body: withReason,
    response: 'Verification',
    errors: ['not_found', 'config_invalid', 'command_conflict', 'outcome_unknown', 'store_full'],
  },
  'releases.list': {
    ...read,
    summary: 'Releases, newest first.',
    cli: 'releases ls',
    query: page,
    response: 'Releases',
    errors: [],
  },
  'releases.show': {
    ...read,
    summary: 'One release with everything it fixes.',
    cli: 'releases show',
    response: 'Release',
  },
  'releases.verify': {
    ...read,
    summary:
      'Whether a release is what its id says, its artifacts what their digests say, and come from where their provenance says, when there is one.',
    cli: 'releases verify',
    query: z.strictObject({
      key: z
        .string()
        .min(1)
        .max(2_000)
        .optional()
        .meta({ description: "Whom to trust: an Ed25519 public key in PEM; the project's own when absent." }),
    }),
    response: 'ReleaseVerification',
  },
  'runs.list': { ...read, summary: 'Runs, newest first.', cli: 'runs ls', query: page, response: 'Runs', errors: [] },
  'runs.start': {
    ...read,
    summary: 'Plans and starts the pipeline of a commit (`HEAD`, when none is named). Answers once it is durable.',
    cli: 'run',
    body: z.strictObject({
      ref: z.string().min(1).max(500).optional(),
      jobs: z.array(z.string().min(1)).min(1).max(limits.jobsMax).nullish(),
      affected: z.boolean().optional().meta({
        description:
          '`jobs` are what a change concerns, not what was asked for by name: those that are not for this occasion stay out.',
      }),
      retryOf: z.string().min(1).max(200).nullish().meta({
        description:
          'A run that is made again: with its commit, jobs, pipeline and event; of the rest only `failedOf` and `reason` count then.',
      }),
      failedOf: z
        .string()
        .min(1)
        .max(200)
        .nullish()
        .meta({ description: 'A run of the same commit and pipeline: what succeeded in it is not run again.' }),
      event: z.enum(['manual', 'push', 'pull_request', 'tag', 'schedule']).nullish().meta({
        description: 'What the run is started as, for the jobs that are not for every run; `manual` when absent.',
      }),
      of: z.literal('tree').nullish().meta({
        description: 'The working tree of the project as it is, instead of the ref; such a run cuts no release.',
      }),
      cache: z.boolean().optional().meta({ description: 'False: no job comes out of a cache, and none is kept.' }),
      pipeline: pipelineInput
        .nullish()
        .meta({ description: 'A pipeline of another system instead of that of the config.' }),
      reason,
    }),
    response: 'RunStarted',
    errors: ['not_found', 'tool_missing', 'config_invalid', 'config_missing', 'needs_cycle', 'store_full'],
  },
  'runs.show': { ...read, summary: 'One run and its jobs.', cli: 'runs show', response: 'Run' },
  'runs.evidence': {
    ...read,
    summary: 'What the reports of a run say: tests, coverage, findings; and what its jobs remarked.',
    cli: 'runs show',
    response: 'Evidence',
    errors: ['not_found', 'artifact_missing', 'artifact_mismatch'],
  },
  'runs.attachments': {
    ...read,
    summary:
      'The files that reports of a run name (traces, screenshots, videos), by job, and why some of them could not be kept.',
    cli: 'runs attachments',
    response: 'Attachments',
    errors: ['not_found', 'artifact_missing', 'artifact_mismatch'],
  },
  'runs.attachment': {
    ...read,
    summary:
      'One of those files. It breaks off before its end when it is not what its digest says. Nothing in it is masked.',
    cli: 'runs attachments --save',
    query: z.strictObject({
      path: z
        .string()
        .min(1)
        .max(limits.reportNameMax)
        .meta({ description: 'Its path, as `runs.attachments` has it.' }),
    }),
    response: 'file',
    errors: ['not_found', 'artifact_missing', 'artifact_mismatch'],
  },
  'runs.insights': {
    ...read,
    summary: 'What the last runs tell: flaky tests, slow tests, time and failures by job.',
    cli: 'runs insights',
    query: z.strictObject({ runs: count(limits.insightRunsMax).optional().meta({ description: 'How many runs.' }) }),
    response: 'Insights',
    errors: [],
  },
  'runs.logs': {
    ...read,
    summary: 'Lines of a job’s log, secrets masked, after line `after`; all, or those that hold a text.',
    cli: 'runs logs',
    query: z.strictObject({
      after: seq.optional(),
      limit: count(limits.logLinesMax).optional(),
      execution: count(limits.retriesMax + 1).optional(),
      search: z
        .string()
        .min(1)
        .max(limits.reasonCharactersMax)
        .optional()
        .meta({ description: 'Only lines with this text, letter by letter; `next` is then the last line looked at.' }),
      marks: z.literal('true').optional().meta({ description: 'Steps, groups, annotations and the summary as well.' }),
    }),
    response: 'JobLog',
  },
  'runs.play': {
    ...read,
    summary: 'Starts a job that waits for a person, with the values of its inputs.',
    cli: 'runs play',
    body: z.strictObject({
      job: z.string().min(1).max(500),
      inputs: z.record(z.string(), z.string()).optional(),
      reason,
    }),
    response: 'Done',
    errors: command,
  },
  'runs.cancel': {
    ...read,
    summary: 'Calls a run off.',
    cli: 'runs cancel',
    body: withReason,
    response: 'Done',
    errors: command,
  },
  'rollouts.list': {
    ...read,
    summary: 'Rollouts, newest first.',
    cli: 'rollout ls',
    query: page.extend({ environment: z.string().max(limits.nameLengthMax).optional() }),
    response: 'Rollouts',
    errors: [],
  },
  'rollouts.show': {
    ...read,
    summary: 'One rollout: its steps, where it stands, and what is observed.',
    cli: 'rollout watch',
    response: 'RolloutDetail',
  },
  'rollouts.why': {
    ...read,
    summary: 'Why a rollout ended as it did: the deciding measurement, the counts, the evidence over time.',
    cli: 'why',
    response: 'Why',
  },
  'rollouts.command': {
    ...read,
    summary: 'Pauses, resumes, aborts, retries or promotes a rollout, or skips its current wait.',
    cli: 'rollout pause|resume|abort|skip|retry|promote',
    body: z.strictObject({ command: z.enum(['pause', 'resume', 'abort', 'skip', 'retry', 'promote']), reason }),
    response: 'Rollout',
    errors: command,
  },
  'rollouts.approve': {
    ...read,
    summary: "A person's yes to a rollout that waits for one.",
    cli: 'approve',
    body: withReason,
    response: 'Rollout',
    errors: command,
  },
  ...rollbackRoutes,
  ...promotionRoutes,
  'ledger.page': {
    ...read,
    summary: 'Rows of the ledger in order, of everything or of one aggregate.',
    query: z.strictObject({
      after: seq.optional(),
      limit: count(limits.pageItemsMax).optional(),
      kind: z.enum(aggregateKinds).optional(),
      id: z.string().max(200).optional(),
    }),
    response: 'LedgerPage',
    errors: [],
  },
  'ledger.verify': {
    ...read,
    summary: 'Checks the whole chain of hashes, and that the versions of every aggregate follow each other.',
    cli: 'ledger verify',
    response: 'LedgerVerification',
    errors: [],
  },
  'ledger.export': {
    ...read,
    summary: 'The ledger as JSON lines that `sluice ledger verify --file` checks without this server.',
    cli: 'ledger export',
    query: z.strictObject({ after: seq.optional() }),
    response: 'ndjson',
  },
  'events.stream': {
    ...read,
    summary:
      'Ledger rows as they become durable (server-sent events). Ids are ledger numbers; `Last-Event-ID` or `after` goes on from there, else from now. A comment every 15 s.',
    query: z.strictObject({ after: seq.optional(), kind: z.string().optional(), id: z.string().max(200).optional() }),
    response: 'sse',
    errors: ['overloaded'],
  },
  'health.liveness': { ...read, summary: 'Whether the process answers.', response: 'Health', open: true, errors: [] },
  'health.readiness': {
    ...read,
    summary: 'Whether the state can be read.',
    response: 'Health',
    open: true,
    errors: ['server_unreachable'],
  },
  'health.startup': {
    ...read,
    summary: 'Whether recovery is over.',
    response: 'Health',
    open: true,
    errors: ['server_unreachable'],
  },
}
