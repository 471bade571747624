/** May this release enter this environment now? Each refusal says who or what, and until when. */
import type { EnvironmentState } from './environment.ts'
import type { SloReadings } from './governance/slo.ts'
import type { Closure, Stakes } from './governance/types.ts'
import { approved, line, policies, rejected, ruling, windows } from './governance/refusals.ts'
import type { LineState } from './line.ts'
import type { Actor, EnvironmentSpec, FreezeWindow, Release, ReleaseId, RolloutId } from './model.ts'
import type { Hold } from './hold.ts'
import { isoTime } from './iso-time.ts'
import { limits } from './limits.ts'
import { reluctanceOf, soakLeftMs } from './promotion.ts'
import { aheadInLine } from './queue.ts'
import { cameBack } from './rollback-targets.ts'
import type { Purpose } from './rollout/types.ts'
import { spanText } from './span-text.ts'

/** Every kind of reason why not. */
export type RefusalKind =
  | 'live_rollout'
  | 'locked'
  | 'frozen'
  | 'not_verified'
  | 'approval_missing'
  | 'already_serving'
  | 'soaking'
  | 'pinned'
  | 'not_onward'
  | 'queue_ahead'
  | 'held'
  | 'point_of_no_return'
  | 'line_stopped'
  | 'window_closed'
  | 'rejected'
  /** A policy that time or an act makes hold for this release. */
  | 'policy_pending'
  /** A policy that this release, or whoever asks, does not meet. */
  | 'policy_unmet'

/** Why not. `until` is null where only an act ends it. */
export type Refusal = {
  readonly kind: RefusalKind
  readonly who: string
  readonly until: number | null
  readonly detail: string
  readonly hint: string
}

/** The answer: in, or every reason why not, the most binding first. */
export type Admission =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] }

/** What admission looks at. */
export type AdmissionInput = {
  readonly purpose: Purpose
  readonly release: Release
  readonly spec: EnvironmentSpec
  readonly environment: EnvironmentState
  /** The environment before this one, when there is one. */
  readonly before: EnvironmentState | null
  readonly now: number
  /** What holds the release; absent when nothing does. */
  readonly hold?: Hold | null
  /** Contract migrations that were applied and that the release does not know; see `core/point-of-no-return.ts`. */
  readonly contracts?: readonly string[]
  /** What a person said to pass over, in so many words. */
  readonly overrides?: readonly Override[]
  /** A rollback that somebody declared an emergency goes to any release there is, whether or not it served here. */
  readonly emergency?: 'declared'
  /** Set when nobody asked and Sluice itself wants to: what serves now, null for nothing. */
  readonly automatic?: { readonly serving: Release | null }
  /** Set when it is the turn of this entry of the queue. */
  readonly turnOf?: string
  /** The live rollout that this one would take the place of. */
  readonly replaces?: RolloutId
  /** What governs beside the environment itself; absent where nothing does. */
  readonly governance?: GovernanceInput
}

/** What governance looks at. */
export type GovernanceInput = {
  readonly line: LineState
  /**
   * The environment as the release that serves it resolves it; null for none. Its rules are in force until another release is in, so that none can take away the rules that
   * it has to meet.
   */
  readonly inForce: EnvironmentSpec | null
  /** When nothing may come, from about now on. */
  readonly closures: readonly Closure[]
  /** What the source said about objectives; absent where no policy has one. */
  readonly slos?: SloReadings
  readonly stakes: Stakes
  /** Who asks; null where nobody does yet. */
  readonly asker: { readonly by: Actor; readonly groups: readonly string[] } | null
  /** Somebody goes past what people have put in the way, for a reason that is in the record. */
  readonly glass?: 'broken'
}

/** A refusal that a person may pass over by saying so. */
export type Override = 'held' | 'point_of_no_return'

/**
 * Pure. A rollback is stopped by nothing but a live rollout (which an abort turns into the way back), by serving already, by never having served here, and by the point of no
 * return: it passes lock, freeze, hold, order and approvals because the release that it brings back passed them before.
 */
