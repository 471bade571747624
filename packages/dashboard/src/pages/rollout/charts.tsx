/** What the judge sees: the evidence against its limit, and both arms' rates of bad units. */
import type { VNode } from 'preact'
import { useMemo } from 'preact/hooks'
import type { RolloutDetailView, VerdictView, WhyView } from '../../../../sluice/src/http/client/views.ts'
import { badOf, evidenceOf, percentOf } from '../../../../sluice/src/http/client/words.ts'
import { Mark } from '../../parts/mark.tsx'
import { Part } from '../../parts/page.tsx'
import { Table } from '../../parts/table.tsx'
import type { Told } from '../../words.ts'
import { Chart } from './chart.tsx'
import { curveWith, evidencePlot, evidenceSummary, ratePlot, rateSummary } from './curve.ts'

const verdictTold: Readonly<Record<VerdictView['verdict'], Told>> = {
  pass: { tone: 'good', word: 'pass' },
  fail: { tone: 'bad', word: 'fail' },
  hold: { tone: 'calm', word: 'hold: not enough evidence yet' },
  broken: { tone: 'warn', word: 'broken: the judge cannot see' },
}

/** Both charts; nothing for a rollout whose releases never had traffic at once. */
export const Charts = ({
  rollout,
  why,
  since,
}: {
  readonly rollout: RolloutDetailView
  readonly why: WhyView | null
  readonly since: readonly VerdictView[]
}): VNode | null => {
  const { limitLogE, lastVerdict } = rollout
  const points = useMemo(() => curveWith(why?.curve ?? [], since), [why, since])
  const span = useMemo(() => [rollout.startedAt, rollout.settledAt] as const, [rollout.startedAt, rollout.settledAt])
  const evidence = useMemo(() => ({ ...evidencePlot(points, limitLogE), span }), [points, limitLogE, span])
  const rates = useMemo(() => ({ ...ratePlot(points, why?.policy ?? null), span }), [points, why, span])
  const newest = newestOf(points.at(-1) ?? null, lastVerdict)
  if (points.length === 0)
    return rollout.strategy === 'canary' && rollout.settledAt === null ? (
      <p class="none">The judge has compared nothing yet: it does once both releases have traffic.</p>
    ) : null
  return (
    <Part
      title="Judge"
      note={
        lastVerdict === null ? undefined : (
          <>
            last verdict <Mark told={verdictTold[lastVerdict.verdict]} /> at {percentOf(lastVerdict.shareBp)}
          </>
        )
      }
    >
      <div class="charts">
        <Chart title="Evidence that it is worse" summary={evidenceSummary(points, limitLogE)} plot={evidence} />
        <Chart
          key={`${rates.series.length} lines`}
          title={`Rate of ${why?.metric.replace(/^bad responses.*/, 'bad responses') ?? 'bad units'}`}
          summary={rateSummary(points)}
          plot={rates}
        />
      </div>
      {newest !== null && <Metrics verdict={newest} limitLogE={limitLogE} />}
    </Part>
  )
}

/** The later of two. */
const newestOf = (one: VerdictView | null, other: VerdictView | null): VerdictView | null =>
  one === null || (other !== null && other.at >= one.at) ? other : one

const Metrics = ({ verdict, limitLogE }: { readonly verdict: VerdictView; readonly limitLogE: number }): VNode => {
  const rows = verdict.metrics ?? [
    {
      metric: verdict.metric ?? 'errors',
      logE: verdict.logE,
      candidate: verdict.candidate,
      stable: verdict.stable,
    },
  ]
  return (
    <Table
      label="Metrics"
      frame="metrics"
      columns={['Metric', { figure: 'Candidate' }, { figure: 'Stable' }, { figure: 'E' }, { figure: 'Limit' }]}
      note={
        <p class="none">
          Measured at {percentOf(verdict.shareBp)} of the traffic: {verdict.detail}.
          {verdict.outside === undefined ? '' : ` From outside: ${verdict.outside}`}
          {verdict.proven === true ? ' Proven no worse.' : ''}
        </p>
      }
    >
      <tbody role="rowgroup">
        {rows.map(({ metric, logE, candidate, stable }) => (
          <tr role="row" key={metric}>
            <th role="rowheader" scope="row">
              {metric}
            </th>
            <td role="cell" class="figure">
              {badOf(candidate)}
            </td>
            <td role="cell" class="figure">
              {badOf(stable)}
            </td>
            <td role="cell" class={`figure ${logE >= limitLogE ? 'over' : ''}`}>
              {evidenceOf(logE)}
            </td>
            <td role="cell" class="figure">
              {evidenceOf(limitLogE)}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
