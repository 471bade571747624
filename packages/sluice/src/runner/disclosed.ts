/** What of a job goes on record (ledger, API, evidence), held against its secrets: outlets other than the log, which masks for itself. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { CollectedReport } from '../core/evidence/collected.ts'
import { maskReport, type ReportMask } from '../core/evidence/masked.ts'
import { limits } from '../core/limits.ts'
import type { Texts } from '../core/pipeline/job-plan.ts'
import { maskText, type MaskSet } from '../lib/mask.ts'
import { holdsSecret, maskBeginning } from '../lib/masked-texts.ts'
import type { JobOutcome } from '../ports/runner.ts'
import type { LocalJobShell } from './job-shell.ts'

/**
 * Outputs without those that hold a secret; each that is left out is told in the log and in a remark. Those of later jobs that name one get nothing.
 * Source: docs.github.com, "Defining outputs for jobs", 2026-08: "Skip output '…' since it may contain secret", so that all dialects say the same.
 */
export const outputsToTell = (
  outputs: Texts,
  { masks, machine }: { readonly masks: MaskSet; readonly machine: Pick<LocalJobShell, 'note' | 'annotate'> },
): Texts =>
  Object.fromEntries(
    Object.entries(outputs).filter(([name, value]) => {
      if (!holdsSecret(masks, name) && !holdsSecret(masks, value)) return true
      const message = `Skip output '${maskText(masks, name)}' since it may contain secret.`
      machine.note(`Warning: ${message}`)
      machine.annotate({ level: 'warning', title: null, message, file: null, line: null, column: null })
      return false
    }),
  )

/** How a job ended, in words without secrets: names of steps may be made of them, and so may paths in a problem. */
export const endToTell = <End extends Pick<JobOutcome, 'failedStep' | 'problem' | 'steps'>>(
  end: End,
  masks: MaskSet,
): End => {
  const { failedStep, problem, steps } = end
  const masked = (text: string): string => maskText(masks, text)
  return {
    ...end,
    failedStep: failedStep === null ? null : masked(failedStep),
    problem: problem === null ? null : { ...problem, detail: masked(problem.detail) },
    steps: steps.map((step) => ({ ...step, name: masked(step.name) })),
  }
}

/** Where evidence lies while it is read. */
export type EvidencePlace = {
  readonly masks: MaskSet
  /** Where the reports are, by their paths. */
  readonly staging: string
  /** Whether the job has a file of this name. */
  readonly isThere: (path: string) => boolean
}

/**
 * Evidence as it may be kept. A report that cannot be read is told with a piece of it, and where that piece was cut is not known any more: of one that holds a
 * secret, the piece is left out.
 */
export const evidenceToKeep = async (
  reports: readonly CollectedReport[],
  { masks, staging, isThere }: EvidencePlace,
): Promise<readonly CollectedReport[]> => {
  if (masks.automaton() === null) return reports
  const mask: ReportMask = {
    text: (text) => (text.endsWith('…') ? `${maskBeginning(masks, text.slice(0, -1))}…` : maskText(masks, text)),
    path: (path) => (holdsSecret(masks, path) && !isThere(path) ? maskText(masks, path) : path),
  }
  const kept: CollectedReport[] = []
  for (const report of reports) {
    const masked = maskReport(report, mask)
    const isSilent = masked.status === 'unreadable' && (await fileHoldsSecret(join(staging, report.path), masks))
    kept.push(
      isSilent
        ? { ...masked, detail: `${masked.path}: it cannot be read; why is not told, since it holds a secret` }
        : masked,
    )
  }
  return kept
}

/** Of what no reader takes a piece of (a pipe, a file that is too large), no. */
const fileHoldsSecret = async (path: string, masks: MaskSet): Promise<boolean> => {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null)
  if (file === null) return false
  try {
    const found = await file.stat()
    if (!found.isFile() || found.size > limits.reportBytesMax) return false
    return holdsSecret(masks, await file.readFile('utf8'))
  } finally {
    await file.close()
  }
}
