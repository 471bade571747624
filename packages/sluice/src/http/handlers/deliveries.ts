import { complianceReport } from '../../core/compliance/report.ts'
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
    return doraReport(await context.deliveries.record(signal), { service, environment, now, ...periodOf(query, now) })
  },
  'report.compliance': async (context, { query, signal }) => {
    const { service } = await environmentsOf(context, signal)
    const environment =
      query.environment === undefined ? null : (await targetOf(context, query.environment, signal)).environment
    const period = periodOf(query, context.clock.now())
    return complianceReport(await context.deliveries.record(signal), { service, environment, ...period })
  },
}

const periodOf = (
  { from, to }: PeriodInput,
  now: ReturnType<ApiContext['clock']['now']>,
): { from: number; to: number } => {
  const until = to ?? now
  const since = from ?? until - periodMs
  if (since < until) return { from: since, to: until }
  throw new SluiceError('usage_invalid', { detail: 'the period ends before it begins', hint: 'from before to' })
}
