import { complianceReport } from '../../core/compliance/report.ts'
import { doraDefaults, type DoraSettings } from '../../core/dora/settings.ts'
import { doraReport } from '../../core/dora/metrics.ts'
import { SluiceError } from '../../core/errors.ts'
import type { PeriodInput } from '../client/delivery-views.ts'
import type { ApiContext, Handlers } from '../context.ts'
import { environmentsOf, targetOf } from './lookup.ts'

/** How far a period goes back that does not say. */
const periodMs = 90 * 86_400_000

/** Answers from the record of deliveries. */
export const deliveryHandlers: Handlers<'dora.show' | 'report.compliance'> = {
  'dora.show': async (context, { query, signal }) => {
    const { service, environments } = await environmentsOf(context, signal)
    const name = query.environment ?? environments.at(-1)?.name
    if (name === undefined)
      throw new SluiceError('not_found', {
        detail: `${service} has no environment yet`,
        hint: 'sluice deploy <environment>',
      })
    const { environment } = await targetOf(context, name, signal)
    const now = context.clock.now()
    const settings = await settingsHere(context, signal)
    const period = periodOf(query, now, settings.windowMs)
    return doraReport(await context.deliveries.record(signal), { service, environment, now, settings, ...period })
  },
  'report.compliance': async (context, { query, signal }) => {
    const { service } = await environmentsOf(context, signal)
    const environment =
      query.environment === undefined ? null : (await targetOf(context, query.environment, signal)).environment
    const period = periodOf(query, context.clock.now(), periodMs)
    return complianceReport(await context.deliveries.record(signal), { service, environment, ...period })
  },
}

/** How the project wants them made; a config that cannot be read just now takes no metrics away, and the report says what it was made by. */
const settingsHere = async ({ settings }: ApiContext, signal: AbortSignal): Promise<DoraSettings> => {
  try {
    return (await settings(signal)).dora ?? doraDefaults
  } catch {
    return doraDefaults
  }
}

const periodOf = (
  { from, to }: PeriodInput,
  now: ReturnType<ApiContext['clock']['now']>,
  spanMs: number,
): { from: number; to: number } => {
  const until = to ?? now
  const since = from ?? until - spanMs
  if (since < until) return { from: since, to: until }
  throw new SluiceError('usage_invalid', { detail: 'the period ends before it begins', hint: 'from before to' })
}