export const admit = (input: AdmissionInput): Admission => {
  const checks =
    input.purpose === 'rollback'
      ? [serving, live, ...(input.emergency === undefined ? [served] : []), contracted]
      : forward()
  const refusals: Refusal[] = []
  for (const check of checks) for (const refusal of check(input)) refusals.push(refusal)
  const binding = input.governance?.glass === undefined ? refusals : refusals.filter((one) => !isBehindGlass(one))
  return binding.length === 0 ? { kind: 'admitted' } : { kind: 'refused', refusals: binding }
}

/** What people have put in the way, and a broken glass goes past. What is so (a live rollout, the point of no return) stays in the way, and so does a hold, which has its own word. */
export const isBehindGlass = ({ kind }: Refusal): boolean => behindGlass.has(kind)

const behindGlass: ReadonlySet<RefusalKind> = new Set([
  'line_stopped',
  'queue_ahead',
  'locked',
  'frozen',
  'window_closed',
  'not_verified',
  'soaking',
  'approval_missing',
  'rejected',
  'policy_pending',
  'policy_unmet',
])

type Check = (input: AdmissionInput) => readonly Refusal[]

const forward = (): readonly Check[] => [
  serving,
  live,
  line,
  ahead,
  held,
  locked,
  frozen,
  windows,
  verified,
  soaked,
  rejected,
  approved,
  policies,
  automatic,
  contracted,
]

const short = (id: ReleaseId): string => id.slice(0, limits.shortIdLength)

const serving: Check = ({ environment, release }) =>
  environment.serving === release.id && environment.live === null
    ? [
        {
          kind: 'already_serving',
          who: release.content.version,
          until: null,
          detail: `${release.content.version} (${short(release.id)}) already serves ${environment.environment}`,
          hint: `sluice status --env ${environment.environment}`,
        },
      ]
    : []

const live: Check = ({ environment, replaces }) =>
  environment.live === null || environment.live === replaces
    ? []
    : [
        {
          kind: 'live_rollout',
          who: environment.live,
          until: null,
          detail: `rollout ${environment.live} is under way in ${environment.environment}`,
          hint: `sluice rollout watch ${environment.live}   or   sluice rollout abort ${environment.live}`,
        },
      ]

const held: Check = ({ release, hold, overrides, environment }) => {
  if (hold === undefined || hold === null || overrides?.includes('held') === true) return []
  const { version } = release.content
  const where = hold.environment === null ? '' : `, after ${hold.environment}`
  return [
    {
      kind: 'held',
      who: hold.by.name,
      until: null,
      detail: `${version} (${short(release.id)}) is held by ${hold.by.name} since ${isoTime(hold.at)}${where} (${hold.reason ?? 'no reason given'}): ${hold.detail}`,
      hint: `sluice releases unhold ${version} -m "why"   or   sluice deploy ${environment.environment} --release ${version} --despite-hold`,
    },
  ]
}

const contracted: Check = ({ release, contracts = [], overrides, environment, purpose }) => {
  if (contracts.length === 0 || overrides?.includes('point_of_no_return') === true) return []
  const { version } = release.content
  const words =
    purpose === 'rollback' ? `rollback ${environment.environment} --to` : `deploy ${environment.environment} --release`
  return [
    {
      kind: 'point_of_no_return',
      who: contracts.join(', '),
      until: null,
      detail: `${version} (${short(release.id)}) is before the point of no return: ${contracts.join(', ')} took away from the database what it may need`,
      hint: `roll forward, or sluice ${words} ${version} --force-across-contract`,
    },
  ]
}

const locked: Check = ({ environment, now }) => {
  const { lock } = environment
  if (lock === null || (lock.until !== null && lock.until <= now)) return []
  const until = lock.until === null ? 'until it is unlocked' : `until ${isoTime(lock.until)}`
  return [
    {
      kind: 'locked',
      who: lock.by.name,
      until: lock.until,
      detail: `${environment.environment} is locked by ${lock.by.name} since ${isoTime(lock.at)}, ${until}: ${lock.reason}`,
      hint: `sluice env unlock ${environment.environment}`,
    },
  ]
}

