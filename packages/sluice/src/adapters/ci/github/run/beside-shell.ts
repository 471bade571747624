/** The machine under a step that runs beside others: what it says comes among their lines, so that each line of it names the step, and it folds nothing. */
import type { Execution, ExecutionEnd, JobShell } from '../../../../ports/dialect.ts'

/** A view of the job's shell. `title` is asked for with each line. */
export const besideShell = (shell: JobShell, title: () => string): JobShell => {
  const named = (line: string): string => `${title()} | ${line}`
  return {
    directory: shell.directory,
    temporary: shell.temporary,
    env: shell.env,
    secrets: shell.secrets,
    exec: (
      execution: Execution,
      signal: AbortSignal,
      onLine?: (line: string, stream: 'stdout' | 'stderr') => string | null,
    ): Promise<ExecutionEnd> =>
      shell.exec(execution, signal, (line, stream) => {
        const told = onLine === undefined ? line : onLine(line, stream)
        return told === null ? null : named(told)
      }),
    note: (text) => shell.note(named(text)),
    group: (name) => {
      if (name !== title() && name !== `Run ${title()}`) shell.note(named(name))
    },
    endGroup: () => {},
    mask: (value) => shell.mask(value),
    annotate: (annotation) => shell.annotate(annotation),
    summarize: (markdown) => shell.summarize(markdown),
    keepArtifact: (name, paths, signal) => shell.keepArtifact(name, paths, signal),
    takeArtifact: (name, directory, signal) => shell.takeArtifact(name, directory, signal),
    restoreCache: (cache, signal) => shell.restoreCache(cache, signal),
    saveCache: (cache, signal) => shell.saveCache(cache, signal),
    report: (format, path) => shell.report(format, path),
  }
}
