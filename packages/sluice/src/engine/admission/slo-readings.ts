/** What the source of an environment says about the objectives of its policies. */
import { renderSloQuery, sloKey, type SloReading, type SloReadings, type SloRule } from '../../core/governance/slo.ts'
import { SluiceError } from '../../core/errors.ts'
import type { EnvironmentSpec } from '../../core/model.ts'
import { headerOf } from '../perform/ask-outside.ts'
import type { Desk } from '../desk.ts'

/** Reads every objective of these environments' policies, each once. Never rejects: what could not be read is `silent`. */
export const readSlos = async (
  desk: Pick<Desk, 'metrics' | 'secrets'>,
  service: string,
  specs: readonly EnvironmentSpec[],
): Promise<SloReadings> => {
  const asked = specs.flatMap((spec) =>
    (spec.governance?.policies ?? []).flatMap(({ slo }) => (slo === undefined ? [] : [{ spec, slo }])),
  )
  // The release that comes is asked for last: of the same words, its source counts.
  const distinct = new Map(asked.toReversed().map((one) => [sloKey(one.slo), one]))
  const read = await Promise.all(
    [...distinct].map(async ([key, { spec, slo }]) => [key, await readingOf(desk, { service, spec, slo })] as const),
  )
  return Object.fromEntries(read)
}

type Asked = { readonly service: string; readonly spec: EnvironmentSpec; readonly slo: SloRule }

const readingOf = async (
  { metrics, secrets }: Pick<Desk, 'metrics' | 'secrets'>,
  { service, spec, slo }: Asked,
): Promise<SloReading> => {
  const { metrics: source, name: environment } = spec
  if (source === undefined) return { kind: 'silent', detail: `${environment} has no metric source (metrics)` }
  const signal = AbortSignal.timeout(source.timeoutMs * 2)
  try {
    const authorization = await headerOf({ secrets }, source, signal)
    const ask = (template: string): Promise<number> => {
      const query = renderSloQuery(template, { service, environment, windowMs: slo.windowMs })
      return metrics.measure({ source, query, authorization }, signal)
    }
    const [total, bad] = await Promise.all([ask(slo.total), ask(slo.bad)])
    return { kind: 'measured', total, bad }
  } catch (error) {
    return { kind: 'silent', detail: error instanceof SluiceError ? error.detail : String(error) }
  }
}
