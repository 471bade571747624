/**
 * Reads numbers of benchmarks and load tests: the plain list `[{ name, value, unit }]` that benchmark actions take, hyperfine's JSON, k6's summary, Lighthouse.
 */
import { limits } from '../limits.ts'
import {
  isObject,
  type JsonObject,
  listAt,
  numberAt,
  numberOf,
  objectAt,
  objectOf,
  optionalObjectAt,
  parseJson,
  textAt,
  textOf,
} from './json.ts'
import { type ReportContext, toldName, unreadable } from './told.ts'
import type { Measurement, MeasurementContent } from './types.ts'

/** The numbers of `[{ name, value, unit, better? }]`, or of the same under `measurements` or `benchmarks`. */
export const readMeasurements = (text: string, context: ReportContext): MeasurementContent => {
  const value = parseJson(text, context)
  const key = isObject(value) ? (value['measurements'] === undefined ? 'benchmarks' : 'measurements') : ''
  const list = listAt(isObject(value) ? value[key] : value, context, key)
  return content(
    list.map((one, index) => plain(objectAt(one, context, `${key}[${index}]`), `${key}[${index}]`, context)),
    [],
    context,
  )
}

const plain = (one: JsonObject, at: string, context: ReportContext): Measurement => {
  const better = one['better']
  return {
    name: toldName(textAt(one['name'], context, `${at}.name`)),
    value: numberAt(one['value'], context, `${at}.value`),
    unit: toldName(textOf(one['unit']) ?? ''),
    better: better === 'lower' || better === 'higher' ? better : null,
  }
}

/** The times of hyperfine's `--export-json`: `<command> mean`, `median`, `min`, `max`, milliseconds. A command that failed is a gap. */
export const readHyperfine = (text: string, context: ReportContext): MeasurementContent => {
  const results = listAt(objectAt(parseJson(text, context), context, '')['results'], context, 'results').map(
    (value, index) => objectAt(value, context, `results[${index}]`),
  )
  const measurements = results.flatMap((result, index) => {
    const command = textAt(result['command'], context, `results[${index}].command`)
    return ['mean', 'median', 'min', 'max'].map((key): Measurement => ({
      name: toldName(`${command} ${key}`),
      value: numberAt(result[key], context, `results[${index}].${key}`) * 1_000,
      unit: 'ms',
      better: 'lower',
    }))
  })
  const failed = results.filter(({ exit_codes: codes }) => Array.isArray(codes) && codes.some((code) => code !== 0))
  return content(
    measurements,
    failed.map(({ command }) => `the command ${JSON.stringify(command)} failed while it was measured`),
    context,
  )
}

/** The metrics of k6's `--summary-export` or `handleSummary`: `http_req_duration p(95)`, `http_req_failed rate`. */
export const readK6 = (text: string, context: ReportContext): MeasurementContent => {
  const metrics = objectAt(objectAt(parseJson(text, context), context, '')['metrics'], context, 'metrics')
  const measurements = Object.entries(metrics).flatMap(([name, value]) => {
    const metric = objectAt(value, context, `metrics.${name}`)
    const values = optionalObjectAt(metric['values'] ?? metric, context, `metrics.${name}.values`)
    const unit =
      metric['contains'] === 'time' || /duration|blocked|connecting|waiting|receiving|sending|tls/.test(name)
        ? 'ms'
        : ''
    return Object.entries(values).flatMap(([key, number]): readonly Measurement[] =>
      typeof number === 'number' && Number.isFinite(number)
        ? [{ name: toldName(`${name} ${key}`), value: number, unit, better: unit === 'ms' ? 'lower' : null }]
        : [],
    )
  })
  return content(measurements, [], context)
}

/** The scores of a Lighthouse report (0–100, by category) and its numbers in milliseconds. A page that did not load is a gap. */
export const readLighthouse = (text: string, context: ReportContext): MeasurementContent => {
  const report = objectAt(parseJson(text, context), context, '')
  const categories = Object.entries(objectAt(report['categories'], context, 'categories'))
  const scores = categories.map(([id, value]) => ({ id, score: numberOf(objectOf(value)['score']) }))
  const audits = Object.entries(optionalObjectAt(report['audits'], context, 'audits')).map(([id, value]) => ({
    id,
    audit: objectOf(value),
  }))
  const error = textOf(objectOf(report['runtimeError'])['message'])
  const measurements = [
    ...scores.flatMap(({ id, score }): readonly Measurement[] =>
      score === null
        ? []
        : [{ name: toldName(`score ${id}`), value: Math.round(score * 100), unit: '', better: 'higher' }],
    ),
    ...audits.flatMap(({ id, audit }): readonly Measurement[] => {
      const number = numberOf(audit['numericValue'])
      if (number === null) return []
      return [
        {
          name: toldName(id),
          value: number,
          unit: audit['numericUnit'] === 'millisecond' ? 'ms' : toldName(textOf(audit['numericUnit']) ?? ''),
          better: 'lower',
        },
      ]
    }),
  ]
  const missing = scores.filter(({ score }) => score === null).map(({ id }) => `Lighthouse gives no score for ${id}`)
  return content(
    measurements,
    error === null ? missing : [`Lighthouse failed: ${toldName(error)}`, ...missing],
    context,
  )
}

const content = (
  measurements: readonly Measurement[],
  gaps: readonly string[],
  context: ReportContext,
): MeasurementContent => {
  if (measurements.length > limits.reportEntriesMax)
    throw unreadable(context, `more than ${limits.reportEntriesMax} numbers`)
  return { kind: 'measurements', measurements, gaps: gaps.map(toldName).slice(0, limits.reportGapsMax) }
}
