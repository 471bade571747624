/** Delivery as DORA measures it: the five metrics of an environment, and the deliveries behind each of them. */
import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import type { DoraView } from '../../../../sluice/src/http/client/delivery-views.ts'
import { countOf, spanOf } from '../../../../sluice/src/http/client/words.ts'
import { useAnswer } from '../../live/store.ts'
import { Empty, Facts, Page, Part, Shown } from '../../parts/page.tsx'
import { RolloutLink } from '../../parts/ref.tsx'
import { Table } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { environmentsQuestion } from '../../questions.ts'
import { momentOf } from '../../words.ts'
import { JobTimes } from './job-times.tsx'

/** The page. */
export const Dora = (): VNode => {
  const environments = useAnswer(environmentsQuestion)
  return (
    <Page title="DORA">
      <Shown answer={environments} what="The environments">
        {({ environments: all }) =>
          all.length === 0 ? (
            <Empty>
              <p>There is no environment yet whose deliveries could be measured.</p>
            </Empty>
          ) : (
            // The last one of the way is where users are.
            <Measured names={all.map(({ name }) => name)} first={all.at(-1)?.name ?? ''} />
          )
        }
      </Shown>
      <JobTimes />
    </Page>
  )
}

const Measured = ({ names, first }: { readonly names: readonly string[]; readonly first: string }): VNode => {
  const chosen = useSignal(first)
  const environment = chosen.value
  const answer = useAnswer({
    id: 'dora.show',
    input: { query: { environment } },
    concerns: ({ key }) => key.kind === 'rollout' || key.kind === 'incident',
  })
  return (
    <>
      <p>
        <label>
          Environment{' '}
          <select value={environment} onChange={({ currentTarget }) => (chosen.value = currentTarget.value)}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </p>
      <Shown answer={answer} what="The metrics">
        {(report) => (
          <>
            <Part
              title="The five metrics"
              note={
                <span>
                  {momentOf(report.from)} to {momentOf(report.to)}
                </span>
              }
            >
              <Facts facts={metricsOf(report)} />
            </Part>
            <HowMade settings={report.settings} />
            <Deliveries deliveries={report.deliveries} />
          </>
        )}
      </Shown>
    </>
  )
}

/** Each metric in words. Where too little was delivered for a figure, it says what there is. */
const metricsOf = (report: DoraView): readonly (readonly [string, string])[] => {
  const { frequency, leadTime, recovery, changeFail, rework, settings } = report
  const { working, waiting } = leadTime
  const worked =
    working === null || waiting === null
      ? ''
      : `; of it ${spanOf(working.p50Ms)} were worked on, ${spanOf(waiting.p50Ms)} waited`
  const open = recovery.open.length === 0 ? '' : `; ${recovery.open.length} not over`
  const early =
    changeFail.beforeUsers.length === 0
      ? ''
      : `; ${changeFail.beforeUsers.length} came back before any user was on it, and are not counted`
  return [
    [
      'Deployment frequency',
      `${countOf(frequency.count, 'deployment')}; ${frequency.daysPerWeekMedian} days a week with one (median of ${countOf(frequency.weeks.length, 'week')}): ${frequency.band}`,
    ],
    ['Change lead time', `${spreadText(leadTime.commits, 'commit')}${worked}`],
    ['Change fail rate', `${rateText(changeFail)}${failedText(changeFail, settings)}${early}`],
    ['Failed deployment recovery time', `${spreadText(recovery.closed, 'failure')}${open}`],
    ['Deployment rework rate', `${rateText(rework)}, of 180 days`],
  ]
}

/** How far those that failed had come, as the settings want it told. */
const failedText = (
  { reachedSome, reachedAll, canaryAborts }: DoraView['changeFail'],
  settings: DoraView['settings'],
): string => {
  if (settings.canaryAborts === 'split')
    return `; ${reachedSome} caught before everybody was on it, ${reachedAll} after`
  return settings.canaryAborts === 'ignore' && canaryAborts.length > 0
    ? `; ${canaryAborts.length} came back before everybody was on it, and are not counted`
    : ''
}

