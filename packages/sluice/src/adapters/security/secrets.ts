/** The secret scan: of the commits of a range, or of the files of a working tree. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readFile } from 'node:fs/promises'
import { join, matchesGlob } from 'node:path'
import { createInterface } from 'node:readline'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { type Allowance, allowFile, applyAllowances, parseAllowances } from '../../core/security/secrets/allow.ts'
import { findCandidates } from '../../core/security/secrets/match.ts'
import { findingsOf } from '../../core/security/secrets/scan-text.ts'
import type { ScannedText } from '../../core/security/secrets/types.ts'
import { broken, type Finding, scanned, type ScanResult } from '../../core/security/scan.ts'
import { git } from '../../lib/git.ts'
import { addedTexts, type CommitRange, pieceOf } from './history.ts'
import { loadPreset, type PresetScan } from './secretlint.ts'

/** What is scanned, and what is allowed. */
export type SecretScan = {
  /** The repository, or a folder in it. */
  readonly directory: string
  /** The commits to look at; null for the files of the working tree (all that git tracks, and all that it does not ignore). */
  readonly range: CommitRange | null
  /** Besides the repository's own `.sluice-secrets-allow`. */
  readonly allowances: readonly Allowance[]
  /** Epoch ms; decides which allowances still hold. */
  readonly now: number
}

/**
 * Scans for secrets. `broken` when git cannot read the range (a shallow clone, no repository), or when an allowance cannot be read. Reads only; rejects only
 * when called off.
 */
export const scanSecrets = async (scan: SecretScan, signal: AbortSignal): Promise<ScanResult> => {
  const allowed = await readAllowances(scan.directory)
  if (typeof allowed === 'string') return broken(allowed)
  const preset = await loadPreset()
  const sum: Sum = { findings: new Map(), texts: 0, characters: 0, allowedInline: 0 }
  const texts = scan.range === null ? treeTexts(scan.directory, signal) : addedTexts(scan.directory, scan.range, signal)
  let unread: string | null
  try {
    unread = await scanAll(texts, (text) => scanOne(text, { preset, sum, now: scan.now }))
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code === 'outcome_unknown') throw error
    unread = error.detail
  }
  const found = [...sum.findings.values()]
  const kept = applyAllowances(found, [...allowed, ...scan.allowances], { now: scan.now, matches: matchesGlob })
  const findings = kept.findings.map((finding) => withExpired(finding, kept.expired, scan.now))
  const stats = {
    texts: sum.texts,
    characters: sum.characters,
    allowed: kept.allowed + sum.allowedInline,
    expiredAllowances: kept.expired.length,
    unusedAllowances: kept.unused.length,
  }
  if (unread !== null) return broken(unread, findings, stats)
  return scanned(findings.slice(0, limits.findingsMax), { ...stats, found: findings.length })
}

type Sum = {
  /** By fingerprint and file: the first commit that brought a secret in stands for all later ones. */
  readonly findings: Map<string, Finding>
  texts: number
  characters: number
  allowedInline: number
}

type Generator = AsyncGenerator<ScannedText, { readonly code: number; readonly err: string }>

/** Scans each text; null when all could be read, otherwise why not. */
const scanAll = async (texts: Generator, each: (text: ScannedText) => Promise<void>): Promise<string | null> => {
  for (;;) {
    const next = await texts.next()
    if (next.done !== true) {
      await each(next.value)
      continue
    }
    const { code, err } = next.value
    if (code === 0) return null
    const shallow = 'Fetch the whole history (git fetch --unshallow; fetch-depth: 0) or give a range that is here.'
    return `git could not read what is to be scanned: ${err.trim().split('\n').at(-1) ?? ''}. ${shallow}`
  }
}

const scanOne = async (
  text: ScannedText,
  { preset, sum, now }: { readonly preset: PresetScan; readonly sum: Sum; readonly now: number },
): Promise<void> => {
  sum.texts += 1
  sum.characters += text.text.length
  const lowered = text.text.toLowerCase()
  const candidates = [
    ...(await preset(text.file, text.text, lowered)),
    ...findCandidates(text.file, text.text, lowered),
  ]
  if (candidates.length === 0) return
  const { findings, allowedInline } = findingsOf(text, candidates, { now, sha256 })
  sum.allowedInline += allowedInline
  for (const finding of findings) {
    const key = `${finding.fingerprint} ${finding.file}`
    if (!sum.findings.has(key)) sum.findings.set(key, finding)
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const withExpired = (finding: Finding, expired: readonly Allowance[], now: number): Finding => {
  const { expired: fitting } = applyAllowances([finding], expired, { now, matches: matchesGlob })
  const [first] = fitting
  return first === undefined
    ? finding
    : {
        ...finding,
        message: `${finding.message} It was allowed in ${first.origin} (${first.reason}), and that has run out.`,
      }
}

const readAllowances = async (directory: string): Promise<readonly Allowance[] | string> => {
  const text = await readFile(join(directory, allowFile), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw new SluiceError('unexpected', { detail: `${allowFile} cannot be read: ${error.message}`, cause: error })
  })
  const { allowances, errors } = parseAllowances(text, allowFile)
  return errors.length === 0 ? allowances : errors.map(({ origin, message }) => `${origin}: ${message}`).join('\n')
}

/** Files of the working tree, a large one in pieces. Symbolic links are what they name, so only that is read once. */
const treeTexts = async function* (directory: string, signal: AbortSignal): Generator {
  const listed = await git(directory, ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], signal)
  if (listed.code !== 0) return listed
  for (const file of new Set(listed.out.split('\u0000').filter(Boolean))) {
    const found = await lstat(join(directory, file)).catch(() => null)
    if (found?.isFile() !== true) continue
    if (found.size > limits.secretsTextMax) yield* largeTexts(directory, file, signal)
    else yield* wholeTexts(file, await readFile(join(directory, file), 'utf8'))
  }
  return listed
}

const wholeTexts = (file: string, content: string): readonly ScannedText[] => {
  const lines = content.split(/\r?\n/)
  const isText = content !== '' && !content.includes('\u0000')
  return isText ? [{ file, commit: null, text: lines.join('\n'), lines: lines.map((_, index) => index + 1) }] : []
}

const largeTexts = async function* (directory: string, file: string, signal: AbortSignal): AsyncGenerator<ScannedText> {
  const piece = pieceOf()
  let number = 0
  const input = createReadStream(join(directory, file), { encoding: 'utf8', signal })
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number += 1
    piece.add(line, number)
    if (piece.isFull()) yield* piece.take(file, null, 'more')
  }
  yield* piece.take(file, null, 'end')
}
