/** The gates over numbers: benchmarks, sizes, time. */
import { limits } from '../../limits.ts'
import { contentsOf } from '../collected.ts'
import { matchesGlob, matchesWildcard } from '../glob.ts'
import { numberText } from '../told.ts'
import type { FileSize, Measurement } from '../types.ts'
import type { GateDetail, GateVerdict, PerformanceGate, SizeGate, TimeGate } from './types.ts'
import { brokenVerdict, type GateInput, type Judged, verdictOf } from './verdict.ts'

/** Judges every measurement that the gate names. None of that name is `broken`; against a base that does not have it, only fixed bounds count. */
export const judgePerformance = (gate: PerformanceGate, input: GateInput): readonly GateVerdict[] => {
  const all = contentsOf(input.reports, 'measurements').flatMap(({ measurements }) => measurements)
  const found = all.filter(({ name }) => matchesWildcard(name, gate.name))
  const common = {
    gate: `performance ${gate.name}`,
    kind: 'performance',
    unit: 'value',
    waiver: gate.waiver,
    evidence: ['measurements'],
  } as const
  if (found.length === 0)
    return [
      brokenVerdict(
        common,
        input,
        all.length === 0 ? 'there is no report with measurements' : `nothing named ${gate.name} was measured`,
      ),
    ]
  const byName = new Map(found.map((one) => [one.name, one]))
  const verdicts = [...byName.values()].map((one) => judgeMeasurement(one, gate, input))
  return verdicts.length <= limits.gateDetailsMax
    ? verdicts
    : [verdictOf({ ...common, ...together(verdicts, gate) }, input)]
}

/** One answer for more measurements than anybody lists. */
const together = (
  verdicts: readonly GateVerdict[],
  gate: PerformanceGate,
): Pick<Judged, 'isMet' | 'sentence' | 'measured' | 'threshold' | 'bound' | 'details'> => {
  const bad = verdicts.filter(({ status }) => status === 'fail' || status === 'waived')
  return {
    isMet: bad.length === 0,
    sentence: `${bad.length} of ${verdicts.length} measurements named ${gate.name} are out of bounds`,
    measured: bad.length,
    threshold: 0,
    bound: 'at_most',
    details: bad.map(({ sentence }) => ({ text: sentence, file: null, line: null, excusedBy: null })),
  }
}

const judgeMeasurement = (one: Measurement, gate: PerformanceGate, input: GateInput): GateVerdict => {
  const isLowerBetter = (gate.better ?? one.better ?? 'lower') === 'lower'
  const base = input.base?.measurements.find(([name]) => name === one.name)?.[1] ?? null
  const limit = relativeLimit({ base, toleranceBp: gate.maxRegressionBp, isLowerBetter })
  const shown = (value: number): string => `${numberText(value, 3)}${one.unit === '' ? '' : ` ${one.unit}`}`
  const bounds = [
    ...(gate.maximum === null
      ? []
      : [
          {
            isMet: one.value <= gate.maximum,
            threshold: gate.maximum,
            bound: 'at_most',
            text: `at most ${shown(gate.maximum)} allowed`,
          } as const,
        ]),
    ...(gate.minimum === null
      ? []
      : [
          {
            isMet: one.value >= gate.minimum,
            threshold: gate.minimum,
            bound: 'at_least',
            text: `at least ${shown(gate.minimum)} wanted`,
          } as const,
        ]),
    ...(limit === null
      ? []
      : [
          {
            isMet: isLowerBetter ? one.value <= limit : one.value >= limit,
            threshold: limit,
            bound: isLowerBetter ? 'at_most' : 'at_least',
            text: `${shown(base ?? 0)} at the base commit, ${numberText((gate.maxRegressionBp ?? 0) / 100)} % worse allowed`,
          } as const,
        ]),
  ]
  // The bound that is broken decides what is shown; else the first.
  const shownBound = bounds.find(({ isMet }) => !isMet) ?? bounds[0]
  return verdictOf(
    {
      gate: `performance ${one.name}`,
      kind: 'performance',
      unit: 'value',
      isMet: bounds.every(({ isMet }) => isMet),
      sentence: `${one.name} is ${shown(one.value)}, ${bounds.length === 0 ? 'and the base commit has no such number to compare with' : bounds.map(({ text }) => text).join(', ')}`,
      measured: one.value,
      threshold: shownBound?.threshold ?? null,
      bound: shownBound?.bound ?? null,
      base,
      waiver: gate.waiver,
      evidence: ['measurements'],
    },
    input,
  )
}

type Relative = { readonly base: number | null; readonly toleranceBp: number | null; readonly isLowerBetter: boolean }

const relativeLimit = ({ base, toleranceBp, isLowerBetter }: Relative): number | null => {
  if (base === null || toleranceBp === null) return null
  const margin = (Math.abs(base) * toleranceBp) / 10_000
  return isLowerBetter ? base + margin : base - margin
}

