/** Who gets the traffic now, and how it fares, as the data plane counts it. */
import type { VNode } from 'preact'
import type { ArmView, RolloutDetailView, TrafficView } from '../../../../sluice/src/http/client/views.ts'
import { evidenceOf, percentOf } from '../../../../sluice/src/http/client/words.ts'
import { Part } from '../../parts/page.tsx'
import { ReleaseLink } from '../../parts/ref.tsx'
import { ShareBar } from '../../parts/share-bar.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { numberOf, rateOf } from '../../words.ts'

/** The traffic of a rollout that is not over; of one that is, its environment's page tells. */
export const Traffic = ({ rollout }: { readonly rollout: RolloutDetailView }): VNode | null => {
  const { observed, environment, settledAt } = rollout
  if (settledAt !== null || observed === null)
    return (
      <p class="none">
        The rollout is over; <a href={`/environments/${environment}`}>{environment}</a> shows its traffic as it is now.
      </p>
    )
  if (observed.traffic === null)
    return (
      <p class="cause warn" role="status">
        The traffic could not be observed just now. No figure is shown in place of one.
      </p>
    )
  return <TrafficPart traffic={observed.traffic} />
}

const columns: readonly Column[] = [
  'Arm',
  'Release',
  { figure: 'Share' },
  { figure: 'Requests' },
  { figure: 'Bad units' },
  { figure: 'Rate' },
  { figure: 'In flight' },
  { figure: 'p50 ≤' },
  { figure: 'p99 ≤' },
  { figure: 'Upstreams' },
]

/** Shares and counters. */
export const TrafficPart = ({ traffic }: { readonly traffic: TrafficView }): VNode => {
  const { arms, paused, trip, limitLogE, listen } = traffic
  return (
    <Part
      title="Traffic"
      note={
        <>
          {limitLogE !== null && <span>tripwire armed at E = {evidenceOf(limitLogE)}</span>}
          <span>
            as observed at <Moment at={traffic.observedAt} /> on {listen.host}:{listen.port}
          </span>
        </>
      }
    >
      {paused && <p class="cause warn">Requests wait: the route is paused for a moment.</p>}
      {trip !== null && <p class="cause bad">The tripwire cut the candidate: {trip.detail}</p>}
      <ShareBar arms={arms} />
      <Table label="Arms of the traffic" columns={columns} kind="arms">
        <tbody role="rowgroup">
          {arms.map((arm) => (
            <Arm key={`${arm.arm} ${arm.release.id}`} arm={arm} />
          ))}
          {arms.length === 0 && (
            <tr role="row">
              <td role="cell" colSpan={columns.length} class="none">
                Nothing serves here.
              </td>
            </tr>
          )}
        </tbody>
      </Table>
    </Part>
  )
}

const Arm = ({ arm }: { readonly arm: ArmView }): VNode => (
  <tr role="row">
    <th role="rowheader" scope="row">
      <i class={`swatch ${arm.arm}`} aria-hidden="true" />
      {arm.arm}
    </th>
    <td role="cell">
      <ReleaseLink release={arm.release} />
    </td>
    <td role="cell" class="figure strong">
      {percentOf(arm.shareBp)}
    </td>
    <td role="cell" class="figure">
      {numberOf(arm.requests)}
    </td>
    <td role="cell" class="figure">
      {numberOf(arm.badUnits)} of {numberOf(arm.units)}
    </td>
    <td role="cell" class="figure">
      {rateOf(arm)}
    </td>
    <td role="cell" class="figure">
      {arm.inFlight}
    </td>
    <td role="cell" class="figure">
      {arm.p50Ms === null ? '—' : `${arm.p50Ms} ms`}
    </td>
    <td role="cell" class="figure">
      {arm.p99Ms === null ? '—' : `${arm.p99Ms} ms`}
    </td>
    <td role="cell" class="figure">
      {arm.upstreams}
    </td>
  </tr>
)
