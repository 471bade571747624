import type { RolloutEvent } from '../core/rollout/types.ts'
import type { GatewayNotice } from '../core/routing.ts'
import type { Clock, Log } from '../ports/clock.ts'
import type { Loop } from './loop.ts'
import type { Reading } from './reading.ts'

/** What a notice of the data plane is received with. */
export type NoticeReceiver = {
  readonly loop: Loop
  readonly reading: Pick<Reading, 'environment'>
  readonly clock: Clock
  readonly log: Log
}

/** Hands a notice of the data plane to the live rollout that it is about, if there is one. Never rejects. */
export const receiveNotice = async (
  { loop, reading, clock, log }: NoticeReceiver,
  notice: GatewayNotice,
): Promise<void> => {
  try {
    const live =
      notice.kind === 'tripped'
        ? notice.trip.rollout
        : (await reading.environment(notice.service, notice.environment)).live
    if (live !== null) loop.submit({ kind: 'rollout', id: live }, noticeEvent(notice, clock.now()))
  } catch (error) {
    log.warn('notice_lost', { kind: notice.kind, error: String(error) })
  }
}

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
