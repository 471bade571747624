/** A job's log in the terminal: lines, the heads of their folds, and what of a failed job is worth showing. */
import type { AnnotationView, JobView, LogFoldView, LogLineView, LogMarksView } from '../../http/client/run-views.ts'
import { countOf, spanOf } from '../../http/client/words.ts'
import { stripAllButColours, stripControl } from './plain.ts'
import type { Mark, Style } from './style.ts'

/** How lines are shown. `prefix`: before each line, for instance the job's name. */
export type LineLook = { readonly timestamps: boolean; readonly prefix: string; readonly depth: number }

/** A fold with the folds inside of it. */
export type FoldTree = LogFoldView & { readonly folds: readonly FoldTree[] }

/** A part of a log that is shown: the lines after `from` up to `to` (null: all that come), or the head of a fold, open or not. */
export type LogPart =
  | { readonly kind: 'lines'; readonly from: number; readonly to: number | null; readonly depth: number }
  | { readonly kind: 'head'; readonly fold: LogFoldView; readonly isOpen: boolean }

/** One line. Colours stay where there are any; nothing that a job prints can move the cursor or write elsewhere. */
export const logLine = (
  { at, stream, text }: LogLineView,
  { timestamps, prefix, depth }: LineLook,
  style: Style,
): string => {
  const time = timestamps ? timeOf(at, style) : ''
  const shown = safeText(text, style)
  return `${time}${nameOf(prefix, style)}${'  '.repeat(depth)}${stream === 'sluice' ? style.dim(shown) : shown}`
}

/** A line with its number and what was found in it: spans of its text. */
export const foundLine = (
  line: LogLineView,
  {
    found,
    prefix,
    timestamps,
  }: Omit<LineLook, 'depth'> & { readonly found: (text: string) => readonly (readonly [number, number])[] },
  style: Style,
): string => {
  const text = stripControl(line.text)
  let shown = ''
  let at = 0
  for (const [begin, end] of found(text)) {
    shown += text.slice(at, begin) + style.bad(text.slice(begin, end))
    at = end
  }
  const time = timestamps ? `${new Date(line.at).toISOString()}  ` : ''
  return `${style.dim(`${prefix === '' ? '' : `${prefix}:`}${line.number}:  ${time}`)}${shown}${text.slice(at)}`
}

/** The head of a job's log: how the job stands. */
export const jobHead = (
  job: Pick<JobView, 'name' | 'status' | 'startedAt' | 'finishedAt' | 'failure' | 'because'>,
  now: number,
  style: Style,
): string => {
  const marks: Readonly<Partial<Record<JobView['status'], Mark>>> = {
    succeeded: 'done',
    failed: 'failed',
    cancelled: 'failed',
    waiting: 'waiting',
    skipped: 'waiting',
  }
  const took = job.startedAt === null ? '' : `  ${spanOf((job.finishedAt ?? now) - job.startedAt)}`
  const why = job.failure === null ? '' : `  ${style.bad(stripControl(job.failure.text))}`
  return `${style.mark(marks[job.status] ?? 'current')} ${style.bold(job.name)}  ${style.dim(`${job.status}${took}`)}${why}`
}

/** The head of a fold: how it stands, its name, how long it took, and how many lines it hides. */
export const foldHead = (
  fold: LogFoldView,
  { isOpen, timestamps, prefix }: Omit<LineLook, 'depth'> & { readonly isOpen: boolean },
  style: Style,
): string => {
  const took = fold.endedAt === null ? '' : spanOf(fold.endedAt - fold.startedAt)
  const lines = isOpen || fold.to === null ? '' : countOf(fold.to - fold.from, 'line')
  const rest = [took, lines].filter((text) => text !== '').join('  ')
  const name = stripControl(fold.name)
  const [opened, closed] = style.unicode ? ['▾', '▸'] : ['v', '>']
  const sign = fold.kind === 'step' ? style.mark(stepMark(fold)) : style.dim(isOpen ? opened : closed)
  const title = `${sign} ${fold.kind === 'step' ? style.bold(name) : name}`
  const end = rest === '' ? '' : `  ${style.dim(rest)}`
  return `${timestamps ? timeOf(fold.startedAt, style) : ''}${nameOf(prefix, style)}${'  '.repeat(fold.depth)}${title}${end}`
}

