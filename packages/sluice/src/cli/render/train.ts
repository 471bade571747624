/** Release trains in the terminal. */
import { isoTime } from '../../core/iso-time.ts'
import type { TrainView } from '../../http/client/train-views.ts'
import type { Style } from './style.ts'
import { tableLines } from './table.ts'

/** The screen of `sluice train show`. */
export const trainLines = (train: TrainView, style: Style): readonly string[] => {
  const ended = train.settledAt === null ? '' : `, until ${isoTime(train.settledAt)}`
  const rows = train.members.map(({ service, environment, release, status, rollout, detail }, place) => [
    String(place + 1),
    `${service}/${environment}`,
    release.version,
    status,
    rollout ?? '',
    style.dim(detail ?? ''),
  ])
  return [
    `${style.bold(train.id)} ${train.status.replace('_', ' ')}, ${train.order}, by ${train.by.name} since ${isoTime(train.startedAt)}${ended}`,
    ...(train.cause === null ? [] : [`${style.mark('back')} ${train.cause}`]),
    ...tableLines(['', 'where', 'release', 'state', 'rollout', ''], rows, style),
    ...(train.status === 'parked' ? [`Next  sluice train retry ${train.id}`] : []),
  ]
}
