/** The gate over licences of dependencies. */
import { contentsOf } from '../collected.ts'
import { matchesWildcard } from '../glob.ts'
import { type LicenceExpression, parseLicence } from '../spdx.ts'
import type { PackageLicence } from '../types.ts'
import type { GateDetail, GateVerdict, LicenceException, LicencesGate } from './types.ts'
import { brokenVerdict, counted, excuseText, type GateInput, holds, verdictOf } from './verdict.ts'

/** Judges every package. One without a licence, or with a text that is none, is against the policy: nobody may use what nobody was allowed to. */
export const judgeLicences = (gate: LicencesGate, input: GateInput): GateVerdict => {
  const common = {
    gate: 'licences',
    kind: 'licences',
    unit: 'packages',
    threshold: 0,
    bound: 'at_most',
    waiver: gate.waiver,
    evidence: ['licences'],
  } as const
  const packages = distinct(contentsOf(input.reports, 'licences').flatMap((content) => content.packages))
  if (packages.length === 0) return brokenVerdict(common, input, 'there is no list of licences with a package in it')
  const bad = packages.flatMap((one) => {
    const why = refusal(one, gate)
    return why === null ? [] : [{ one, why }]
  })
  const details = bad.map(({ one, why }): GateDetail => {
    const excuse = gate.exceptions.find((entry) => isNamed(one, entry) && holds(entry, input.at))
    return {
      text: `${labelOf(one)}: ${why}`,
      file: null,
      line: null,
      excusedBy: excuse === undefined ? null : excuseText(excuse),
    }
  })
  const counting = details.filter(({ excusedBy }) => excusedBy === null).length
  const excused = details.length - counting
  const sentence = `${counting === 0 ? 'no' : counting} of ${counted(packages.length, 'package')} ${counting === 1 ? 'has' : 'have'} a licence against the policy${excused === 0 ? '' : `; ${excused} excused`}`
  return verdictOf({ ...common, isMet: counting === 0, sentence, measured: counting, details, excuses: excused }, input)
}

const labelOf = ({ name, version }: PackageLicence): string => (version === null ? name : `${name}@${version}`)

const distinct = (packages: readonly PackageLicence[]): readonly PackageLicence[] => [
  ...new Map(packages.map((one) => [`${labelOf(one)}|${one.licence ?? ''}`, one])).values(),
]

const isNamed = (one: PackageLicence, entry: LicenceException): boolean =>
  [one.name, labelOf(one)].some((text) => matchesWildcard(text, entry.package))

const refusal = ({ licence }: PackageLicence, policy: LicencesGate): string | null => {
  if (licence === null || licence.trim() === '') return 'no licence'
  const expression = parseLicence(licence)
  if (expression === null) return `${JSON.stringify(licence)} is no SPDX expression`
  return isAllowed(expression, policy) ? null : licence
}

/** Of alternatives one must be allowed, of licences that bind together all. */
const isAllowed = (expression: LicenceExpression, policy: Pick<LicencesGate, 'allow' | 'deny'>): boolean => {
  if (expression.kind !== 'licence') {
    const isPartAllowed = (part: LicenceExpression): boolean => isAllowed(part, policy)
    return expression.kind === 'or' ? expression.parts.some(isPartAllowed) : expression.parts.every(isPartAllowed)
  }
  const { id, exception } = expression
  // A licence with an exception is a licence of its own: it must be named with it, or its licence must be fine without.
  const names = exception === null ? [id] : [`${id} WITH ${exception}`, id]
  const isIn = (list: readonly string[], name: string): boolean =>
    list.some((entry) => matchesWildcard(name.toLowerCase(), entry.toLowerCase()))
  const [full = id] = names
  if (isIn(policy.deny, full)) return false
  if (policy.allow.length > 0) return isIn(policy.allow, full) || (!isIn(policy.deny, id) && isIn(policy.allow, id))
  return !isIn(policy.deny, id)
}
