/** The dependency audit: against a database of advisories on this machine, or by npm's own audit. */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { matchAdvisories, severityOfWord } from '../../core/security/advisory.ts'
import type { Lockfile } from '../../core/security/component.ts'
import { type Allowance, applyAllowances } from '../../core/security/secrets/allow.ts'
import { broken, type Finding, scanned, type ScanResult } from '../../core/security/scan.ts'
import { readDatabase } from './advisories.ts'
import { listOf, recordOf, textOf } from './documents.ts'
import { readLockfile } from './lockfile.ts'

/** What is audited, and against what. */
export type AuditRequest = {
  readonly directory: string
  /** Null: the first lockfile of the folder. */
  readonly lockfile: string | null
  /** A folder of OSV records (`*.json`, for instance the unpacked `all.zip` of the ecosystem npm); null for none. */
  readonly database: string | null
  /** A database whose newest record is older than this is `broken`; milliseconds. */
  readonly databaseAgeMaxMs: number
  /** Whether `npm audit` may ask the registry that npm is set up with when there is no database. */
  readonly registry: 'ask' | 'never'
  /** Whether packages that are only for development count. */
  readonly development: 'include' | 'exclude'
  readonly allowances: readonly Allowance[]
  /** Epoch ms. */
  readonly now: number
}

/** Audits the dependencies of a folder. Without a database and without an answering registry the result is `broken`, never `ok`. */
export const auditDependencies = async (request: AuditRequest, signal: AbortSignal): Promise<ScanResult> => {
  let lockfile: Lockfile
  try {
    lockfile = await readLockfile(request.directory, request.lockfile)
  } catch (error) {
    if (error instanceof SluiceError) return broken([error.detail, error.hint].filter(Boolean).join(' '))
    throw error
  }
  const counted =
    request.development === 'include'
      ? lockfile
      : { ...lockfile, components: lockfile.components.filter(({ scope }) => scope !== 'excluded') }
  const found = await findingsOf(counted, request, signal)
  if (typeof found === 'string') return broken(found, [], { components: counted.components.length })
  const kept = applyAllowances(found.findings, request.allowances, { now: request.now, matches: () => false })
  return scanned(kept.findings, {
    components: counted.components.length,
    advisories: found.advisories,
    allowed: kept.allowed,
    expiredAllowances: kept.expired.length,
    unusedAllowances: kept.unused.length,
  })
}

type Found = { readonly findings: readonly Finding[]; readonly advisories: number }

const findingsOf = async (lockfile: Lockfile, request: AuditRequest, signal: AbortSignal): Promise<Found | string> => {
  if (request.database !== null) {
    const names = new Set(lockfile.components.map(({ name }) => name))
    const database = await readDatabase(request.database, names, signal)
    if (typeof database === 'string') return database
    const ageMs = request.now - database.newest
    if (ageMs > request.databaseAgeMaxMs)
      return `The newest advisory in ${request.database} is ${Math.floor(ageMs / 86_400_000)} days old. Fetch the database again.`
    const findings = matchAdvisories(lockfile, database.advisories, database.scoreOf)
    return { findings, advisories: database.count }
  }
  if (request.registry === 'never')
    return 'There is no advisory database and no registry may be asked. Set `database` to a folder of OSV records.'
  if (lockfile.kind !== 'npm')
    return `${lockfile.file} is audited against a database only. Set \`database\` to a folder of OSV records.`
  return npmAudit(lockfile, request, signal)
}

const npmAudit = async (lockfile: Lockfile, request: AuditRequest, signal: AbortSignal): Promise<Found | string> => {
  const { execa } = await import('execa')
  const omit = request.development === 'exclude' ? ['--omit=dev'] : []
  const result = await execa('npm', ['audit', '--json', '--package-lock-only', ...omit], {
    cwd: request.directory,
    reject: false,
    cancelSignal: signal,
    timeout: limits.auditDeadlineMs,
    stdin: 'ignore',
  })
  if (result.isCanceled) throw new SluiceError('outcome_unknown', { detail: 'npm audit was called off' })
  if (result.exitCode === undefined)
    return result.timedOut
      ? `npm audit had no answer within ${limits.auditDeadlineMs / 1000} s. Set \`database\` to a folder of OSV records.`
      : 'npm is not installed, so that nothing was audited. Install it, or set `database` to a folder of OSV records.'
  return parseNpmAudit(result.stdout, lockfile)
}

/** Findings of what `npm audit --json` printed (report version 2); a sentence where it is no report, for instance because no registry answered. */
export const parseNpmAudit = (text: string, lockfile: Lockfile): Found | string => {
  let report: Readonly<Record<string, unknown>>
  try {
    report = recordOf(JSON.parse(text))
  } catch {
    return 'npm audit printed no report.'
  }
  if (report['auditReportVersion'] !== 2) {
    const detail = textOf(recordOf(report['error'])['summary']) ?? textOf(report['message']) ?? 'it gave no report'
    return `npm audit could not ask the registry: ${detail}. Set \`database\` to a folder of OSV records.`
  }
  const findings = Object.values(recordOf(report['vulnerabilities'])).flatMap((value) =>
    ofVulnerability(recordOf(value), lockfile),
  )
  return { findings, advisories: findings.length }
}

/** A vulnerability names its advisories in `via`; texts there are other packages, which have an entry of their own. */
const ofVulnerability = (entry: Readonly<Record<string, unknown>>, lockfile: Lockfile): readonly Finding[] =>
  listOf(entry['via']).flatMap((via): readonly Finding[] => {
    const advisory = recordOf(via)
    const name = textOf(advisory['name'])
    const title = textOf(advisory['title'])
    if (name === null || title === null) return []
    const url = textOf(advisory['url'])
    const id = /GHSA(?:-[0-9a-z]{4}){3}/.exec(url ?? '')?.[0] ?? `npm-${String(advisory['source'])}`
    const component = lockfile.components.find((one) => one.name === name)
    const fix = entry['fixAvailable'] === false ? 'No version without it is known.' : 'npm audit fix changes it.'
    return [
      {
        rule: id,
        severity: severityOfWord(textOf(advisory['severity']) ?? ''),
        message: `${name} ${textOf(advisory['range']) ?? ''}: ${title}. ${fix}`,
        file: lockfile.file,
        line: component?.line ?? null,
        commit: null,
        excerpt: null,
        fingerprint: `${id}:${name}`,
        help: url,
      },
    ]
  })
