/** Which approvals count, and whether they are enough. An approval is a person's, for one exact release, by somebody who has no stake in it. */
import type { EnvironmentSpec } from '../model.ts'
import { isValidApproval } from '../promotion.ts'
import { stakeOf } from './people.ts'
import type { Approval, GroupQuorum, Stakes } from './types.ts'

/** How many, of which groups. */
export type Quorum = {
  readonly count: number
  readonly groups: readonly GroupQuorum[]
  /** Whose word does not count; null where everybody's does. */
  readonly stakes: Stakes | null
}

/** What has been given, and what is missing. */
export type Tally = {
  readonly isMet: boolean
  readonly counted: readonly Approval[]
  /** Given, and why it does not count. */
  readonly void: readonly { readonly approval: Approval; readonly why: string }[]
  readonly missing: number
  readonly missingGroups: readonly GroupQuorum[]
}

/** What an environment asks for. Groups that ask for more than the number are enough reason to ask for more. */
export const quorumOf = ({ approvals, governance }: EnvironmentSpec, stakes: Stakes | null): Quorum => ({
  count: approvals,
  groups: governance?.groups ?? [],
  stakes: governance?.selfApproval === 'allowed' ? null : stakes,
})

/** Why one approval does not count; null when it does. */
export const whyVoid = ({ by }: Pick<Approval, 'by'>, stakes: Stakes | null): string | null => {
  if (by.kind !== 'person') return 'is no person'
  return stakes === null ? null : stakeOf(by, stakes)
}

/** Counts what was given. Everybody counts once. */
export const tally = ({ count, groups, stakes }: Quorum, given: readonly Approval[]): Tally => {
  const judged = given.map((approval) => ({ approval, why: whyVoid(approval, stakes) }))
  const valid = judged.flatMap(({ approval, why }) => (why === null ? [approval] : []))
  const counted = valid.filter(
    ({ by }, index) => valid.findIndex((other) => other.by.name.toLowerCase() === by.name.toLowerCase()) === index,
  )
  const missing = Math.max(0, count - counted.length)
  const missingGroups = groups.flatMap(({ group, count: wanted }) => {
    const have = counted.filter((approval) => approval.groups?.includes(group) === true).length
    return have >= wanted ? [] : [{ group, count: wanted - have }]
  })
  return {
    isMet: missing === 0 && missingGroups.length === 0,
    counted,
    void: judged.flatMap(({ approval, why }) => (why === null ? [] : [{ approval, why }])),
    missing,
    missingGroups,
  }
}

/** The approvals of a release that have not run out. */
export const standing = (
  approvals: readonly Approval[],
  {
    release,
    spec,
    now,
  }: { readonly release: Approval['release']; readonly spec: EnvironmentSpec; readonly now: number },
): readonly Approval[] =>
  approvals.filter((approval) => approval.release === release && isValidApproval(spec, approval, now))

/** What is missing, in words: `1 approval, of the group security`. */
export const missingText = ({ missing, missingGroups }: Pick<Tally, 'missing' | 'missingGroups'>): string => {
  const parts = missingGroups.map(({ group, count }) => `${count} of the group ${group}`)
  const others = missing - Math.max(0, ...missingGroups.map(({ count }) => count))
  return [...parts, ...(others > 0 ? [parts.length === 0 ? approvalsText(others) : `${others} more`] : [])].join(
    ' and ',
  )
}

/** The same, where policies ask for a yes because their error budget is spent: any approval that counts is one for them, too. */
export const missingWithBudgets = (
  lacking: Pick<Tally, 'missing' | 'missingGroups'>,
  budgets: readonly string[],
): string => {
  const text = missingText(lacking)
  if (budgets.length === 0) return text
  const spent = `the spent error budget of ${budgets.map((policy) => `policy ${policy}`).join(' and ')}`
  return text === '' ? `1 approval for ${spent}` : `${text}; a yes counts for ${spent}, too`
}

/** `1 approval`, `2 approvals`. */
export const approvalsText = (count: number): string => `${count} approval${count === 1 ? '' : 's'}`
