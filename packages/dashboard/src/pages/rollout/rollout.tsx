/** A rollout: why, how far, what the traffic does, what the judge sees, what one may do, and what happens if it fails. */
import type { VNode } from 'preact'
import { useMemo, useRef } from 'preact/hooks'
import { useRoute } from 'preact-iso'
import type { HotfixView, RolloutDetailView, VerdictView } from '../../../../sluice/src/http/client/views.ts'
import { now } from '../../live/clock.ts'
import { useAnswer } from '../../live/store.ts'
import { Cause } from '../../parts/cause.tsx'
import { Deeds } from '../../parts/deed.tsx'
import { Mark } from '../../parts/mark.tsx'
import { Facts, Page, Part, Shown } from '../../parts/page.tsx'
import { CommitLine, Move, RolloutLink } from '../../parts/ref.tsx'
import { Age, Took } from '../../parts/time.tsx'
import { ageOf, rolloutTold } from '../../words.ts'
import { Charts } from './charts.tsx'
import { deedsOf } from './deeds.tsx'
import { IfItFails } from './if-it-fails.tsx'
import { Instances } from './instances.tsx'
import { Steps } from './steps.tsx'
import { Story } from './story.tsx'
import { Traffic } from './traffic.tsx'

/** While it is live, counters of the data plane are asked for so often, milliseconds. */
const lookMs = 1_000

/** The page of one rollout. */
export const Rollout = (): VNode => {
  const { params } = useRoute()
  const id = params['rollout'] ?? ''
  const isLive = useRef(true)
  const answer = useAnswer({
    id: 'rollouts.show',
    input: { params: { rollout: id } },
    concerns: ({ key }) => (key.kind === 'rollout' || key.kind === 'watch') && key.id === id,
    ...(isLive.current ? { everyMs: lookMs } : {}),
  })
  const data = answer?.data.value ?? null
  isLive.current = data === null || isUnderWay(data)
  return (
    <Shown answer={answer} what={`Rollout ${id}`}>
      {(rollout) => <Whole key={id} rollout={rollout} />}
    </Shown>
  )
}

/** Whether anything may still happen by itself. */
const isUnderWay = ({ status, watch }: RolloutDetailView): boolean =>
  status === 'advancing' || status === 'reverting' || status === 'parked' || watch?.status === 'watching'

const Whole = ({ rollout }: { readonly rollout: RolloutDetailView }): VNode => {
  const { environment, service, from, to, status } = rollout
  const why = useAnswer({
    id: 'rollouts.why',
    input: { params: { rollout: rollout.id } },
    concerns: ({ key, type }) => key.kind === 'rollout' && key.id === rollout.id && type !== 'effect_succeeded',
  })
  const since = useVerdicts(rollout)
  return (
    <Page
      title={`${to.version} → ${environment}`}
      crumbs={[
        { text: service, href: `/services/${encodeURIComponent(service)}` },
        { text: 'Rollouts', href: '/rollouts' },
      ]}
      aside={
        <>
          <Mark told={rolloutTold(rollout)} />
          <Deadline rollout={rollout} />
          <Deeds deeds={deedsOf(rollout)} />
        </>
      }
      below={
        <Facts
          facts={[
            ['From', <Move from={from} to={to} />],
            rollout.commit === null ? null : ['Commit', <CommitLine commit={rollout.commit} />],
            ['Strategy', rollout.strategy],
            ['Took', <Took from={rollout.startedAt} to={rollout.settledAt} />],
            ['Started', <Age at={rollout.startedAt} />],
            ['By', `${rollout.by.name} (${rollout.purpose})`],
            rollout.hotfix === null ? null : ['Hotfix', <Remediated hotfix={rollout.hotfix} />],
          ]}
        />
      }
    >
      <Causes rollout={rollout} />
      <Traffic rollout={rollout} />
      <Charts rollout={rollout} why={why?.data.value ?? null} since={since} />
      <div class="two">
        <Steps rollout={rollout} />
        <div>
          {status === 'advancing' && <IfItFails rollout={rollout} />}
          <Story why={why?.data.value ?? null} />
        </div>
      </div>
      <Instances observed={rollout.observed} isOver={rollout.settledAt !== null} />
    </Page>
  )
}

/** What a hotfix makes good. */
const Remediated = ({ hotfix: { remediates } }: { readonly hotfix: HotfixView }): VNode => (
  <>
    {remediates.length === 0 ? 'not planned' : 'makes good '}
    {remediates.map((id) => (
      <RolloutLink key={id} id={id} />
    ))}
  </>
)

const Deadline = ({ rollout: { stage } }: { readonly rollout: RolloutDetailView }): VNode | null => {
  if (stage === null) return null
  if (stage.kind === 'awaiting')
    return <span class="stage">{stage.text.replace(/^waits for approval \((.*)\)$/, '$1')}</span>
  if (stage.until === null) return <span class="stage">{stage.text}</span>
  const leftMs = stage.until - now.value
  return (
    <span class="stage">
      {stage.text}
      {leftMs > 0 && stage.kind === 'resting' ? `, next in ${ageOf(leftMs).replace('now', '1 s')}` : ''}
    </span>
  )
}

/** What was measured since the page is open, so that the chart goes on without the whole curve being asked for. */
const useVerdicts = ({ id, lastVerdict }: RolloutDetailView): readonly VerdictView[] => {
  const kept = useRef<VerdictView[]>([])
  return useMemo(() => {
    if (lastVerdict !== null && kept.current.at(-1)?.at !== lastVerdict.at)
      kept.current = [...kept.current, lastVerdict]
    return kept.current
  }, [id, lastVerdict?.at])
}

const causeTitles = {
  reverting: 'Why it is going back',
  rolled_back: 'Why it was rolled back',
  parked: 'Why it is stuck',
  advancing: 'Why',
  succeeded: 'Why',
} as const

const Causes = ({ rollout }: { readonly rollout: RolloutDetailView }): VNode => {
  const { cause, paused, status, watch, takenBackBy, unhealthy } = rollout
  return (
    <>
      {cause !== null && <Cause cause={cause} title={causeTitles[status]} />}
      {paused !== null && (
        <Cause cause={paused} title="Paused" tone="warn">
          <p class="hint">The judge and the tripwire go on: a candidate that turns bad is cut, paused or not.</p>
        </Cause>
      )}
      {takenBackBy !== null && (
        <Cause
          title="It was taken back afterwards"
          cause={{
            kind: 'taken_back',
            code: null,
            evidence: [],
            text: watch?.triggered?.detail ?? 'A later rollback took this release out again.',
          }}
        >
          <p>
            <a href={`/rollouts/${takenBackBy}`}>The rollout that took it back</a>
          </p>
        </Cause>
      )}
      {watch !== null && takenBackBy === null && (
        <Part title="Watch after the promotion" note={<span>{watch.status}</span>}>
          <p class="say">{watch.detail}</p>
        </Part>
      )}
      {unhealthy.length > 0 && (
        <p class="cause warn" role="status">
          Unhealthy instances of the candidate: {unhealthy.join(', ')}
        </p>
      )}
    </>
  )
}
