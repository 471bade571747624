/** What waits for a yes: what changes, the evidence, and what happens either way. */
import type { VNode } from 'preact'
import type { PlanView } from '../../../../sluice/src/http/client/plan-views.ts'
import type { EnvironmentView, RolloutView } from '../../../../sluice/src/http/client/views.ts'
import { ask } from '../../live/ask.ts'
import { useAnswer } from '../../live/store.ts'
import { type Deed, DeedButton } from '../../parts/deed.tsx'
import { Empty, Facts, Page, Part, Shown } from '../../parts/page.tsx'
import { CommitLine, Move, RolloutLink } from '../../parts/ref.tsx'
import { Age } from '../../parts/time.tsx'
import { environmentsQuestion } from '../../questions.ts'

type Waiting = { readonly environment: EnvironmentView; readonly rollout: RolloutView }

/** The inbox. */
export const Approvals = (): VNode => {
  const answer = useAnswer(environmentsQuestion)
  return (
    <Page title="Approvals">
      <Shown answer={answer} what="What waits for approval">
        {({ environments }) => {
          const waiting = environments.flatMap((environment): readonly Waiting[] =>
            environment.live?.stage?.kind === 'awaiting' ? [{ environment, rollout: environment.live }] : [],
          )
          return (
            <>
              {waiting.length === 0 && (
                <Empty>
                  <p>
                    No rollout waits for a person. Looked at:{' '}
                    {environments.map(({ name }) => name).join(', ') || 'no environment'}.
                  </p>
                </Empty>
              )}
              {waiting.map((one) => (
                <Item key={one.rollout.id} {...one} />
              ))}
              <Given environments={environments} />
            </>
          )
        }}
      </Shown>
    </Page>
  )
}

const Item = ({ environment, rollout }: Waiting): VNode => {
  const plan =
    useAnswer({
      id: 'environments.plan',
      input: { params: { environment: environment.name }, query: { release: rollout.to.id } },
    })?.data.value ?? null
  const release = useAnswer({ id: 'releases.show', input: { params: { release: rollout.to.id } } })?.data.value ?? null
  return (
    <Part
      title={`${rollout.to.version} → ${environment.name}`}
      note={
        <span class="deeds">
          <DeedButton deed={approve(rollout)} />
          <DeedButton deed={reject(rollout)} />
        </span>
      }
    >
      <Facts
        facts={[
          ['What', <Move from={rollout.from} to={rollout.to} />],
          rollout.commit === null ? null : ['Commit', <CommitLine commit={rollout.commit} />],
          ['Asked by', rollout.by.name],
          ['Waits since', <Age at={rollout.startedAt} />],
          ['State', rollout.stage?.text ?? ''],
          ['Rollout', <RolloutLink id={rollout.id} />],
          ...changeFacts(plan),
          release === null
            ? null
            : [
                'Gates of its run',
                release.gates.map(({ gate, status }) => `${gate}: ${status}`).join(', ') || 'its run had none',
              ],
          release === null ? null : ['Serves already', release.serves.join(', ') || 'nowhere'],
        ]}
      />
    </Part>
  )
}

const changeFacts = (plan: PlanView | null): readonly (readonly [string, string])[] =>
  plan === null
    ? []
    : [
        [
          'Changes',
          plan.changes.length === 0
            ? 'the code alone'
            : plan.changes.map(({ what, name }) => (what === name ? what : `${what} ${name}`)).join(', '),
        ],
        [
          'Migrations',
          plan.migrations.length === 0
            ? 'none'
            : plan.migrations.map(({ name, class: kind }) => `${name} (${kind})`).join(', '),
        ],
      ]

const Given = ({ environments }: { readonly environments: readonly EnvironmentView[] }): VNode | null => {
  const given = environments.flatMap(({ name, approvals }) => approvals.map((one) => ({ ...one, environment: name })))
  if (given.length === 0) return null
  return (
    <Part title="Given ahead">
      <ul class="lines">
        {given.map(({ release, by, at, environment }) => (
          <li key={`${environment} ${release.id} ${by.name}`}>
            <b>{release.version}</b>
            <span class="what">for {environment}</span>
            <span class="where">{by.name}</span>
            <Age at={at} />
          </li>
        ))}
      </ul>
    </Part>
  )
}

const back = ({ from }: RolloutView): string =>
  from === null ? 'The environment serves nothing again.' : `${from.version} keeps serving, or serves again.`

const approve = (rollout: RolloutView): Deed => ({
  word: 'Approve',
  title: `Approve ${rollout.to.version} for ${rollout.environment}?`,
  tone: 'main',
  reason: 'optional',
  happens: <p>Your yes to exactly this release is recorded. The rollout goes on once enough people gave theirs.</p>,
  fails: <p>The judge takes it back by itself. {back(rollout)}</p>,
  run: async (reason, idempotencyKey) => {
    await ask('rollouts.approve', { params: { rollout: rollout.id }, body: { reason }, idempotencyKey })
    return `${rollout.to.version} is approved`
  },
})

const reject = (rollout: RolloutView): Deed => ({
  word: 'Reject',
  title: `Reject ${rollout.to.version} for ${rollout.environment}?`,
  tone: 'danger',
  reason: 'required',
  happens: <p>The rollout is aborted with your reason, and takes its steps back. {back(rollout)}</p>,
  fails: <p>It goes on waiting, and nothing of the traffic changes.</p>,
  run: async (reason, idempotencyKey) => {
    const body = { command: 'abort', reason } as const
    await ask('rollouts.command', { params: { rollout: rollout.id }, body, idempotencyKey })
    return `${rollout.to.version} is rejected`
  },
})
