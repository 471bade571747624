/** The answer to why, in the terminal. */
import { isoTime } from '../../core/iso-time.ts'
import type { EvidencePoint, WhyView } from '../../http/client/views.ts'
import { badOf, evidenceOf, percentOf, spanOf } from '../../http/client/words.ts'
import { sparkline } from './sparkline.ts'
import type { Style } from './style.ts'

const curveShown = 16
const storyShown = 30

/** What decided, the numbers, the evidence over time, and what happened. */
export const whyLines = (
  { rollout, summary, deciding, metric, policy, curve, story, watch, takenBackBy, pointOfNoReturn }: WhyView,
  style: Style,
  columns: number,
): readonly string[] => {
  const row = (name: string, text: string): string => `  ${style.dim(name.padEnd(10))} ${text}`
  const mark = rollout.status === 'succeeded' ? 'done' : rollout.status === 'advancing' ? 'current' : 'failed'
  return [
    `${style.mark(mark)} ${style.bold(`${rollout.to.version} in ${rollout.environment}`)}: ${rollout.status.replace('_', ' ')}   ${style.dim(rollout.id)}`,
    row('why', summary),
    ...(watch === null ? [] : [row('watch', `${watch.outcome ?? watch.status}: ${watch.detail}`)]),
    ...(takenBackBy === null ? [] : [row('taken back', `by ${takenBackBy}   sluice why ${takenBackBy}`)]),
    ...(pointOfNoReturn.length === 0
      ? []
      : [row('no return', `behind ${pointOfNoReturn.join(', ')}: what it took away, the release before needs`)]),
    ...(deciding === null
      ? []
      : [
          row('metric', metric),
          ...(deciding.outside === undefined ? [] : [row('outside', deciding.outside)]),
          row('candidate', badOf(deciding.candidate)),
          row('stable', badOf(deciding.stable)),
          row(
            'evidence',
            `E = ${evidenceOf(deciding.logE)}; it is stopped at ${evidenceOf(-Math.log(policy.alpha))} (false alarms: at most ${Number((100 * policy.alpha).toPrecision(3))} % of releases)`,
          ),
          row(
            'at',
            `${isoTime(deciding.at)}, ${spanOf(deciding.at - rollout.startedAt)} after the start, ledger row ${deciding.seq}`,
          ),
        ]),
    ...(curve.length < 2
      ? []
      : [
          '',
          style.dim('evidence over time (log scale)'),
          sparkRow(curve, -Math.log(policy.alpha), { style, columns }),
          ...curveLines(curve, { start: rollout.startedAt, limitLogE: -Math.log(policy.alpha) }, { style, columns }),
        ]),
    '',
    style.dim('what happened'),
    ...story.slice(-storyShown).map((line) => `  ${isoTime(line.at)}  ${line.text}  ${style.dim(line.who)}`),
  ]
}

/** The whole curve in one line: all of it is there, where the lines below leave some out. */
const sparkRow = (curve: readonly EvidencePoint[], limitLogE: number, { style, columns }: Screen): string => {
  const shares = curve.map(({ logE }) => logE / limitLogE)
  const drawn = sparkline(shares, Math.max(10, Math.min(60, columns - 30)), style)
  const peak = Math.max(...curve.map(({ logE }) => logE))
  const isOver = peak >= limitLogE
  return `  ${isOver ? style.bad(drawn) : drawn}  highest E = ${evidenceOf(peak)} of ${evidenceOf(limitLogE)}`
}

type Scale = { readonly start: number; readonly limitLogE: number }
type Screen = { readonly style: Style; readonly columns: number }

const curveLines = (
  curve: readonly EvidencePoint[],
  { start, limitLogE }: Scale,
  { style, columns }: Screen,
): readonly string[] => {
  const stride = Math.max(1, Math.ceil(curve.length / curveShown))
  const shown = curve.filter((_, index) => index % stride === 0 || index === curve.length - 1)
  const width = Math.max(10, Math.min(40, columns - 60))
  return shown.map((point) => {
    const share = Math.max(0, Math.min(1, point.logE / limitLogE))
    const time = `+${spanOf(point.at - start)}`.padEnd(12)
    const text = `E ${evidenceOf(point.logE)}  at ${percentOf(point.shareBp)}  ${point.candidate.badUnits}/${point.candidate.units} bad  ${point.verdict}`
    const bar = style.bar(share, width)
    return `  ${time} ${point.verdict === 'fail' ? style.bad(bar) : bar}  ${text}`
  })
}
