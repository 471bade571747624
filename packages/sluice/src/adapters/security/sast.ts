/**
 * Scanners of other makers, by SARIF. The contract: a command that writes a SARIF 2.1.0 log to a file of the checkout. Its exit code says nothing (makers disagree on it);
 * what counts is that the log is there, was written by this run, and says that the scan was carried out.
 */
import { readFile, rm, stat } from 'node:fs/promises'
import { isAbsolute, matchesGlob, relative, resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { severityOfScore } from '../../core/security/advisory.ts'
import { type Allowance, applyAllowances } from '../../core/security/secrets/allow.ts'
import { broken, type Finding, scanned, type ScanResult, type Severity } from '../../core/security/scan.ts'
import { listOf, recordOf, textOf } from './documents.ts'

/** A scanner and its log. */
export type SastRequest = {
  readonly directory: string
  readonly command: readonly string[]
  /** Relative to the directory. */
  readonly output: string
  readonly allowances: readonly Allowance[]
  /** Epoch ms. */
  readonly now: number
}

/** Runs the scanner and reads its log. `broken` when it is not installed, writes no log, or says that it failed. An older log is removed first, so that it cannot be taken for this one. */
export const runSast = async (request: SastRequest, signal: AbortSignal): Promise<ScanResult> => {
  const [program = '', ...words] = request.command
  const path = resolve(request.directory, request.output)
  const inside = relative(resolve(request.directory), path)
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside))
    return broken(`${request.output} is not in the checkout.`)
  await rm(path, { force: true })
  const { execa } = await import('execa')
  const result = await execa(program, words, {
    cwd: request.directory,
    reject: false,
    cancelSignal: signal,
    stdin: 'ignore',
    preferLocal: true,
  })
  if (result.isCanceled) throw new SluiceError('outcome_unknown', { detail: `${program} was called off` })
  if (result.exitCode === undefined && result.code === 'ENOENT')
    return broken(`${program} is not installed, so that nothing was scanned.`)
  const size = await stat(path).then(
    ({ size }) => size,
    () => null,
  )
  if (size === null)
    return broken(
      `${program} ended with ${result.exitCode ?? result.signal ?? 'nothing'} and wrote no ${request.output}.`,
    )
  if (size > limits.documentBytesMax)
    return broken(`${request.output} has ${size} bytes, at most ${limits.documentBytesMax}.`)
  const read = readSarif(await readFile(path, 'utf8'))
  if (read.status === 'broken') return read
  const kept = applyAllowances(read.findings, request.allowances, { now: request.now, matches: matchesGlob })
  return scanned(kept.findings, {
    ...read.stats,
    allowed: kept.allowed,
    expiredAllowances: kept.expired.length,
    unusedAllowances: kept.unused.length,
  })
}

/** Findings of a SARIF log. Results that the scanner itself suppressed are left out. `broken` for what is no log, has no run, or has one that was not carried out. */
export const readSarif = (text: string): ScanResult => {
  let log: Readonly<Record<string, unknown>>
  try {
    log = recordOf(JSON.parse(text))
  } catch {
    return broken('The SARIF log is no JSON.')
  }
  if (log['version'] !== '2.1.0')
    return broken(`The log says version ${JSON.stringify(log['version'])}, not SARIF 2.1.0.`)
  const runs = listOf(log['runs']).map(recordOf)
  if (runs.length === 0) return broken('The SARIF log holds no run.')
  const findings = runs.flatMap(findingsOfRun)
  const failed = runs
    .flatMap((run) => listOf(run['invocations']).map(recordOf))
    .find((one) => one['executionSuccessful'] === false)
  if (failed !== undefined) {
    const notes = listOf(failed['toolExecutionNotifications']).map((note) =>
      textOf(recordOf(recordOf(note)['message'])['text']),
    )
    return broken(
      `The scanner says that it failed: ${notes.find((note) => note !== null) ?? 'no reason given'}.`,
      findings,
      { runs: runs.length },
    )
  }
  return scanned(findings, { runs: runs.length })
}

const findingsOfRun = (run: Readonly<Record<string, unknown>>): readonly Finding[] => {
  const driver = recordOf(recordOf(run['tool'])['driver'])
  const rules = listOf(driver['rules']).map(recordOf)
  return listOf(run['results'])
    .map(recordOf)
    .filter((result) => !listOf(result['suppressions']).some((one) => recordOf(one)['status'] !== 'rejected'))
    .filter((result) => !['pass', 'notApplicable', 'informational'].includes(String(result['kind'])))
    .map((result) => findingOf(result, rules))
}

const findingOf = (
  result: Readonly<Record<string, unknown>>,
  rules: readonly Readonly<Record<string, unknown>>[],
): Finding => {
  const index = result['ruleIndex']
  const id = textOf(result['ruleId']) ?? textOf(recordOf(result['rule'])['id'])
  const rule = rules.find((one) => one['id'] === id) ?? rules[typeof index === 'number' ? index : -1] ?? {}
  const name = id ?? textOf(rule['id']) ?? 'unnamed'
  const place = recordOf(recordOf(listOf(result['locations'])[0])['physicalLocation'])
  const uri = textOf(recordOf(place['artifactLocation'])['uri'])
  const line = recordOf(place['region'])['startLine']
  const message = textOf(recordOf(result['message'])['text']) ?? name
  const prints = Object.values(recordOf(result['partialFingerprints'])).map(textOf)
  const file = uri === null ? null : pathOf(uri)
  return {
    rule: name,
    severity: severityOf(result, rule),
    message,
    file,
    line: typeof line === 'number' ? line : null,
    commit: null,
    excerpt: null,
    fingerprint: prints.find((print) => print !== null) ?? `${name}:${file ?? ''}:${message}`,
    help: textOf(rule['helpUri']),
  }
}

/** GitHub's security-severity, where the rule has one; else the level, which is `warning` where nobody says (SARIF 2.1.0, 3.27.10). */
const severityOf = (result: Readonly<Record<string, unknown>>, rule: Readonly<Record<string, unknown>>): Severity => {
  const score = Number(recordOf(rule['properties'])['security-severity'] ?? Number.NaN)
  if (!Number.isNaN(score)) return severityOfScore(score)
  const level = textOf(result['level']) ?? textOf(recordOf(rule['defaultConfiguration'])['level']) ?? 'warning'
  return level === 'error' ? 'high' : level === 'warning' ? 'medium' : 'low'
}

const pathOf = (uri: string): string => {
  try {
    return decodeURIComponent(uri.replace(/^file:\/\//, ''))
  } catch {
    return uri
  }
}
