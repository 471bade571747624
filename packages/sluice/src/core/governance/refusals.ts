/** The checks of admission that are about people and time: the line, windows, a no, approvals, policies. A way back asks none of them. */
import type { AdmissionInput, Refusal } from '../admission.ts'
import { isoTime } from '../iso-time.ts'
import { limits } from '../limits.ts'
import type { EnvironmentSpec, Release, ReleaseId } from '../model.ts'
import { approvalsText, missingText, quorumOf, standing, type Tally, tally } from './approvals.ts'
import { type Finding, findingsOf } from './policies.ts'
import { closedAt, closureText, opensAt } from './windows.ts'

type Check = (input: AdmissionInput) => readonly Refusal[]

const short = (id: ReleaseId): string => id.slice(0, limits.shortIdLength)

/** Somebody stopped the line. */
export const line: Check = ({ governance }) => {
  const state = governance?.line
  if (state === undefined || state.status === 'running') return []
  const detail = `${state.by.name} stopped the line since ${isoTime(state.at)}: ${state.reason}; only ways back pass`
  return [{ kind: 'line_stopped', who: state.by.name, until: null, detail, hint: 'sluice resume -m "why"' }]
}

/** The rules of the release that comes, and those in force. */
export const ruling = ({ spec, governance }: AdmissionInput): readonly EnvironmentSpec[] => {
  const inForce = governance?.inForce ?? null
  return inForce === null ? [spec] : [spec, inForce]
}

/** Windows. */
export const windows: Check = ({ spec, governance, now }) => {
  const closures = governance?.closures ?? []
  const [first, ...more] = closedAt(closures, now)
  if (first === undefined) return []
  const until = opensAt(closures, now)
  const detail = `${spec.name} is ${[first, ...more].map(closureText).join('; ')}`
  const hint =
    until === null
      ? `sluice env show ${spec.name}`
      : `wait until ${isoTime(until)}, or sluice deploy ${spec.name} --queue`
  return [{ kind: 'window_closed', who: first.policy ?? 'sluice.config.ts', until, detail, hint }]
}

/** Somebody said no. */
export const rejected: Check = ({ environment, release }) =>
  (environment.rejections ?? [])
    .filter((one) => one.release === release.id)
    .map(({ by, at, reason }) => ({
      kind: 'rejected' as const,
      who: by.name,
      until: null,
      detail: `${by.name} rejected ${release.content.version} (${short(release.id)}) for ${environment.environment} at ${isoTime(at)}: ${reason}`,
      hint: `mend it and cut a new release, or have ${by.name} approve it: sluice approve ${short(release.id)} --env ${environment.environment}`,
    }))

/** Policies. The same demand of the release that comes and of the one that serves is one demand. */
export const policies: Check = (input) => {
  const { release, environment, before, now, governance } = input
  if (ruling(input).every((spec) => spec.governance?.policies === undefined)) return []
  const { slos, asker = null } = governance ?? {}
  const found = ruling(input).flatMap((spec) => {
    const facts = { release, environment, before, asker, now, slos, approvedBy: approvedBy(input, spec) }
    return findingsOf(spec.governance?.policies ?? [], facts)
  })
  const unmet = found.filter(({ isMet }) => !isMet)
  return unmet
    .filter((one, index) => unmet.findIndex((other) => other.detail === one.detail) === index)
    .map(policyRefusal)
}

/** Who said yes to it and has no stake in it. */
export const approvedBy = (
  { environment, release, governance, now }: Pick<AdmissionInput, 'environment' | 'release' | 'governance' | 'now'>,
  spec: EnvironmentSpec,
): readonly string[] =>
  tally(
    quorumOf(spec, governance?.stakes ?? null),
    standing(environment.approvals, { release: release.id, spec, now }),
  ).counted.map(({ by }) => by.name)

/** Soak is waited for like any other, by queues, jobs and trains. */
const policyRefusal = ({ policy, rule, detail, hint, mayPass, until, asksApproval }: Finding): Refusal => ({
  kind:
    rule === 'soak'
      ? 'soaking'
      : asksApproval === true
        ? 'approval_missing'
        : mayPass
          ? 'policy_pending'
          : 'policy_unmet',
  who: policy,
  until,
  detail: `policy ${policy}: ${detail}`,
  hint,
})

/** Approvals. Of the release that comes and the one that serves, whichever asks for more. */
export const approved: Check = (input) => {
  const { release, environment, governance, now } = input
  const stakes = governance?.stakes ?? null
  const asking = ruling(input).filter((spec) => spec.approvals > 0 || spec.governance?.groups !== undefined)
  const lacking = asking.flatMap((spec) => {
    const given = standing(environment.approvals, { release: release.id, spec, now })
    const counted = tally(quorumOf(spec, stakes), given)
    return counted.isMet ? [] : [{ spec, counted }]
  })
  const [first] = lacking.toSorted((a, b) => b.counted.missing - a.counted.missing)
  return first === undefined ? [] : [approvalMissing(first, release)]
}

const approvalMissing = (
  { spec, counted }: { readonly spec: EnvironmentSpec; readonly counted: Tally },
  { id, content }: Release,
): Refusal => {
  const names = counted.counted.map(({ by }) => by.name).join(', ')
  const given = names === '' ? 'nobody' : names
  const not = counted.void.map(({ approval, why }) => `; ${approval.by.name} does not count: ${why}`).join('')
  const asks = `${spec.name} asks for ${approvalsText(spec.approvals)} of ${content.version} (${short(id)})`
  return {
    kind: 'approval_missing',
    who: names === '' ? 'nobody yet' : names,
    until: null,
    detail: `${asks}; given by: ${given}; missing: ${missingText(counted)}${not}`,
    hint: `sluice approve ${short(id)} --env ${spec.name} -m "why"`,
  }
}
