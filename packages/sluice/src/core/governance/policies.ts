/** Policies: whether what a team wrote down holds, and what would make it hold. */
import type { EnvironmentState, Passage } from '../environment.ts'
import { isoTime } from '../iso-time.ts'
import { type Actor, type Release, sluice } from '../model.ts'
import { spanText } from '../span-text.ts'
import { isSamePerson } from './people.ts'
import { budgetOf, sloKey, type SloReadings } from './slo.ts'
import type { Policy } from './types.ts'

/** What a policy is held against. */
export type PolicyFacts = {
  readonly release: Release
  readonly environment: EnvironmentState
  /** The environment before, when there is one. */
  readonly before: EnvironmentState | null
  /** Who asks; null where nobody does yet. */
  readonly asker: { readonly by: Actor; readonly groups: readonly string[] } | null
  readonly now: number
  /** What the source said about objectives; absent where nobody asked it. */
  readonly slos?: SloReadings | undefined
  /** Who approved the release and has no stake in it; absent where nobody looked. */
  readonly approvedBy?: readonly string[]
}

/** One demand of a policy. `mayPass`: time or an act makes it hold for the same release. */
export type Finding = {
  readonly policy: string
  readonly rule: 'gates' | 'verified' | 'soak' | 'who' | 'errorBudget' | 'slo'
  readonly isMet: boolean
  readonly detail: string
  /** What to do about it; empty when it is met. */
  readonly hint: string
  readonly mayPass: boolean
  /** A person's yes to the release makes it hold. */
  readonly asksApproval?: true
  /** When it holds by itself, epoch ms; null where only an act does it. */
  readonly until: number | null
}

/** Every demand of these policies, met or not, in their order. */
export const findingsOf = (policies: readonly Policy[], facts: PolicyFacts): readonly Finding[] =>
  policies.flatMap((policy) => [
    ...gates(policy, facts),
    ...verified(policy, facts),
    ...soak(policy, facts),
    ...who(policy, facts),
    ...errorBudget(policy, facts),
    ...slo(policy, facts),
  ])

/** Releases that were taken back in an environment since a moment, newest first: what came back by itself or by a person, and what a rollback took away. */
const takenBackSince = (history: readonly Passage[], since: number): readonly Passage[] =>
  history.filter(
    ({ at, outcome, purpose, superseded }) =>
      at > since &&
      (purpose === 'rollback' ? outcome === 'succeeded' : outcome === 'rolled_back' && superseded !== true),
  )

type Rule = (policy: Policy, facts: PolicyFacts) => readonly Finding[]

const gates: Rule = ({ name: policy, gates: wanted }, { release }) =>
  (wanted ?? []).map((gate) => {
    const status = release.content.gates?.find((one) => one.gate === gate)?.status
    const isMet = status === 'pass'
    const { version } = release.content
    const found = status === 'waived' ? 'was waived' : isMet ? 'passed' : 'is not among the gates of its run'
    return {
      policy,
      rule: 'gates' as const,
      isMet,
      detail: `gate ${gate} ${found} for ${version}`,
      hint: isMet ? '' : `make gate ${gate} pass, then cut a new release: sluice run`,
      mayPass: false,
      until: null,
    }
  })

const verified: Rule = ({ name: policy, verified: isAsked }, { release, before }) => {
  if (isAsked === undefined) return []
  const last = before?.verification
  const isMet = last !== undefined && last.release === release.id && last.outcome === 'passed'
  const where = before?.environment ?? 'an environment before this one'
  const found = isMet
    ? 'passed'
    : last?.release === release.id
      ? `${last.outcome} (${last.notPassed.join(', ')})`
      : 'were not made'
  const detail = `the checks of ${where} ${found} for ${release.content.version}`
  const hint = isMet ? '' : `sluice verify ${where}`
  return [{ policy, rule: 'verified', isMet, detail, hint, mayPass: true, until: null }]
}

const soak: Rule = ({ name: policy, soakMs }, { release, before }) => {
  if (soakMs === undefined) return []
  const servedMs = before?.soaks?.find((one) => one.release === release.id)?.servedMs ?? 0
  const isMet = servedMs >= soakMs
  const where = before?.environment ?? 'an environment before this one'
  const detail = `${release.content.version} has served ${where} for ${spanText(servedMs)} of ${spanText(soakMs)}`
  const hint = isMet ? '' : `let it serve ${where}: sluice env show ${where}`
  return [{ policy, rule: 'soak', isMet, detail, hint, mayPass: true, until: null }]
}

/** What Sluice does by itself was allowed by who configured it; another program is nobody special. */
const who: Rule = ({ name: policy, who: allowed }, { asker }) => {
  if (allowed === undefined) return []
  const { groups, people } = allowed
  const isMet =
    asker !== null &&
    ((asker.by.kind === 'system' && asker.by.name === sluice.name) ||
      people.some((name) => isSamePerson(name, asker.by.name)) ||
      groups.some((group) => asker.groups.includes(group)))
  const names = [...groups.map((group) => `the group ${group}`), ...people].join(' or ')
  const asks = asker === null ? 'nobody asks yet' : `${asker.by.name} asks`
  const hint = isMet ? '' : `have it asked for by ${names}`
  return [{ policy, rule: 'who', isMet, detail: `${names} may ask; ${asks}`, hint, mayPass: false, until: null }]
}

const errorBudget: Rule = ({ name: policy, errorBudget: budget }, { environment, now }) => {
  if (budget === undefined) return []
  const taken = takenBackSince(environment.history, now - budget.withinMs)
  const isMet = taken.length < budget.rollbacks
  const span = spanText(budget.withinMs)
  const oldest = taken[budget.rollbacks - 1]
  const until = isMet || oldest === undefined ? null : oldest.at + budget.withinMs
  const detail = `${taken.length} of at most ${budget.rollbacks} release(s) were taken back in ${environment.environment} within ${span}`
  const hint =
    until === null
      ? ''
      : `wait until ${isoTime(until)}, or bring a fix: sluice deploy ${environment.environment} --break-glass "why"`
  return [{ policy, rule: 'errorBudget', isMet, detail, hint, mayPass: true, until }]
}

/** Spent, a person may say yes where the rule lets them; unmeasured, nobody can say what they would say yes to. */
const slo: Rule = ({ name: policy, slo: rule }, { release, environment, slos, approvedBy = [] }) => {
  if (rule === undefined) return []
  const place = environment.environment
  const { kind, detail } = budgetOf(rule, { reading: slos?.[sloKey(rule)], isServing: environment.serving !== null })
  const asksApproval = kind === 'spent' && rule.whenSpent === 'approve'
  const isMet = kind === 'left' || (asksApproval && approvedBy.length > 0)
  const past = `sluice deploy ${place} --break-glass "why"`
  const hint = isMet
    ? ''
    : kind === 'unmeasured'
      ? `make the source answer (metrics of ${place}); no measurement is no pass; ${past}`
      : asksApproval
        ? `sluice approve ${release.content.version} --env ${place} -m "why"`
        : `wait until fewer requests of the window were bad, or bring a fix: ${past}`
  const said = asksApproval && isMet ? `; approved all the same by ${approvedBy.join(', ')}` : ''
  const found = { policy, rule: 'slo', isMet, detail: `${detail}${said}`, hint, mayPass: true, until: null } as const
  return [asksApproval ? { ...found, asksApproval } : found]
}
