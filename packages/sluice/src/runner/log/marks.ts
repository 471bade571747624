/**
 * What a log says about itself, beside it in `<log>.marks`: where steps and groups begin and end, annotations, the summary. One JSON object a line, in order;
 * a line cut by a crash is left out. Places are lines of the log before the mark.
 */
import { appendFileSync, readFileSync, statSync } from 'node:fs'
import { appendFile, readFile } from 'node:fs/promises'
import type { Annotation } from '../../ports/dialect.ts'
import type { LogFold, LogMarks, PlacedAnnotation, StepOutcome } from '../../ports/runner.ts'

/** One mark. */
export type Mark =
  /** A writer began: whatever an earlier one left open is over. */
  | { readonly kind: 'opened'; readonly at: number; readonly line: number }
  | { readonly kind: 'step'; readonly at: number; readonly line: number; readonly index: number; readonly name: string }
  | { readonly kind: 'step_ended'; readonly at: number; readonly line: number; readonly outcome: StepOutcome }
  | { readonly kind: 'group'; readonly at: number; readonly line: number; readonly name: string }
  | { readonly kind: 'group_ended'; readonly at: number; readonly line: number }
  | { readonly kind: 'annotation'; readonly at: number; readonly line: number; readonly annotation: Annotation }
  | { readonly kind: 'summary'; readonly at: number; readonly markdown: string }

/** The path of a log's marks. */
export const marksPathOf = (path: string): string => `${path}.marks`

/** How long marks are gathered before they are written, milliseconds: who follows a log sees them soon enough, and a short job writes all of them at once. */
const gatherMs = 100

/** Appends marks, in order. One that cannot be written is lost: it must not decide how a job ends. */
export class MarkFile {
  readonly #path: string
  #waiting = ''
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> | null = null

  /** `path` is the log's. */
  constructor(path: string) {
    this.#path = marksPathOf(path)
  }

  append(mark: Mark): void {
    // The line feed before it ends a line that a crash has cut.
    this.#waiting += `\n${JSON.stringify(mark)}`
    this.#timer ??= setTimeout(() => this.#write(), gatherMs)
  }

  /** Writes what was gathered, and waits for what is on its way. */
  async close(): Promise<void> {
    while (this.#writing !== null) await this.#writing
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#waiting === '') return
    // Handing so little to another thread takes longer than writing it.
    try {
      appendFileSync(this.#path, this.#waiting, { mode: 0o600 })
    } catch {
      // Lost, as it would be later.
    }
    this.#waiting = ''
  }

  #write(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#waiting !== '') this.#writing ??= this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting !== '') {
      const text = this.#waiting
      this.#waiting = ''
      await appendFile(this.#path, text, { mode: 0o600 }).catch(() => {})
    }
    this.#writing = null
  }
}

/** Folds, annotations and summary of a log; of one without marks there are none. */
export const readMarks = async (path: string): Promise<LogMarks> => {
  const text = await textOf(marksPathOf(path))
  return foldMarks(text.split('\n').flatMap((line) => parseMark(line) ?? []))
}

/** Marks of most logs are a few lines, and a run asks for those of each of its jobs at its end: to read them at once takes a tenth of what another thread takes. */
const textOf = async (path: string): Promise<string> => {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0) return ''
  try {
    return size <= smallBytes ? readFileSync(path, 'utf8') : await readFile(path, 'utf8')
  } catch {
    return ''
  }
}

const smallBytes = 65_536

type OpenFold = { -readonly [Key in keyof LogFold]: LogFold[Key] } & { folds: LogFold[] }

const foldMarks = (marks: readonly Mark[]): LogMarks => {
  const folds: LogFold[] = []
  const annotations: PlacedAnnotation[] = []
  const summaries: string[] = []
  const open: OpenFold[] = []
  const begin = (
    fold: Pick<LogFold, 'kind' | 'name' | 'index'>,
    { at, line }: { readonly at: number; readonly line: number },
  ): void => {
    const next = { ...fold, startedAt: at, endedAt: null, from: line, to: null, outcome: null, folds: [] }
    ;(open.at(-1)?.folds ?? folds).push(next)
    open.push(next)
  }
  const end = ({ at, line }: { readonly at: number; readonly line: number }, outcome: StepOutcome | null): void => {
    const fold = open.pop()
    if (fold !== undefined) Object.assign(fold, { endedAt: at, to: line, outcome })
  }
  const endAll = (place: { readonly at: number; readonly line: number }, outcome: StepOutcome | null): void => {
    while (open.length > 0) end(place, open.length === 1 ? outcome : null)
  }
  for (const mark of marks) {
    switch (mark.kind) {
      case 'opened':
        endAll(mark, null)
        break
      case 'step':
        endAll(mark, null)
        begin({ kind: 'step', name: mark.name, index: mark.index }, mark)
        break
      case 'step_ended':
        endAll(mark, mark.outcome)
        break
      case 'group':
        begin({ kind: 'group', name: mark.name, index: null }, mark)
        break
      case 'group_ended':
        if (open.at(-1)?.kind === 'group') end(mark, null)
        break
      case 'annotation':
        annotations.push({ ...mark.annotation, at: mark.at, after: mark.line })
        break
      case 'summary':
        summaries.push(mark.markdown)
        break
    }
  }
  return { folds, annotations, summary: summaries.join('\n') }
}

/** Parser of a line; trusted, because this program wrote it. Null for one that a crash has cut. */
const parseMark = (line: string): Mark | null => {
  try {
    return JSON.parse(line) as Mark
  } catch {
    return null
  }
}
