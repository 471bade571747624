/** From what a config file exports to settings, or to an error that says what is wrong, why, where, and what to write instead. */
import { SluiceError } from '../errors.ts'
import { limits } from '../limits.ts'
import { check } from './check.ts'
import { type ConfigIssue, issuesOf } from './issues.ts'
import { type KeyPath, locate } from './locate.ts'
import type { Distance } from './nearest.ts'
import { configSchema } from './schema.ts'
import type { Settings } from './settings.ts'
import { configShape, type Shape } from './shape.ts'

/** What errors need to point at the place. */
export type ConfigSource = {
  /** File name as the reader knows it. */
  readonly file: string
  readonly text: string
  readonly distance: Distance
  /** What may stand where; made anew when absent, which takes longer than to read a config. */
  readonly shape?: Shape
}

/** Settings of a config file's value. Throws `config_invalid` with every issue, or `needs_cycle` when that is all that is wrong. */
export const parseConfig = (value: unknown, source: ConfigSource): Settings => {
  const parsed = configSchema.safeParse(value)
  if (!parsed.success) {
    const { distance, shape = configShape() } = source
    throw invalid(issuesOf(parsed.error.issues, value, { distance, shape }), source)
  }
  const { issues, cycle } = check(parsed.data, source.distance)
  const [first] = issues
  if (cycle !== null && issues.length === 1 && first !== undefined) throw needsCycle(cycle, first, source)
  if (issues.length > 0) throw invalid(issues, source)
  return parsed.data
}

const invalid = (issues: readonly ConfigIssue[], source: ConfigSource): SluiceError => {
  const [first] = issues
  const sentence =
    first === undefined
      ? 'it does not fit the schema'
      : `${dotted(first.path)}: ${first.message} (${placeText(first.path, source)})`
  const many = issues.length > 1 ? `${issues.length} things are wrong in ${source.file}; the first: ` : ''
  return new SluiceError('config_invalid', {
    detail: `${many}${sentence}.`,
    hint: first?.fix ?? `Mend ${source.file}, then: sluice validate`,
    evidence: issues.flatMap((issue) => evidence(issue, source)),
  })
}

const needsCycle = (cycle: readonly string[], issue: ConfigIssue, source: ConfigSource): SluiceError =>
  new SluiceError('needs_cycle', {
    detail: `Jobs need each other in a circle: ${cycle.join(' → ')} (${placeText(issue.path, source)}).`,
    hint: issue.fix ?? 'Take one of these needs away.',
    evidence: evidence(issue, source),
  })

const evidence = (issue: ConfigIssue, source: ConfigSource): readonly string[] => {
  const place = locate(source.text, issue.path)
  const sentence = `${placeText(issue.path, source)}  ${dotted(issue.path)}: ${issue.message}${issue.fix === null ? '' : `. ${issue.fix}`}`
  if (place === null) return [sentence]
  const gutter = `${place.line} | `
  const line = source.text.split('\n')[place.line - 1] ?? ''
  // A config on one long line is shown around the place.
  const from = Math.max(0, place.column - 1 - limits.evidenceLineMax / 2)
  const shown = line.slice(from, from + limits.evidenceLineMax)
  return [sentence, `  ${gutter}${shown}`, `  ${' '.repeat(gutter.length + place.column - 1 - from)}^`]
}

const placeText = (path: KeyPath, source: ConfigSource): string => {
  const place = locate(source.text, path)
  return place === null ? source.file : `${source.file}:${place.line}:${place.column}`
}

const dotted = (path: KeyPath): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  ) || 'the config'