const canaryTexts: Readonly<Record<DoraView['settings']['canaryAborts'], string>> = {
  count: 'failed, like any other that failed',
  split: 'failed, and shown apart from those that reached everybody',
  ignore: 'no delivery: it counts for no metric, and is shown beside',
}

/** What the figures are made by, so that nobody has to guess. */
const HowMade = ({ settings }: Pick<DoraView, 'settings'>): VNode => (
  <Part title="How they are computed" note={<span>dora in sluice.config.ts</span>}>
    <Facts
      facts={[
        ['A delivery', 'a rollout that is over and that users were on; no drill, nothing that served already'],
        ['Frequency', `distinct days of ${settings.zone} with a delivery, median of 13 weeks, idle ones too`],
        ['Lead time', 'each commit from its commit to all users, with the first delivery that has it; median'],
        [
          'Fails',
          'came back after users were on it, was taken back later, a hotfix names it, or an incident is about it',
        ],
        [
          'An incident is about',
          `the release that it names, or the last delivery within ${spanOf(settings.attributionMs)} before it`,
        ],
        ['Back before everybody was on it', canaryTexts[settings.canaryAborts]],
        ['Recovery', 'first user on it to taken back, fixed or resolved; what is open is shown as open'],
        ['Rework', 'hotfixes and rollbacks by Sluice or an emergency, of all deliveries of 180 days'],
      ]}
    />
  </Part>
)

const spreadText = (spread: DoraView['recovery']['closed'], what: string): string =>
  spread === null
    ? `no ${what} to measure`
    : `${spanOf(spread.p50Ms)} (median of ${countOf(spread.count, what)}; 90 % within ${spanOf(spread.p90Ms)})`

const rateText = ({ count, of, rate, isEnough }: DoraView['rework']): string => {
  if (rate === null) return 'nothing to measure'
  return isEnough ? `${(100 * rate).toFixed(1)} % (${count} of ${of})` : `${count} of ${of}, too few for a rate`
}

const Deliveries = ({ deliveries }: Pick<DoraView, 'deliveries'>): VNode => (
  <Part title="The deliveries behind them" note={<span>{countOf(deliveries.length, 'rollout')}</span>}>
    {deliveries.length === 0 ? (
      <p class="none">No rollout was over in this time.</p>
    ) : (
      <Table
        label="Deliveries"
        columns={['Rollout', 'What', 'Over', 'Failed', { figure: 'Lead time' }, { figure: 'Commits' }]}
      >
        <tbody role="rowgroup">
          {deliveries.toReversed().map((one) => (
            <Delivery key={one.rollout} {...one} />
          ))}
        </tbody>
      </Table>
    )}
  </Part>
)

const Delivery = (one: DoraView['deliveries'][number]): VNode => (
  <tr role="row">
    <th role="rowheader" scope="row">
      <a href={`/rollouts/${one.rollout}`}>{one.version}</a>
    </th>
    <td role="cell">
      {one.purpose}
      {one.isRework && ', rework'}
      {one.remediates.length > 0 && (
        <>
          {' '}
          of{' '}
          {one.remediates.map((rollout) => (
            <RolloutLink key={rollout} id={rollout} />
          ))}
        </>
      )}
      {one.outcome !== 'succeeded' && ', came back'}
    </td>
    <td role="cell">
      <Moment at={one.settledAt} />
    </td>
    <td role="cell">{one.failure === null ? '—' : failureText(one.failure)}</td>
    <td role="cell" class="figure">
      {one.leadMs === null ? '—' : spanOf(one.leadMs)}
    </td>
    <td role="cell" class="figure">
      {one.commits}
    </td>
  </tr>
)

const failureText = ({ sources, since, recoveredAt }: NonNullable<DoraView['deliveries'][number]['failure']>): string =>
  `${sources.map((source) => source.replaceAll('_', ' ')).join(', ')}${recoveredAt === null ? ', not over' : `, over after ${spanOf(recoveredAt - since)}`}`
