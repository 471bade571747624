/** Coverage: made file by file, joined over reports, counted in all or in part, compared with the base commit. */
import { limits } from '../limits.ts'
import { matchesGlob } from './glob.ts'
import { type ReportContext, toldPath, unreadable } from './told.ts'
import type {
  CoverageContent,
  CoverageMetric,
  CoverageTotals,
  FileCoverage,
  Gaps,
  LineHits,
  LineRatio,
  Ratio,
} from './types.ts'

/** Collects the counts of one file while its report is read; a kind that nothing is added to (and that is not declared) stays "not measured". */
export type FileCounts = {
  readonly addLine: (line: number, hits: number) => void
  readonly addBranches: (line: number, covered: number, total: number) => void
  readonly addFunction: (line: number, hits: number) => void
  readonly addFunctions: (line: number, covered: number, total: number) => void
  /** Says that the report measures this, even where the file has none. */
  readonly declare: (metric: CoverageMetric) => void
  /** What was added, sorted by line; hits and ratios of one line are summed. */
  readonly read: () => Pick<FileCoverage, 'lines' | 'branches' | 'functions'>
}

/** New counts, of nothing. */
export const fileCounts = (): FileCounts => {
  const lines = new Map<number, number>()
  const branches = new Map<number, readonly [number, number]>()
  const functions = new Map<number, readonly [number, number]>()
  const measured = new Set<CoverageMetric>()
  const add = (map: Map<number, readonly [number, number]>, [line, covered, total]: LineRatio): void => {
    const [coveredBefore, totalBefore] = map.get(line) ?? [0, 0]
    map.set(line, [coveredBefore + covered, totalBefore + total])
  }
  const addFunctions = (line: number, covered: number, total: number): void => {
    measured.add('functions')
    add(functions, [line, covered, total])
  }
  return {
    addLine: (line, hits) => {
      measured.add('lines')
      lines.set(line, (lines.get(line) ?? 0) + hits)
    },
    addBranches: (line, covered, total) => {
      measured.add('branches')
      add(branches, [line, covered, total])
    },
    addFunction: (line, hits) => addFunctions(line, hits > 0 ? 1 : 0, 1),
    addFunctions,
    declare: (metric) => void measured.add(metric),
    read: () => ({
      lines: measured.has('lines') ? [...lines].toSorted(byLine) : null,
      branches: measured.has('branches') ? ratiosOf(branches) : null,
      functions: measured.has('functions') ? ratiosOf(functions) : null,
    }),
  }
}

const byLine = ([a]: readonly [number, ...unknown[]], [b]: readonly [number, ...unknown[]]): number => a - b

const ratiosOf = (map: ReadonlyMap<number, readonly [number, number]>): readonly LineRatio[] =>
  [...map].map(([line, [covered, total]]): LineRatio => [line, covered, total]).toSorted(byLine)

/** Coverage of one file from its counts. */
export const fileCoverage = (path: string, counts: FileCounts, { root }: ReportContext): FileCoverage => {
  const { lines, branches, functions } = counts.read()
  return {
    path: toldPath(path, root),
    totals: totalsOfLines({ lines, branches, functions }),
    lines,
    branches,
    functions,
  }
}

const totalsOfLines = ({
  lines,
  branches,
  functions,
}: Pick<FileCoverage, 'lines' | 'branches' | 'functions'>): CoverageTotals => ({
  lines: lines === null ? null : { covered: lines.filter(([, hits]) => hits > 0).length, total: lines.length },
  branches: branches === null ? null : sumOf(branches),
  functions: functions === null ? null : sumOf(functions),
})

const sumOf = (ratios: readonly LineRatio[]): Ratio => ({
  covered: ratios.reduce((sum, [, covered]) => sum + covered, 0),
  total: ratios.reduce((sum, [, , total]) => sum + total, 0),
})

/** What a coverage report comes to. */
export const coverageContent = (
  files: readonly FileCoverage[],
  gaps: Gaps,
  context: ReportContext,
): CoverageContent => {
  if (files.length > limits.reportEntriesMax) throw unreadable(context, `more than ${limits.reportEntriesMax} files`)
  return { kind: 'coverage', files: mergeFiles(files), gaps }
}

