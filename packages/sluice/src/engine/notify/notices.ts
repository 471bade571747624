/** What the data plane tells by itself: that it cut a candidate, that an instance is not well. */
import type { RolloutEvent } from '../../core/rollout/types.ts'
import type { GatewayNotice } from '../../core/routing.ts'
import type { Clock, Log } from '../../ports/clock.ts'
import type { Loop } from '../loop/loop.ts'
import type { Reading } from '../reading/reading.ts'

/** What the data plane tells by itself, as an event of the live rollout. A notice for another rollout changes nothing there. */
export const noticeEvent = (notice: GatewayNotice, at: number): RolloutEvent => {
  if (notice.kind === 'upstream_health') {
    const { instance, release, healthy } = notice
    return { type: 'instance_health_changed', at, instance, release, healthy }
  }
  const { candidate, stable, logE, shareBp, metric, metrics, at: trippedAt } = notice.trip
  const found = metrics?.find((one) => one.metric === metric) ?? { metric: 'errors', candidate, stable }
  const what = found.metric === 'errors' ? '' : `${found.metric}: `
  const detail = `the tripwire cut the candidate at ${shareBp / 100} %: ${what}${found.candidate.badUnits} of ${found.candidate.units} bad, stable ${found.stable.badUnits} of ${found.stable.units}`
  const verdict = { verdict: 'fail', at: trippedAt, logE, shareBp, candidate, stable, detail } as const
  return metric === undefined || metrics === undefined
    ? { type: 'tripped', at, verdict }
    : { type: 'tripped', at, verdict: { ...verdict, metric, metrics } }
}

/** Hands a notice to the rollout that it is about. One that is lost is found again when the route is asked for. */
export const submitNotice = async (
  world: { readonly loop: Loop; readonly reading: Reading; readonly clock: Clock; readonly log: Log },
  notice: GatewayNotice,
): Promise<void> => {
  const { loop, reading, clock, log } = world
  try {
    const id =
      notice.kind === 'tripped'
        ? notice.trip.rollout
        : (await reading.environment(notice.service, notice.environment)).live
    if (id !== null) loop.submit({ kind: 'rollout', id }, noticeEvent(notice, clock.now()))
  } catch (error) {
    log.warn('notice_lost', { kind: notice.kind, error: String(error) })
  }
}
