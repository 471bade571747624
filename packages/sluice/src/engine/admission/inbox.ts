/**
 * The inbox of approvals: rollouts that stand at a step which waits for a yes, releases that wait in a queue for one, and releases that could go on if they had one (the environment before
 * serves them). Everything in it follows from what is stored; nothing is kept for it.
 */
import type { Refusal } from '../../core/admission.ts'
import type { EnvironmentState } from '../../core/environment.ts'
import { SluiceError } from '../../core/errors.ts'
import { type Quorum, quorumOf, standing, type Tally, tally } from '../../core/governance/approvals.ts'
import type { Finding } from '../../core/governance/policies.ts'
import type { Approval, Rejection, Stakes } from '../../core/governance/types.ts'
import { limits } from '../../core/limits.ts'
import type { Actor, EnvironmentSpec, Release } from '../../core/model.ts'
import type { DeployCommand } from '../commands/deploy.ts'
import type { Desk } from '../desk.ts'
import { previewDeploy } from './preview.ts'
import type { Rollout } from '../trusted.ts'

/** Something that waits for a yes. */
export type Pending = {
  /** A rollout's or a queue entry's id, or `<environment>@<release>`. */
  readonly id: string
  /** `rollout`: a step of a live one. `queued`: somebody asked for it. `candidate`: nobody has yet. */
  readonly kind: 'rollout' | 'queued' | 'candidate'
  readonly environment: string
  readonly release: Release
  readonly from: Release | null
  readonly requestedBy: Actor | null
  readonly since: number
  readonly quorum: Quorum
  readonly tally: Tally
  /** Policies whose error budget is spent, and that wait for a yes because of it. */
  readonly budgets: readonly string[]
  /** When the first of the approvals that count runs out, epoch ms; null where none does. */
  readonly expiresAt: number | null
  /** Who said no. */
  readonly rejections: readonly Rejection[]
  /** What else is in the way. */
  readonly refusals: readonly Refusal[]
  readonly policies: readonly Finding[]
  /** How long the environment before has served it, ms; null where nobody counts. */
  readonly soakedMs: number | null
}

/** All of them, the longest waiting first. */
export type Inbox = readonly Pending[]

/** See the file's header. */
export const inboxOf = async (desk: Desk, service: string): Promise<Inbox> => {
  const environments = await desk.reading.environments(service)
  const newest = await desk.reading.releaseNamed(service, 'latest').catch(unlessMissing)
  if (newest === null) return []
  const places = newest.content.environments.map(
    ({ name }) => environments.find(({ environment }) => environment === name) ?? null,
  )
  const found = await Promise.all(
    newest.content.environments.map(async (spec, index) => {
      const state = places[index] ?? (await desk.reading.environment(service, spec.name))
      const before = environments.find(({ environment }) => environment === spec.after) ?? null
      const live = await liveIn(desk, state, before)
      const queued = await queuedIn(desk, state, before)
      const candidate = await candidateIn(desk, { state, before, taken: [...live, ...queued] })
      return [...live, ...queued, ...candidate]
    }),
  )
  return found.flat().toSorted((a, b) => a.since - b.since)
}

const unlessMissing = (error: unknown): null => {
  if (error instanceof SluiceError && error.code === 'not_found') return null
  throw error
}

const liveIn = async (
  { reading }: Desk,
  state: EnvironmentState,
  before: EnvironmentState | null,
): Promise<readonly Pending[]> => {
  const rollout = state.live === null ? null : await reading.rollout(state.live)
  const step = rollout?.status === 'advancing' ? rollout.plan.steps[rollout.index] : undefined
  if (rollout?.status !== 'advancing' || rollout.stage.kind !== 'awaiting' || step?.kind !== 'approve') return []
  const { governance, plan } = rollout
  const quorum: Quorum = {
    count: step.approvals,
    groups: governance?.groups ?? [],
    stakes: governance?.stakes ?? null,
  }
  return [
    {
      id: rollout.id,
      kind: 'rollout',
      environment: state.environment,
      release: await reading.release(plan.to),
      from: plan.from === null ? null : await reading.release(plan.from),
      requestedBy: rollout.by,
      since: rollout.progressAt,
      quorum,
      tally: tally(quorum, saidTo(rollout)),
      budgets: [],
      expiresAt: null,
      rejections: [],
      refusals: [],
      policies: [],
      soakedMs: soakedMs(before, plan.to),
    },
  ]
}