const frozen: Check = (input) => {
  const { environment, now } = input
  const [spec, inForce] = ruling(input)
  if (environment.freezes.length + (spec?.freeze.length ?? 0) + (inForce?.freeze.length ?? 0) === 0) return []
  const isNew = (window: FreezeWindow): boolean =>
    spec?.freeze.some(
      ({ from, until, reason }) => from === window.from && until === window.until && reason === window.reason,
    ) !== true
  const configured = [...(spec?.freeze ?? []), ...(inForce?.freeze ?? []).filter(isNew)]
  return [
    ...configured.map((window) => ({ ...window, who: 'sluice.config.ts' })),
    ...environment.freezes.map((window) => ({ ...window, who: window.by.name })),
  ]
    .filter(({ from, until }) => from <= now && now < until)
    .map(({ who, until, reason }) => ({
      kind: 'frozen',
      who,
      until,
      detail: `${environment.environment} is frozen by ${who} until ${isoTime(until)}: ${reason}`,
      hint: `wait until ${isoTime(until)}, or roll back: rollbacks pass a freeze`,
    }))
}

const verified: Check = ({ spec, release, before }) =>
  spec.after === null || before?.verified.includes(release.id)
    ? []
    : [
        {
          kind: 'not_verified',
          who: spec.after,
          until: null,
          detail: `${release.content.version} (${short(release.id)}) has not succeeded in ${spec.after}, which comes before ${spec.name}`,
          hint: `sluice deploy ${spec.after} --release ${short(release.id)}`,
        },
      ]

const served: Check = ({ spec, release, environment }) =>
  [environment.previous, ...environment.kept, ...environment.verified].includes(release.id)
    ? []
    : [
        {
          kind: 'not_verified',
          who: spec.name,
          until: null,
          detail: `${release.content.version} (${short(release.id)}) never served ${spec.name}; a rollback only brings back what did`,
          hint: `sluice deploy ${spec.name} --release ${short(release.id)}`,
        },
      ]

/** Who came before goes before, unless it had its turn and still waits. */
const ahead: Check = ({ environment, turnOf }) => {
  const [first] = turnOf === undefined && environment.live === null ? aheadInLine(environment) : []
  if (first === undefined) return []
  return [
    {
      kind: 'queue_ahead',
      who: first.by.name,
      until: null,
      detail: `${first.by.name} is before you in the queue of ${environment.environment} with ${short(first.release)}`,
      hint: `sluice env queue ${environment.environment}`,
    },
  ]
}

const soaked: Check = ({ spec, release, before }) => {
  const leftMs = soakLeftMs(spec, before, release.id)
  if (spec.after === null || leftMs === 0 || before?.verified.includes(release.id) !== true) return []
  const soakMs = spec.promotion?.soakMs ?? 0
  const detail = `${release.content.version} (${short(release.id)}) has served ${spec.after} for ${spanText(soakMs - leftMs)} of the ${spanText(soakMs)} that ${spec.name} asks for`
  // No time is promised: it counts only while it serves there and somebody looks.
  return [{ kind: 'soaking', who: spec.after, until: null, detail, hint: `sluice env show ${spec.after}` }]
}

const automatic: Check = ({ environment, release, automatic: asked }) => {
  if (asked === undefined) return []
  const { version } = release.content
  const detail = `the last rollout of ${version} in ${environment.environment} came back; only a person brings it again`
  const reluctance = cameBack(environment, release.id)
    ? ({ kind: 'not_onward', who: version, detail } as const)
    : reluctanceOf(environment, { release, serving: asked.serving })
  return reluctance === null
    ? []
    : [{ ...reluctance, until: null, hint: `sluice promote ${environment.environment} --release ${short(release.id)}` }]
}