/** Files of several reports (of shards, of unit and browser tests) as one list by path: hits are added, and of branches and functions the better count holds. */
export const mergeFiles = (files: readonly FileCoverage[]): readonly FileCoverage[] => {
  const byPath = new Map<string, FileCoverage>()
  for (const file of files) {
    const before = byPath.get(file.path)
    byPath.set(file.path, before === undefined ? file : mergeTwo(before, file))
  }
  return [...byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

const mergeTwo = (a: FileCoverage, b: FileCoverage): FileCoverage => {
  const lines = a.lines === null || b.lines === null ? null : mergeHits(a.lines, b.lines)
  const branches = a.branches === null || b.branches === null ? null : mergeRatios(a.branches, b.branches)
  const functions = a.functions === null || b.functions === null ? null : mergeRatios(a.functions, b.functions)
  const counted = totalsOfLines({ lines, branches, functions })
  // Without lines on both sides nobody knows which were run by both; the better side is certain.
  const better = (metric: CoverageMetric): Ratio | null =>
    counted[metric] ?? betterOf(a.totals[metric], b.totals[metric])
  const totals = { lines: better('lines'), branches: better('branches'), functions: better('functions') }
  return {
    path: a.path,
    totals,
    lines: lines ?? a.lines ?? b.lines,
    branches: branches ?? a.branches ?? b.branches,
    functions: functions ?? a.functions ?? b.functions,
  }
}

const betterOf = (a: Ratio | null, b: Ratio | null): Ratio | null => {
  if (a === null || b === null) return a ?? b
  return a.covered * b.total >= b.covered * a.total ? a : b
}

const mergeHits = (a: readonly LineHits[], b: readonly LineHits[]): readonly LineHits[] => {
  const hits = new Map(a)
  for (const [line, count] of b) hits.set(line, (hits.get(line) ?? 0) + count)
  return [...hits].toSorted(byLine)
}

const mergeRatios = (a: readonly LineRatio[], b: readonly LineRatio[]): readonly LineRatio[] => {
  const ratios = new Map(a.map((ratio) => [ratio[0], ratio]))
  for (const ratio of b) {
    const [line, covered, total] = ratio
    const before = ratios.get(line)
    ratios.set(line, before === undefined ? ratio : [line, Math.max(before[1], covered), Math.max(before[2], total)])
  }
  return [...ratios.values()].toSorted(byLine)
}

/** Sum over files; a metric is null only when no file measures it. */
export const coverageTotals = (files: readonly FileCoverage[]): CoverageTotals => {
  const sum = (metric: CoverageMetric): Ratio | null => {
    const ratios = files.flatMap(({ totals }) => totals[metric] ?? [])
    if (ratios.length === 0) return null
    return {
      covered: ratios.reduce((all, one) => all + one.covered, 0),
      total: ratios.reduce((all, one) => all + one.total, 0),
    }
  }
  return { lines: sum('lines'), branches: sum('branches'), functions: sum('functions') }
}

/** Lines that a change added or rewrote, by path, ascending. */
export type ChangedLines = ReadonlyMap<string, readonly number[]>

/** Coverage of a change. */
export type ChangedCoverage = {
  readonly totals: CoverageTotals
  /** Changed lines that are executable and never ran, by file. */
  readonly uncovered: readonly { readonly path: string; readonly lines: readonly number[] }[]
  /** Changed files that no report mentions. */
  readonly unmeasured: readonly string[]
}

/** Coverage of the lines that a change touched. Paths meet when they are equal, or when one is the only one that ends with the other (JaCoCo's packages). */
export const changedCoverage = (files: readonly FileCoverage[], changed: ChangedLines): ChangedCoverage => {
  const matched = [...changed].map(([path, lines]) => ({ path, lines: new Set(lines), file: fileAt(files, path) }))
  const parts = matched.flatMap(({ path, lines, file }) => (file === null ? [] : [{ ...onlyLines(file, lines), path }]))
  return {
    totals: coverageTotals(parts),
    uncovered: parts
      .map(({ path, lines }) => ({ path, lines: (lines ?? []).filter(([, hits]) => hits === 0).map(([line]) => line) }))
      .filter(({ lines }) => lines.length > 0),
    unmeasured: matched.filter(({ file }) => file === null).map(({ path }) => path),
  }
}

const fileAt = (files: readonly FileCoverage[], path: string): FileCoverage | null => {
  const exact = files.find((file) => file.path === path)
  if (exact !== undefined) return exact
  const ending = files.filter((file) => path.endsWith(`/${file.path}`))
  return ending.length === 1 ? (ending[0] ?? null) : null
}

const onlyLines = (file: FileCoverage, wanted: ReadonlySet<number>): FileCoverage => {
  const isWanted = ([line]: LineHits | LineRatio): boolean => wanted.has(line)
  const lines = file.lines?.filter(isWanted) ?? null
  const branches = file.branches?.filter(isWanted) ?? null
  const functions = file.functions?.filter(isWanted) ?? null
  return { path: file.path, totals: totalsOfLines({ lines, branches, functions }), lines, branches, functions }
}

/** Files whose path fits the glob. */
export const filesIn = (files: readonly FileCoverage[], glob: string): readonly FileCoverage[] =>
  files.filter(({ path }) => matchesGlob(path, glob))

/** Coverage before and after, and the files that lost most; what the terminal and the run page show. */
export type CoverageChange = {
  readonly before: CoverageTotals
  readonly after: CoverageTotals
  readonly drops: readonly { readonly path: string; readonly before: Ratio; readonly after: Ratio }[]
}

/** Compares coverage with that of the base commit. `drops`: files whose share of covered lines fell, the worst first. */
export const compareCoverage = (
  before: { readonly totals: CoverageTotals; readonly files: readonly (readonly [path: string, lines: Ratio])[] },
  files: readonly FileCoverage[],
): CoverageChange => {
  const old = new Map(before.files)
  const drops = files.flatMap(({ path, totals: { lines } }) => {
    const was = old.get(path)
    return was === undefined || lines === null || shareOf(lines) >= shareOf(was)
      ? []
      : [{ path, before: was, after: lines }]
  })
  const loss = (one: { readonly before: Ratio; readonly after: Ratio }): number =>
    shareOf(one.before) - shareOf(one.after)
  return { before: before.totals, after: coverageTotals(files), drops: drops.toSorted((a, b) => loss(b) - loss(a)) }
}

/** Share of a ratio, 0–1; nothing to cover is wholly covered. */
export const shareOf = ({ covered, total }: Ratio): number => (total === 0 ? 1 : covered / total)