/** Who has said yes to the step at which it stands. */
const saidTo = ({ plan, progressAt, ...rollout }: Rollout): readonly Approval[] => {
  if (rollout.status !== 'advancing' || rollout.stage.kind !== 'awaiting') return []
  const { approvals, groups } = rollout.stage
  return approvals.map((name) => ({
    release: plan.to,
    by: { kind: 'person', name },
    at: progressAt,
    reason: null,
    ...(groups?.[name] === undefined ? {} : { groups: groups[name] }),
  }))
}

const queuedIn = async (
  desk: Desk,
  state: EnvironmentState,
  before: EnvironmentState | null,
): Promise<readonly Pending[]> => {
  const found: Pending[] = []
  for (const { id, release, purpose, by, at } of state.queue ?? []) {
    const asked = { id, kind: 'queued', purpose, requestedBy: by, since: at } as const
    found.push(...(await pendingOf(desk, { state, before, release, asked })))
  }
  return found
}

type Taken = {
  readonly state: EnvironmentState
  readonly before: EnvironmentState | null
  readonly taken: readonly Pending[]
}

/** What the environment before serves, and this one does not: a yes ahead of time is welcome. */
const candidateIn = async (desk: Desk, { state, before, taken }: Taken): Promise<readonly Pending[]> => {
  const release = before?.serving ?? null
  if (before === null || release === null || release === state.serving) return []
  if (!before.verified.includes(release) || taken.some((one) => one.release.id === release)) return []
  const id = `${state.environment}@${release.slice(0, limits.shortIdLength)}`
  const since = before.servingSince ?? 0
  const asked = { id, kind: 'candidate', purpose: 'promote', requestedBy: null, since } as const
  return pendingOf(desk, { state, before, release, asked })
}

type Wish = {
  readonly state: EnvironmentState
  readonly before: EnvironmentState | null
  readonly release: Release['id']
  readonly asked: Pick<Pending, 'id' | 'kind' | 'requestedBy' | 'since'> & { readonly purpose: 'deploy' | 'promote' }
}

/** A release that lacks an approval, or was rejected; nothing for one that only waits for something else. */
const pendingOf = async (desk: Desk, { state, before, release: id, asked }: Wish): Promise<readonly Pending[]> => {
  const { service, environment } = state
  const { purpose, ...known } = asked
  const release = await desk.reading.release(id)
  const spec = release.content.environments.find(({ name }) => name === environment)
  if (spec === undefined) return []
  const command: DeployCommand = { service, environment, purpose, release: id, initiator: 'automation', replace: false }
  const asker = asked.requestedBy === null ? null : { by: asked.requestedBy }
  const preview = await previewDeploy(desk, command, asker)
  const isOfPolicy = (kind: Refusal['kind']): boolean => kind === 'policy_pending' || kind === 'policy_unmet'
  const refusals = preview.refusals.filter(({ kind }) => !isOfPolicy(kind))
  if (!refusals.some(({ kind }) => kind === 'approval_missing' || kind === 'rejected')) return []
  const now = desk.clock.now()
  const stakes = await stakesIn(desk, { release, asked })
  const quorum = quorumOf(spec, stakes)
  const given = standing(state.approvals, { release: id, spec, now })
  const counted = tally(quorum, given)
  return [
    {
      ...known,
      environment,
      release,
      from: preview.from,
      quorum,
      tally: counted,
      budgets: budgetsIn(preview.governance?.findings ?? []),
      expiresAt: expiryOf(spec, counted.counted),
      rejections: (state.rejections ?? []).filter((one) => one.release === id),
      refusals: refusals.filter(({ kind }) => kind !== 'approval_missing' && kind !== 'rejected'),
      policies: preview.governance?.findings ?? [],
      soakedMs: soakedMs(before, id),
    },
  ]
}

const budgetsIn = (findings: readonly Finding[]): readonly string[] => {
  const asking = findings.filter(({ isMet, asksApproval }) => !isMet && asksApproval === true)
  return [...new Set(asking.map(({ policy }) => policy))]
}

const stakesIn = async (
  { reading }: Desk,
  { release, asked }: { readonly release: Release; readonly asked: Wish['asked'] },
): Promise<Stakes> => ({
  author: release.content.commit.author,
  triggeredBy: await reading.startedBy(release.cutBy),
  requestedBy: asked.requestedBy?.kind === 'person' ? asked.requestedBy.name : null,
})

const expiryOf = ({ approvalsExpireAfterMs }: EnvironmentSpec, given: readonly Approval[]): number | null =>
  approvalsExpireAfterMs === undefined || given.length === 0
    ? null
    : Math.min(...given.map(({ at }) => at)) + approvalsExpireAfterMs

const soakedMs = (before: EnvironmentState | null, release: Release['id']): number | null =>
  before?.soaks?.find((one) => one.release === release)?.servedMs ?? null
