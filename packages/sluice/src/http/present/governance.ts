/** Approvals, the line and broken glass as the API tells them. */
import { bundleChanges, migrationsBetween } from '../../core/bundle.ts'
import { missingWithBudgets } from '../../core/governance/approvals.ts'
import type { Finding } from '../../core/governance/policies.ts'
import type { Approval, BrokenGlass, Closure, Stakes } from '../../core/governance/types.ts'
import type { LineState } from '../../core/line.ts'
import type { Commit, Release } from '../../core/model.ts'
import type { Pending } from '../../engine/admission/inbox.ts'
import type {
  ApprovalView,
  BrokenGlassView,
  ChangedView,
  ClosureView,
  LineView,
  PendingView,
  PolicyFindingView,
} from '../client/governance-views.ts'
import type { ReleaseRef } from '../client/views.ts'
import { refOf, type Known } from './releases.ts'

/** A yes. */
export const approvalView = ({ by, at, reason, groups }: Approval): ApprovalView => ({
  by,
  at,
  reason,
  groups: groups ?? [],
})

/** A demand of a policy. */
export const findingView = ({ policy, rule, isMet, detail, hint }: Finding): PolicyFindingView => ({
  policy,
  rule,
  met: isMet,
  detail,
  hint,
})

/** A time in which nothing may come. */
export const closureView = ({ policy, ...closure }: Closure): ClosureView => ({ ...closure, policy: policy ?? null })

/** A broken glass. */
export const brokenGlassView = (
  { rollout, release, by, at, reason, passed, review }: BrokenGlass,
  known: Known,
): BrokenGlassView => ({
  rollout,
  release: refOf(release, known),
  by,
  at,
  reason,
  passed,
  review: review ?? null,
})

/** The line, and what a stop did. */
export const lineView = (line: LineState, rollouts: readonly string[] = []): LineView => ({
  status: line.status,
  by: line.status === 'stopped' ? line.by : null,
  at: line.status === 'stopped' ? line.at : null,
  reason: line.status === 'stopped' ? line.reason : null,
  rollouts,
})

/** What a release changes, by name. */
export const changedView = (
  from: Release | null,
  to: Release | null,
  environment: string,
): Omit<ChangedView, 'commits'> => {
  const changes = to === null ? [] : bundleChanges(from, to, environment)
  const names = (kind: 'config' | 'secret'): readonly string[] =>
    changes.flatMap(({ what, name }) => (what === kind ? [name] : []))
  return {
    migrations: to === null ? [] : migrationsBetween(from, to),
    config: names('config'),
    secrets: names('secret'),
    flags: changes.flatMap(({ what, name, to: now }) =>
      what === 'flag' ? [{ name, change: now === null ? ('removed' as const) : ('added' as const) }] : [],
    ),
  }
}

/** Something that waits for a yes. */
export const pendingView = (pending: Pending, commits: readonly Commit[] | null): PendingView => {
  const { id, kind, environment, release, from, requestedBy, since, quorum, tally, expiresAt } = pending
  const { content } = release
  return {
    id,
    kind,
    environment,
    requestedBy,
    since,
    expiresAt,
    from: from === null ? null : named(from),
    release: named(release),
    commit: content.commit,
    asked: {
      count: quorum.count,
      groups: quorum.groups,
      budgets: pending.budgets,
      notBy: quorum.stakes === null ? [] : staked(quorum.stakes),
    },
    given: tally.counted.map(approvalView),
    void: tally.void.map(({ approval, why }) => ({ by: approval.by, why })),
    missing: missingWithBudgets(tally, pending.budgets),
    rejections: pending.rejections.map(({ by, at, reason }) => ({ by, at, reason })),
    refusals: pending.refusals.map((one) => ({ kind: one.kind, detail: one.detail, hint: one.hint })),
    policies: pending.policies.map(findingView),
    changes: { commits, ...changedView(from, release, environment) },
    evidence: { run: release.cutBy, gates: content.gates ?? [], soakedMs: pending.soakedMs },
    ifRejected: ifRejected(pending),
  }
}

const named = ({ id, content }: Release): ReleaseRef => ({ id, version: content.version })

const staked = ({ author, triggeredBy, requestedBy }: Stakes): PendingView['asked']['notBy'] => [
  { who: author, why: 'wrote the commit' },
  ...(triggeredBy === null ? [] : [{ who: triggeredBy, why: 'started the run that built it' }]),
  ...(requestedBy === null ? [] : [{ who: requestedBy, why: 'asks for the rollout' }]),
]

const ifRejected = ({ kind, environment, release, from }: Pending): string => {
  const { version } = release.content
  if (kind === 'rollout')
    return `the rollout turns back: all traffic goes to ${from?.content.version ?? 'nothing'}, and ${version} is taken down`
  const left = kind === 'queued' ? 'it leaves the queue, and ' : ''
  return `${left}${version} does not get into ${environment} until whoever said no says yes`
}
