/** Where commits come from: each way with what arrived last and what failed last, and the newest arrivals. */
import type { VNode } from 'preact'
import type { ArrivalView, SourceWayView } from '../../../../sluice/src/http/client/source-views.ts'
import { ask } from '../../live/ask.ts'
import { useAnswer } from '../../live/store.ts'
import { type Deed, OneDeed } from '../../parts/deed.tsx'
import { Mark } from '../../parts/mark.tsx'
import { Part, Shown } from '../../parts/page.tsx'
import { ElsewhereLink, RunLink } from '../../parts/ref.tsx'
import { Table } from '../../parts/table.tsx'
import { Age } from '../../parts/time.tsx'
import { arrivalsQuestion, sourceQuestion } from '../../questions.ts'
import type { Told } from '../../words.ts'

const shownArrivals = 20

/** The part of the page. */
export const Source = (): VNode => {
  const source = useAnswer(sourceQuestion)
  const arrivals = useAnswer(arrivalsQuestion(shownArrivals))
  return (
    <Part title="Where commits come from">
      <Shown answer={source} what="The source">
        {({ remote, ways, poll }) => (
          <>
            {remote === null ? (
              <p class="say">
                The config names no <code>source</code>: runs are started by people and schedules.
              </p>
            ) : (
              <p class="say">
                Commits are fetched from <code>{remote}</code>.
              </p>
            )}
            {poll !== null && poll.failure !== null && (
              <p class="say">
                <Mark told={{ tone: 'bad', word: 'not answering' }} /> {poll.failure}
              </p>
            )}
            {ways.length > 0 && <Ways ways={ways} />}
          </>
        )}
      </Shown>
      <Shown answer={arrivals} what="The arrivals">
        {({ items }) => (items.length === 0 ? null : <Arrivals arrivals={items} />)}
      </Shown>
    </Part>
  )
}

const Ways = ({ ways }: { readonly ways: readonly SourceWayView[] }): VNode => (
  <Table label="Ways by which commits arrive" columns={['By', 'About', 'State', 'Last arrival', 'Last failure']}>
    <tbody role="rowgroup">
      {ways.map(({ kind, name, trouble, lastArrival, lastFailure }) => (
        <tr role="row" key={kind}>
          <th role="rowheader" scope="row">
            {kind}
          </th>
          <td role="cell">{name}</td>
          <td role="cell">
            <Mark told={trouble === null ? { tone: 'good', word: 'ready' } : { tone: 'bad', word: 'not ready' }} />{' '}
            {trouble}
          </td>
          <td role="cell">{lastArrival === null ? 'none yet' : <Age at={lastArrival.receivedAt} />}</td>
          <td role="cell">
            {lastFailure === null ? (
              'none'
            ) : (
              <>
                <Age at={lastFailure.receivedAt} /> {lastFailure.because}
              </>
            )}
          </td>
        </tr>
      ))}
    </tbody>
  </Table>
)

const told = ({ status }: ArrivalView): Told => {
  if (status === 'started') return { tone: 'good', word: 'started' }
  if (status === 'failed') return { tone: 'bad', word: 'failed' }
  return status === 'ignored' ? { tone: 'calm', word: 'ignored' } : { tone: 'live', word: 'under way' }
}

const Arrivals = ({ arrivals }: { readonly arrivals: readonly ArrivalView[] }): VNode => (
  <Table label="Arrivals" columns={['What', 'By', 'State', 'When', 'What came of it']}>
    <tbody role="rowgroup">
      {arrivals.map((arrival) => (
        <tr role="row" key={arrival.id}>
          <th role="rowheader" scope="row">
            <ElsewhereLink title={arrival.ref} url={arrival.url} />
          </th>
          <td role="cell">
            {arrival.from}
            {arrival.sender === null ? '' : ` · ${arrival.sender}`}
          </td>
          <td role="cell">
            <Mark told={told(arrival)} />
          </td>
          <td role="cell">
            <Age at={arrival.receivedAt} />
          </td>
          <td role="cell">
            {arrival.runs.map(({ run }) => (
              <RunLink key={run} id={run} />
            ))}{' '}
            {arrival.because} {arrival.status === 'failed' && <OneDeed deed={again(arrival)} />}
          </td>
        </tr>
      ))}
    </tbody>
  </Table>
)

const again = ({ id, ref }: ArrivalView): Deed => ({
  word: 'Redeliver',
  title: 'Fetch it once more?',
  needs: { permission: 'run', environment: null },
  tone: 'main',
  reason: 'optional',
  happens: (
    <p>
      <code>{ref}</code> is fetched from the remote as it is now, and starts what its config says.
    </p>
  ),
  fails: <p>Nothing is started, and the arrival says why.</p>,
  run: async (reason, idempotencyKey) => {
    await ask('arrivals.redeliver', { params: { arrival: id }, body: { reason }, idempotencyKey })
    return 'It is being fetched'
  },
})
