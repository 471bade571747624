/** Release trains in the terminal. */
import { isoTime } from '../../core/iso-time.ts'
import type { TrainView } from '../../http/client/train-views.ts'
import type { Style } from './style.ts'
import { tableLines } from './table.ts'

/** What `sluice status` says of a train that is not over. */
export const trainNotice = ({ id, status, cause, members }: TrainView, style: Style): string => {
  const where = members.map(({ service, environment, status: state }) => `${service}/${environment} ${state}`)
  if (status !== 'parked') {
    const mark = style.mark(status === 'returning' ? 'back' : 'current')
    return `${mark} train ${id} is ${status}: ${where.join(', ')}   ${style.dim(`sluice train show ${id}`)}`
  }
  const stranded = members
    .filter((member) => member.status === 'stranded')
    .map(({ service, environment, detail }) => `${service}/${environment}: ${detail ?? 'stranded'}`)
  return `${style.mark('failed')} train ${id} could not be taken back whole (${cause ?? ''}): ${stranded.join('; ')}   ${style.dim(`sluice train retry ${id}`)}`
}

/** The screen of `sluice train show`. */
export const trainLines = (train: TrainView, style: Style): readonly string[] => {
  const { story = [] } = train
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
    ...(story.length === 0 ? [] : ['', style.dim('what happened')]),
    ...story.map(({ at, text, who }) => `  ${isoTime(at)}  ${text}  ${style.dim(who)}`),
    ...nextLines(train),
  ]
}

const nextLines = ({ id, status, members }: TrainView): readonly string[] => {
  if (status === 'parked') return [`Next  sluice train retry ${id}`]
  const failed = members.find((member) => member.status === 'failed' && member.rollout !== null)
  return failed === undefined || failed.rollout === null ? [] : [`Next  sluice why ${failed.rollout}`]
}
