/** Names of branches. */
import { broken, type Finding, scanned, type ScanResult } from '../security/scan.ts'

/** Which names branches may have. */
export type BranchPolicy = {
  /** Globs: `*` for anything but a slash, `**` for anything; `feature/*`. */
  readonly patterns: readonly string[]
  readonly lengthMax: number
}

/** Judges the name of a branch; `broken` for a checkout that is on none. */
export const judgeBranch = (name: string | null, policy: BranchPolicy): ScanResult => {
  if (name === null)
    return broken('The checkout is on no branch. Say which one it stands for: branch-name needs the option `branch`.')
  const findings: Finding[] = []
  if (!policy.patterns.some((pattern) => matchesPattern(name, pattern)))
    findings.push(finding('branch/pattern', name, `must fit one of ${policy.patterns.join(', ')}`))
  if (name.length > policy.lengthMax)
    findings.push(finding('branch/length', name, `has ${name.length} characters, at most ${policy.lengthMax}`))
  return scanned(findings, { branches: 1 })
}

/** Whether a name fits a glob of branches. */
export const matchesPattern = (name: string, pattern: string): boolean => {
  const parts = pattern.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.*'
    return part === '*' ? '[^/]*' : part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  })
  return new RegExp(`^${parts.join('')}$`).test(name)
}

const finding = (rule: string, name: string, what: string): Finding => ({
  rule,
  severity: 'medium',
  message: `The branch ${JSON.stringify(name)} ${what}.`,
  file: null,
  line: null,
  commit: null,
  excerpt: null,
  fingerprint: `${rule}:${name}`,
  help: null,
})
