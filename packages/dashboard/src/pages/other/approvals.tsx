/** What waits for a yes: what changes, the evidence, who must still say it, and what happens either way. */
import type { VNode } from 'preact'
import type { PendingView } from '../../../../sluice/src/http/client/governance-views.ts'
import type { EnvironmentView } from '../../../../sluice/src/http/client/environment-views.ts'
import { countOf, spanOf } from '../../../../sluice/src/http/client/words.ts'
import { ask } from '../../live/ask.ts'
import { who } from '../../live/session.ts'
import { type Question, useAnswer } from '../../live/store.ts'
import { type Deed, Deeds } from '../../parts/deed.tsx'
import { Empty, Facts, Page, Part, Shown } from '../../parts/page.tsx'
import { CommitLine, Move, RolloutLink, RunLink } from '../../parts/ref.tsx'
import { Age } from '../../parts/time.tsx'
import { environmentsQuestion } from '../../questions.ts'

const question: Question<'approvals.list'> = {
  id: 'approvals.list',
  input: {},
  concerns: ({ key }) => ['environment', 'rollout', 'release', 'line'].includes(key.kind),
  everyMs: 60_000,
}

/** The inbox. */
export const Approvals = (): VNode => {
  const answer = useAnswer(question)
  const environments = useAnswer(environmentsQuestion)?.data.value?.environments ?? []
  return (
    <Page title="Approvals">
      <Shown answer={answer} what="What waits for approval">
        {({ items }) => (
          <>
            {items.length === 0 && (
              <Empty>
                <p>
                  Nothing waits for a person. Looked at:{' '}
                  {environments.map(({ name }) => name).join(', ') || 'no environment'}.
                </p>
              </Empty>
            )}
            {items.map((pending) => (
              <Item key={pending.id} {...pending} />
            ))}
            <Given environments={environments} />
          </>
        )}
      </Shown>
    </Page>
  )
}

const kinds: Readonly<Record<PendingView['kind'], string>> = {
  rollout: 'a rollout that waits at a step',
  queued: 'its turn was asked for',
  candidate: 'the environment before serves it; nobody has asked for it yet',
}

const Item = (pending: PendingView): VNode => {
  const { kind, id, environment, release, from, commit, requestedBy, since, evidence } = pending
  return (
    <Part
      title={`${release.version} → ${environment}`}
      note={<Deeds deeds={[approve(pending, who.value?.name ?? null), reject(pending)]} />}
    >
      <Facts
        facts={[
          ['What', <Move from={from} to={release} />],
          ['Commit', <CommitLine commit={commit} />],
          ['Waits as', kinds[kind]],
          kind === 'rollout' ? ['Rollout', <RolloutLink id={id} />] : null,
          ['Asked by', requestedBy?.name ?? 'nobody yet'],
          ['Waits since', <Age at={since} />],
          ['Still missing', pending.missing || 'nothing'],
          ['Cannot say it', notByText(pending) || 'nobody is kept from it'],
          ['Given by', pending.given.map(({ by }) => by.name).join(', ') || 'nobody yet'],
          ...changeFacts(pending),
          ['Its run', <RunLink id={evidence.run} />],
          ['Gates of its run', evidence.gates.map(({ gate, status }) => `${gate}: ${status}`).join(', ') || 'none'],
          ['Served before', evidence.soakedMs === null ? 'not counted' : spanOf(evidence.soakedMs)],
        ]}
      />
      <Commits {...pending} />
      <Details {...pending} />
    </Part>
  )
}

const changeFacts = ({ changes }: PendingView): readonly (readonly [string, string])[] => [
  ['Commits', changes.commits === null ? 'not known here' : countOf(changes.commits.length, 'commit')],
  ['Migrations', changes.migrations.map(({ name, class: kind }) => `${name} (${kind})`).join(', ') || 'none'],
  ['Config', changes.config.join(', ') || 'unchanged'],
  ['Secrets', changes.secrets.join(', ') || 'unchanged'],
  ['Flags', changes.flags.map(({ name, change }) => `${name} (${change})`).join(', ') || 'unchanged'],
]

/** What the yes is about: each commit, not their number alone. */
const Commits = ({ changes }: PendingView): VNode | null =>
  changes.commits === null || changes.commits.length === 0 ? null : (
    <ul class="lines" aria-label="Commits that come with it">
      {changes.commits.map((commit) => (
        <li key={commit.id}>
          <span class="what">
            <CommitLine commit={commit} />
          </span>
          <span class="where">{commit.author.replace(/\s*<.*>$/, '')}</span>
          <Age at={commit.committedAt} />
        </li>
      ))}
    </ul>
  )

/** Whose yes does not count, each once with all that speaks against it. */
const notByText = ({ asked }: PendingView): string =>
  [...Map.groupBy(asked.notBy, ({ who }) => who)]
    .map(([who, reasons]) => `${who} (${reasons.map(({ why }) => why).join(', ')})`)
    .join('; ')

/** What else stands in the way, and whose yes does not count. */
const Details = ({ refusals, policies, void: notCounted, rejections }: PendingView): VNode | null => {
  const lines = [
    ...refusals.map(({ detail, hint }) => `${detail} (${hint})`),
    ...policies.filter(({ met }) => !met).map(({ policy, detail, hint }) => `policy ${policy}: ${detail} (${hint})`),
    ...rejections.map(({ by, reason }) => `${by.name} said no: ${reason}`),
    ...notCounted.map(({ by, why }) => `the yes of ${by.name} does not count: ${why}`),
  ]
  if (lines.length === 0) return null
  return (
    <ul class="lines" aria-label="What else is to be known">
      {lines.map((line) => (
        <li key={line}>
          <span class="what">{line}</span>
        </li>
      ))}
    </ul>
  )
}

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

/** Why one's own yes would not count; the API says of whom. */
const ownBar = (notBy: PendingView['asked']['notBy'], name: string | null): string | null => {
  const reasons = notBy.filter((one) => one.who === name).map(({ why }) => why)
  return reasons.length === 0 ? null : `not by you (${reasons.join(', ')})`
}

const approve = ({ kind, id, environment, release, missing, asked }: PendingView, name: string | null): Deed => ({
  barred: ownBar(asked.notBy, name),
  word: 'Approve',
  title: `Approve ${release.version} for ${environment}?`,
  needs: { permission: 'approve', environment },
  tone: 'main',
  reason: 'optional',
  happens: <p>Your yes to exactly this release is recorded. Missing until now: {missing}.</p>,
  fails: <p>The judge takes the release back by itself.</p>,
  run: async (reason, idempotencyKey) => {
    await (kind === 'rollout'
      ? ask('rollouts.approve', { params: { rollout: id }, body: { reason }, idempotencyKey })
      : ask('environments.approve', { params: { environment }, body: { release: release.id, reason }, idempotencyKey }))
    return `${release.version} is approved`
  },
})

const reject = ({ kind, id, environment, release, ifRejected }: PendingView): Deed => ({
  word: 'Reject',
  title: `Reject ${release.version} for ${environment}?`,
  needs: { permission: 'approve', environment },
  tone: 'danger',
  reason: 'required',
  happens: <p>{ifRejected}</p>,
  fails: <p>It goes on waiting, and nothing of the traffic changes.</p>,
  run: async (given, idempotencyKey) => {
    const reason = given ?? ''
    await (kind === 'rollout'
      ? ask('rollouts.reject', { params: { rollout: id }, body: { reason }, idempotencyKey })
      : ask('environments.reject', { params: { environment }, body: { release: release.id, reason }, idempotencyKey }))
    return `${release.version} is rejected`
  },
})
