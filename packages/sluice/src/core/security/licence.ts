/** Which licences a project takes in. */
import { type Allowance, applyAllowances } from './secrets/allow.ts'
import { type Finding, scanned, type ScanResult } from './scan.ts'

/** An SPDX licence expression, parsed. Source: SPDX 3.0, annex B. */
export type LicenceExpression =
  | { readonly license: string; readonly plus?: true | undefined; readonly exception?: string | undefined }
  | { readonly left: LicenceExpression; readonly conjunction: 'and' | 'or'; readonly right: LicenceExpression }

/** Licence of an installed package. */
export type PackageLicence = {
  readonly name: string
  readonly version: string
  /** Null: nothing, or nothing that SPDX knows. */
  readonly expression: LicenceExpression | null
  /** What the package says, as it is written; empty for nothing. */
  readonly written: string
  /** Its folder, relative to the repository. */
  readonly folder: string
}

/** The rule: with `allow`, everything else is refused; with `deny`, everything else is taken. `deny` wins. */
export type LicencePolicy = {
  /** SPDX ids; null for any that is not denied. */
  readonly allow: readonly string[] | null
  readonly deny: readonly string[]
  /** Whether packages without a known licence pass. */
  readonly unknown: 'refuse' | 'allow'
}

/** Judges the licences of packages. Of `A OR B` one has to be fine, of `A AND B` both; an allowance names a package as its path: `path:left-pad`. */
export const judgeLicences = (
  packages: readonly PackageLicence[],
  policy: LicencePolicy,
  world: { readonly allowances: readonly Allowance[]; readonly now: number },
): ScanResult => {
  const findings = packages.flatMap((one): readonly Finding[] => {
    if (one.expression === null)
      return policy.unknown === 'allow'
        ? []
        : [
            findingOf(
              one,
              'licence/unknown',
              `says ${one.written === '' ? 'nothing about its licence' : JSON.stringify(one.written.slice(0, 100))}`,
            ),
          ]
    return isTaken(one.expression, policy)
      ? []
      : [findingOf(one, 'licence/refused', `is under ${one.written}, which the policy does not take`)]
  })
  const matches = (folder: string, glob: string): boolean => folder === glob || folder.endsWith(`node_modules/${glob}`)
  const kept = applyAllowances(findings, world.allowances, { now: world.now, matches })
  return scanned(kept.findings, {
    packages: packages.length,
    licences: new Set(packages.map(({ written }) => written)).size,
    allowed: kept.allowed,
    expiredAllowances: kept.expired.length,
    unusedAllowances: kept.unused.length,
  })
}

/** Whether the policy takes an expression. */
const isTaken = (expression: LicenceExpression, policy: LicencePolicy): boolean => {
  if ('conjunction' in expression) {
    const [left, right] = [isTaken(expression.left, policy), isTaken(expression.right, policy)]
    return expression.conjunction === 'or' ? left || right : left && right
  }
  const { license, plus, exception } = expression
  // An exception only ever adds permissions: where it is taken by name, it does not matter that its licence alone is not.
  if (exception !== undefined && policy.allow?.includes(`${license} WITH ${exception}`) === true) return true
  const names = plus === true ? [license, `${license}+`] : [license]
  const isListed = (list: readonly string[]): boolean => names.some((name) => list.includes(name))
  return !isListed(policy.deny) && (policy.allow === null || isListed(policy.allow))
}

const findingOf = (one: PackageLicence, rule: string, what: string): Finding => ({
  rule,
  severity: 'medium',
  message: `${one.name} ${one.version} ${what}.`,
  file: one.folder,
  line: null,
  commit: null,
  excerpt: null,
  fingerprint: `${rule}:${one.name}@${one.version}`,
  help: null,
})
