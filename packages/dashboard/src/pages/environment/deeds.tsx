/** What a person may do with an environment, and what each of it does to the traffic. */
import type { HotfixInput } from '../../../../sluice/src/http/client/contract-rollback.ts'
import type { EnvironmentView } from '../../../../sluice/src/http/client/environment-views.ts'
import { ask } from '../../live/ask.ts'
import { serverNow } from '../../live/clock.ts'
import type { Deed, Field, Said } from '../../parts/deed.tsx'

const hourMs = 3_600_000

/** In the order of the buttons. */
export const deedsOf = (environment: EnvironmentView): readonly Deed[] => [
  ...(environment.live === null ? [enter(environment)] : []),
  environment.lock === null ? lock(environment) : unlock(environment),
  environment.freezes.length === 0 ? freeze(environment) : unfreeze(environment),
  ...(environment.live === null && environment.previous !== null ? [rollBack(environment)] : []),
]

const serves = ({ serving, name }: EnvironmentView): string =>
  serving === null ? `Nothing serves ${name} yet.` : `${serving.version} goes on serving ${name}.`

const hotfixFields: readonly Field[] = [
  { name: 'hotfix', kind: 'check', label: 'It is a hotfix: not planned, and for what users suffer from' },
  {
    name: 'remediates',
    kind: 'text',
    label: 'Rollouts or changes that it makes good, with commas between (may be empty)',
    with: 'hotfix',
  },
]

const hotfixSaid = ({ hotfix, remediates = '' }: Said): HotfixInput =>
  hotfix === undefined ? {} : { hotfix: { remediates: remediates.split(/[\s,]+/).filter((one) => one !== '') } }

const enter = (environment: EnvironmentView): Deed => {
  const { name, after } = environment
  const isPromotion = after !== null
  return {
    word: isPromotion ? 'Promote' : 'Deploy',
    title: isPromotion ? `Promote what serves ${after} to ${name}?` : `Deploy the latest release to ${name}?`,
    needs: { permission: 'deploy', environment: name },
    tone: 'main',
    reason: 'optional',
    happens: (
      <p>
        A rollout begins by the strategy of the release, as “What would come next” below shows. Its gates are asked
        first.
      </p>
    ),
    fails: <p>It goes back by itself. {serves(environment)}</p>,
    fields: hotfixFields,
    run: async (reason, idempotencyKey, said) => {
      const { rollout, kind } = await ask(isPromotion ? 'environments.promote' : 'environments.deploy', {
        params: { environment: name },
        body: { reason, ...hotfixSaid(said) },
        idempotencyKey,
      })
      return kind === 'queued' ? `It waits for its turn: ${rollout}` : `Rollout ${rollout} began`
    },
  }
}

const rollBack = (environment: EnvironmentView): Deed => ({
  word: 'Roll back',
  title: `Roll ${environment.name} back to ${environment.previous?.version ?? 'what served before'}?`,
  needs: { permission: 'rollback', environment: environment.name },
  tone: 'danger',
  reason: 'required',
  happens: (
    <p>
      {environment.previous?.version} takes all of the traffic again, with its artifact, config and secret versions.
      Freezes and locks do not stop it. {environment.serving?.version} is held: nothing ships it by itself.
    </p>
  ),
  fails: <p>{serves(environment)} The rollout says why.</p>,
  run: async (reason, idempotencyKey) => {
    const { rollout } = await ask('environments.rollback', {
      params: { environment: environment.name },
      body: { reason },
      idempotencyKey,
    })
    return `Rolling back: ${rollout}`
  },
})

const lock = (environment: EnvironmentView): Deed => ({
  word: 'Lock',
  title: `Lock ${environment.name}?`,
  needs: { permission: 'lock', environment: environment.name },
  tone: 'plain',
  reason: 'required',
  happens: <p>No release enters until somebody takes the lock off. Rollbacks pass. {serves(environment)}</p>,
  fails: <p>The environment stays open.</p>,
  run: async (reason, idempotencyKey) => {
    await ask('environments.lock', {
      params: { environment: environment.name },
      body: { reason: reason ?? '' },
      idempotencyKey,
    })
    return `${environment.name} is locked`
  },
})

const unlock = (environment: EnvironmentView): Deed => ({
  word: 'Unlock',
  title: `Take the lock off ${environment.name}?`,
  needs: { permission: 'lock', environment: environment.name },
  tone: 'plain',
  reason: 'optional',
  happens: <p>Releases may enter again; those that wait for their turn begin. {serves(environment)}</p>,
  fails: <p>The lock stays.</p>,
  run: async (reason, idempotencyKey) => {
    await ask('environments.unlock', { params: { environment: environment.name }, body: { reason }, idempotencyKey })
    return `${environment.name} is open`
  },
})

const freeze = (environment: EnvironmentView): Deed => ({
  word: 'Freeze 1 h',
  title: `Freeze ${environment.name} for an hour?`,
  needs: { permission: 'lock', environment: environment.name },
  tone: 'plain',
  reason: 'required',
  happens: <p>No release enters for an hour from now. Rollbacks pass. {serves(environment)}</p>,
  fails: <p>The environment stays open.</p>,
  run: async (reason, idempotencyKey) => {
    const body = { reason: reason ?? '', until: serverNow() + hourMs }
    await ask('environments.freeze', { params: { environment: environment.name }, body, idempotencyKey })
    return `${environment.name} is frozen for an hour`
  },
})

const unfreeze = (environment: EnvironmentView): Deed => ({
  word: 'End freezes',
  title: `End the freezes of ${environment.name}?`,
  needs: { permission: 'lock', environment: environment.name },
  tone: 'plain',
  reason: 'optional',
  happens: <p>Freezes that people set end now; those of the config stay. {serves(environment)}</p>,
  fails: <p>The freezes stay.</p>,
  run: async (reason, idempotencyKey) => {
    await ask('environments.unfreeze', { params: { environment: environment.name }, body: { reason }, idempotencyKey })
    return `The freezes of ${environment.name} that people set are over`
  },
})
