/** Errors for people: what · why · evidence · now · one command next. */
import { errorTable, publicCode, type SluiceError } from '../../core/errors.ts'
import { stripControl } from './plain.ts'
import { type Style, wrap } from './style.ts'

/** An error as lines. `now`: the state of the environment it is about, observed after it happened. */
export const errorLines = (error: SluiceError, now: string | null, style: Style): readonly string[] => {
  const code = publicCode(error.code)
  const { means } = errorTable[error.code]
  return reportLines(
    {
      mark: 'failed',
      what: `${style.bold(code)}  ${means}`,
      why: error.detail,
      evidence: error.evidence,
      now,
      next: error.hint,
      // A code that its own sentence explains needs no pointer; evidence makes one worth reading.
      more: `sluice explain ${code}`,
    },
    style,
  )
}

/** What a report says. Null lines are left out. */
export type Report = {
  readonly mark: 'failed' | 'done' | 'warn' | 'back'
  readonly what: string
  readonly why: string | null
  readonly evidence: readonly string[]
  readonly now: string | null
  readonly next: string | null
  readonly more: string | null
}

/** A report in the order that every end of something is told in. */
export const reportLines = (report: Report, style: Style): readonly string[] => {
  // Evidence stays as it was printed: its columns may mean something.
  const row = (name: string, text: string | null, whole = false): readonly string[] =>
    (text === null ? [] : text.split('\n'))
      .flatMap((line) => (whole ? [line] : wrap(line, Math.max(30, style.columns - 9))))
      .map((line, index) => `  ${style.dim((index === 0 ? name : '').padEnd(5))} ${stripControl(line)}`)
  return [
    `${style.mark(report.mark)} ${report.what}`,
    ...row('Why', report.why),
    ...row('Log', report.evidence.length === 0 ? null : report.evidence.join('\n'), true),
    ...row('Now', report.now),
    ...row('Next', report.next),
    ...row('More', report.more),
  ]
}