const timeOf = (at: number, style: Style): string => `${style.dim(new Date(at).toISOString())}  `

const nameOf = (prefix: string, style: Style): string => (prefix === '' ? '' : `${style.dim(prefix)}  `)

const stepMark = ({ outcome, endedAt }: LogFoldView): Mark => {
  switch (outcome) {
    case 'succeeded':
      return 'done'
    case 'failed':
    case 'timed_out':
    case 'cancelled':
      return 'failed'
    case 'skipped':
      return 'waiting'
    default:
      return endedAt === null ? 'current' : 'warn'
  }
}

/** A remark: where, and what. */
export const annotationLine = (
  { level, title, message, file, line, column }: Omit<AnnotationView, 'after'>,
  style: Style,
): string => {
  const marks: Readonly<Record<AnnotationView['level'], Mark>> = {
    failure: 'failed',
    warning: 'warn',
    notice: 'current',
  }
  const place = file === null ? '' : `${[file, line, column].filter((part) => part !== null).join(':')}  `
  return `${style.mark(marks[level])} ${style.bold(stripControl(place))}${stripControl(title === null ? '' : `${title}: `)}${stripControl(message)}`
}

/** How deep a line lies: how many folds are open at it. */
export const depthAt = (folds: readonly LogFoldView[], number: number): number =>
  folds.reduce((depth, { from, to }) => (from < number && (to === null || number <= to) ? depth + 1 : depth), 0)

/** The folds as a tree again. */
const foldTrees = (folds: readonly LogFoldView[]): readonly FoldTree[] => {
  const roots: FoldTree[] = []
  const path: FoldTree[][] = [roots]
  for (const fold of folds) {
    const inner: FoldTree[] = []
    path[fold.depth]?.push({ ...fold, folds: inner })
    path.length = fold.depth + 1
    path.push(inner)
  }
  return roots
}

/**
 * What is shown of a job that failed: steps that went well as one line each; the failed one open, and in it only what matters of its groups: those that hold a
 * failure, and the last, in which it may have happened. Where no step says that it failed, the last one is open.
 */
export const failedParts = ({ folds, annotations }: LogMarksView): readonly LogPart[] => {
  const trees = foldTrees(folds)
  const failures = annotations.filter(({ level }) => level === 'failure').map(({ after }) => after)
  const hasFailed = trees.some(
    ({ outcome }) => outcome === 'failed' || outcome === 'timed_out' || outcome === 'cancelled',
  )
  const holdsFailure = ({ from, to }: FoldTree): boolean =>
    failures.some((after) => after > from && (to === null || after <= to))
  const isOpen = (fold: FoldTree, index: number, among: readonly FoldTree[]): boolean => {
    if (fold.kind === 'step' && hasFailed) return ['failed', 'timed_out', 'cancelled'].includes(fold.outcome ?? '')
    return among.some(holdsFailure) ? holdsFailure(fold) : index === among.length - 1
  }
  const partsOf = (
    inner: readonly FoldTree[],
    { from, to, depth }: { readonly from: number; readonly to: number | null; readonly depth: number },
  ): readonly LogPart[] => {
    const parts: LogPart[] = []
    let at = from
    const lines = (until: number | null): void => {
      if (until === null || until > at) parts.push({ kind: 'lines', from: at, to: until, depth })
    }
    for (const [index, fold] of inner.entries()) {
      lines(fold.from)
      const open = isOpen(fold, index, inner)
      parts.push({ kind: 'head', fold, isOpen: open })
      if (open) parts.push(...partsOf(fold.folds, { from: fold.from, to: fold.to, depth: depth + 1 }))
      if (fold.to === null) return parts
      at = fold.to
    }
    lines(to)
    return parts
  }
  return partsOf(trees, { from: 0, to: null, depth: 0 })
}

const escape = '\u001B'

/** The text with its colours where the stream has any, and without anything else that a terminal would act upon. */
const safeText = (text: string, style: Style): string => {
  const hasColors = style.dim('.') !== '.'
  if (!hasColors || !text.includes(escape)) return stripControl(text)
  const shown = stripAllButColours(text, true)
  return shown.includes(escape) ? `${shown}${escape}[0m` : shown
}
