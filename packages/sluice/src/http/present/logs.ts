/** Logs as the API tells them. */
import type { LogFold, LogMarks } from '../../ports/runner.ts'
import type { LogFoldView, LogMarksView } from '../client/run-views.ts'

/** What a log says about itself; folds in order, with how deep they lie. */
export const marksView = ({ folds, annotations, summary }: LogMarks): LogMarksView => ({
  folds: folds.flatMap((fold) => foldViews(fold, 0)),
  annotations,
  summary,
})

const foldViews = (
  { kind, name, startedAt, endedAt, from, to, outcome, folds }: LogFold,
  depth: number,
): readonly LogFoldView[] => [
  { kind, name, depth, startedAt, endedAt, from, to, outcome },
  ...folds.flatMap((inner) => foldViews(inner, depth + 1)),
]
