/** What somebody has allowed, why, and until when. Nothing is allowed for good. */
import type { Finding } from '../scan.ts'

/** One allowance. A finding must meet every selector that is there. */
export type Allowance = {
  readonly rule: string | null
  /** A glob over paths relative to the repository: `test/fixtures/**`. */
  readonly path: string | null
  readonly fingerprint: string | null
  readonly commit: string | null
  /** Last moment at which it holds, epoch ms. */
  readonly untilMs: number
  readonly reason: string
  /** Where it is written, for messages: `.sluice-secrets-allow:3`. */
  readonly origin: string
}

/** A line that allows nothing because it cannot be read. */
export type AllowanceError = { readonly origin: string; readonly message: string }

/** File of allowances at the root of a repository. */
export const allowFile = '.sluice-secrets-allow'

const form =
  'expected <selector…> <last day, 2027-01-31> <reason>, with selectors rule:, path:, fingerprint: or commit:'

/**
 * Reads a file of allowances: one a line, `path:test/fixtures/** rule:generic-secret 2027-01-31 made-up keys of the parser's tests`. Lines that begin with #
 * are comments. A day counts to its end in UTC.
 */
export const parseAllowances = (
  text: string,
  file: string,
): { readonly allowances: readonly Allowance[]; readonly errors: readonly AllowanceError[] } => {
  const allowances: Allowance[] = []
  const errors: AllowanceError[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const origin = `${file}:${index + 1}`
    const read = parseLine(line.trim(), origin)
    if (typeof read === 'string') errors.push({ origin, message: read })
    else allowances.push(read)
  }
  return { allowances, errors }
}

const parseLine = (line: string, origin: string): Allowance | string => {
  const found = /^(?<selectors>(?:\S+\s+)+?)(?<day>\d{4}-\d{2}-\d{2})(?:\s+(?<reason>\S.*))?$/.exec(line)
  if (found?.groups === undefined) return form
  const { selectors = '', day = '', reason } = found.groups
  const untilMs = Date.parse(`${day}T23:59:59.999Z`)
  if (Number.isNaN(untilMs)) return `there is no day ${day}`
  if (reason === undefined) return 'an allowance needs a reason'
  const selected: Record<string, string> = {}
  for (const word of selectors.trim().split(/\s+/)) {
    const [, kind = '', value = ''] = /^(rule|path|fingerprint|commit):(.+)$/.exec(word) ?? []
    if (kind === '') return `${JSON.stringify(word)} is no selector: ${form}`
    selected[kind] = value
  }
  const of = (kind: string): string | null => selected[kind] ?? null
  return {
    rule: of('rule'),
    path: of('path'),
    fingerprint: of('fingerprint'),
    commit: of('commit'),
    untilMs,
    reason,
    origin,
  }
}

/** What is allowed and what is not. */
export type Allowed = {
  readonly findings: readonly Finding[]
  /** How many findings allowances took away. */
  readonly allowed: number
  /** Allowances whose time is over though something still needs them. */
  readonly expired: readonly Allowance[]
  /** Allowances that nothing needs. */
  readonly unused: readonly Allowance[]
}

/** Takes away what is allowed at `now` (epoch ms). `matches` says whether a path fits a glob. */
export const applyAllowances = (
  findings: readonly Finding[],
  allowances: readonly Allowance[],
  world: { readonly now: number; readonly matches: (path: string, glob: string) => boolean },
): Allowed => {
  const used = new Set<Allowance>()
  const kept = findings.filter((finding) => {
    const fitting = allowances.filter((allowance) => fits(finding, allowance, world.matches))
    for (const allowance of fitting) used.add(allowance)
    return !fitting.some(({ untilMs }) => untilMs >= world.now)
  })
  return {
    findings: kept,
    allowed: findings.length - kept.length,
    expired: [...used].filter(({ untilMs }) => untilMs < world.now),
    unused: allowances.filter((allowance) => !used.has(allowance)),
  }
}

const fits = (
  { rule, file, fingerprint, commit }: Finding,
  allowance: Allowance,
  matches: (path: string, glob: string) => boolean,
): boolean =>
  (allowance.rule === null || allowance.rule === rule) &&
  (allowance.path === null || (file !== null && matches(file, allowance.path))) &&
  (allowance.fingerprint === null || allowance.fingerprint === fingerprint) &&
  (allowance.commit === null || (commit !== null && commit.startsWith(allowance.commit)))

/** A comment on the line itself: `sluice-allow-secret until 2027-01-31: made-up key of a test`. Null where there is none; without a day or a reason it allows nothing. */
export const inlineAllowance = (line: string, origin: string): Allowance | null => {
  const found = /\bsluice-allow-secret until (\d{4}-\d{2}-\d{2}): (\S.{0,200})/.exec(line)
  if (found === null) return null
  const untilMs = Date.parse(`${found[1]}T23:59:59.999Z`)
  if (Number.isNaN(untilMs)) return null
  return { rule: null, path: null, fingerprint: null, commit: null, untilMs, reason: found[2] ?? '', origin }
}
