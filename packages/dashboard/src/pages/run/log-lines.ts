/** The lines of a job's log, from the first on, as long as somebody reads: backfill, then what comes. */
import { type Signal, signal } from '@preact/signals'
import type { SluiceError } from '../../../../sluice/src/core/errors.ts'
import type { LogFoldView, LogLineView } from '../../../../sluice/src/http/client/run-views.ts'
import { ask, asError } from '../../live/ask.ts'

/** Which log. */
export type LogOf = { readonly run: string; readonly job: string; readonly execution: number }

/** A log as far as it is read. `count` changes when lines came; the lines themselves are one growing list. */
export type LogLines = {
  readonly lines: readonly LogLineView[]
  readonly count: Signal<number>
  /** Whether everything that was there when it was opened is read. */
  readonly isFilled: Signal<boolean>
  readonly folds: Signal<readonly LogFoldView[]>
  readonly error: Signal<SluiceError | null>
  /** Whether more may come; the reader goes on until it is told that none does. */
  readonly setOpen: (open: 'open' | 'over') => void
  readonly close: () => void
}

/** Lines of one question. */
const pageLines = 5_000
/** Between two questions for what is new, milliseconds. */
const tailMs = 400
/** After an error, milliseconds: the control plane may be coming back. */
const retryMs = 2_000

/** Opens a log. */
export const openLog = ({ run, job, execution }: LogOf): LogLines => {
  const lines: LogLineView[] = []
  const count = signal(0)
  const isFilled = signal(false)
  const folds = signal<readonly LogFoldView[]>([])
  const error = signal<SluiceError | null>(null)
  const ending = new AbortController()
  let isOver = false
  const read = async (): Promise<number> => {
    const after = lines.at(-1)?.number ?? 0
    const page = await ask('runs.logs', {
      params: { run, job },
      query: { after, limit: pageLines, execution, ...(after === 0 || isOver ? { marks: 'true' } : {}) },
      signal: ending.signal,
    })
    if (page.marks !== null) folds.value = page.marks.folds
    for (const line of page.lines) lines.push(line)
    if (page.lines.length > 0) count.value = lines.length
    error.value = null
    return page.lines.length
  }
  const go = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const wasOver = isOver
      const came = await read().catch((caught: unknown) => {
        if (!ending.signal.aborted) error.value = asError(caught)
        return null
      })
      if (came === null) await rest(retryMs)
      else if (came < pageLines) {
        isFilled.value = true
        // What a job wrote last may come after its end was told: one more look after it.
        if (wasOver && came === 0) return
        await rest(tailMs)
      }
    }
  }
  void go()
  return {
    lines,
    count,
    isFilled,
    folds,
    error,
    setOpen: (open) => {
      isOver = open === 'over'
    },
    close: () => ending.abort(),
  }
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => window.setTimeout(resolve, ms))

/** Positions of the lines that hold a text, whatever its case. */
export const searchLines = (lines: readonly LogLineView[], typed: string): readonly number[] => {
  const wanted = typed.toLowerCase()
  if (wanted === '') return []
  const found: number[] = []
  for (const [index, { text }] of lines.entries()) if (text.toLowerCase().includes(wanted)) found.push(index)
  return found
}