/** Judges the sum of the sizes of all files that fit the glob. No such file is `broken`: a build that made nothing is not small. */
export const judgeSize = (gate: SizeGate, input: GateInput): GateVerdict => {
  const files = contentsOf(input.reports, 'sizes').flatMap((content) => content.files)
  const byPath = new Map(files.filter(({ path }) => matchesGlob(path, gate.glob)).map((file) => [file.path, file]))
  const chosen = [...byPath.values()]
  const common = {
    gate: `size ${gate.glob}`,
    kind: 'size',
    unit: 'bytes',
    waiver: gate.waiver,
    evidence: ['sizes'],
  } as const
  if (chosen.length === 0)
    return brokenVerdict(
      common,
      input,
      files.length === 0 ? 'there is no report of sizes' : `no report tells the size of ${gate.glob}`,
    )
  const sizeOf = (file: Pick<FileSize, 'bytes' | 'compressedBytes'>): number | null =>
    gate.compressed ? file.compressedBytes : file.bytes
  const unknown = chosen.find((file) => sizeOf(file) === null)
  if (unknown !== undefined)
    return brokenVerdict(
      common,
      input,
      `the report has no ${gate.compressed ? 'compressed ' : ''}size of ${unknown.path}`,
    )
  const total = chosen.reduce((sum, file) => sum + (sizeOf(file) ?? 0), 0)
  const old = (input.base?.sizes ?? [])
    .filter(({ path }) => matchesGlob(path, gate.glob))
    .flatMap((file) => sizeOf(file) ?? [])
  const base = old.length === 0 ? null : old.reduce((sum, bytes) => sum + bytes, 0)
  const growth =
    gate.maxGrowthBp === null || base === null ? null : Math.floor((base * (10_000 + gate.maxGrowthBp)) / 10_000)
  const bounds = [...(gate.maximumBytes === null ? [] : [gate.maximumBytes]), ...(growth === null ? [] : [growth])]
  const threshold = bounds.length === 0 ? null : Math.min(...bounds)
  const what = `${gate.glob} ${chosen.length === 1 ? 'has' : `(${chosen.length} files) have`} ${bytesText(total)}${gate.compressed ? ' compressed' : ''}`
  const limit =
    threshold === null
      ? 'and the base commit has no such file to compare with'
      : `at most ${bytesText(threshold)} allowed`
  const grown =
    base === null ? '' : `, ${total >= base ? '+' : '−'}${bytesText(Math.abs(total - base))} against the base commit`
  return verdictOf(
    {
      ...common,
      isMet: threshold === null || total <= threshold,
      sentence: `${what}, ${limit}${grown}`,
      measured: total,
      threshold,
      bound: threshold === null ? null : 'at_most',
      base,
      details: chosen
        .toSorted((a, b) => (sizeOf(b) ?? 0) - (sizeOf(a) ?? 0))
        .map((file): GateDetail => ({
          text: `${file.path} ${bytesText(sizeOf(file) ?? 0)}`,
          file: file.path,
          line: null,
          excusedBy: null,
        })),
    },
    input,
  )
}

/** `812 B`, `12.3 kB`, `4.56 MB`: decimal, as size budgets are written. */
export const bytesText = (bytes: number): string => {
  if (bytes < 1_000) return `${bytes} B`
  return bytes < 1_000_000 ? `${numberText(bytes / 1_000)} kB` : `${numberText(bytes / 1_000_000)} MB`
}

/** Judges the run's time, and that of each job named. */
export const judgeTime = (gate: TimeGate, input: GateInput): readonly GateVerdict[] => {
  const wanted = [
    ...(gate.totalMs === null
      ? []
      : [{ name: 'time total', who: 'the run', limitMs: gate.totalMs, tookMs: input.totalMs }]),
    ...Object.entries(gate.jobs).map(([job, limitMs]) => ({
      name: `time ${job}`,
      who: `job ${job}`,
      limitMs,
      tookMs: input.jobs.find((one) => one.job === job)?.durationMs ?? null,
    })),
  ]
  return wanted.map(({ name, who, limitMs, tookMs }) => {
    const common = {
      gate: name,
      kind: 'time',
      unit: 'ms',
      threshold: limitMs,
      bound: 'at_most',
      waiver: gate.waiver,
      evidence: [],
    } as const
    if (tookMs === null) return brokenVerdict(common, input, `it is not known how long ${who} took`)
    return verdictOf(
      {
        ...common,
        isMet: tookMs <= limitMs,
        sentence: `${who} took ${numberText(tookMs / 1_000)} s, at most ${numberText(limitMs / 1_000)} s allowed`,
        measured: tookMs,
      },
      input,
    )
  })
}
