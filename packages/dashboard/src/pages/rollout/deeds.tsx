/** What a person may do with a rollout as it stands, and what each of it does to the traffic. */
import type { ComponentChildren } from 'preact'
import type { RolloutCommand } from '../../../../sluice/src/http/client/contract.ts'
import type { RolloutDetailView } from '../../../../sluice/src/http/client/views.ts'
import { percentOf } from '../../../../sluice/src/http/client/words.ts'
import { ask } from '../../live/ask.ts'
import type { Deed } from '../../parts/deed.tsx'

/** In the order of the buttons: forward, wait, back. */
export const deedsOf = (rollout: RolloutDetailView): readonly Deed[] => {
  switch (rollout.status) {
    case 'advancing':
      return [
        ...(rollout.stage?.kind === 'awaiting' ? [approve(rollout)] : []),
        promote(rollout),
        rollout.paused === null ? pause(rollout) : resume(rollout),
        abort(rollout),
      ]
    case 'parked':
      return [retry(rollout), abort(rollout)]
    case 'succeeded':
      return rollout.takenBackBy === null && rollout.from !== null ? [rollBack(rollout)] : []
    default:
      return []
  }
}

const command = (
  rollout: RolloutDetailView,
  name: RolloutCommand,
  deed: Omit<Deed, 'run'> & { readonly done: string },
): Deed => ({
  ...deed,
  run: async (reason, idempotencyKey) => {
    await ask('rollouts.command', { params: { rollout: rollout.id }, body: { command: name, reason }, idempotencyKey })
    return deed.done
  },
})

const backText = ({ from }: RolloutDetailView): ComponentChildren =>
  from === null
    ? 'Nothing served before, so the environment serves nothing again.'
    : `All traffic goes back to ${from.version}, whose instances are ready for it; the candidate is drained and ended.`

const shareOf = ({ observed, to }: RolloutDetailView): string => {
  const arm = observed?.traffic?.arms.find(({ release }) => release.id === to.id)
  return arm === undefined ? 'its present share' : percentOf(arm.shareBp)
}

const approve = (rollout: RolloutDetailView): Deed => ({
  word: 'Approve',
  title: `Approve ${rollout.to.version} for ${rollout.environment}?`,
  needs: { permission: 'approve', environment: rollout.environment },
  tone: 'main',
  reason: 'optional',
  happens: <p>Your yes to exactly this release is recorded. The rollout goes on once enough people gave theirs.</p>,
  fails: <p>{backText(rollout)}</p>,
  run: async (reason, idempotencyKey) => {
    await ask('rollouts.approve', { params: { rollout: rollout.id }, body: { reason }, idempotencyKey })
    return `${rollout.to.version} is approved`
  },
})

const promote = (rollout: RolloutDetailView): Deed =>
  command(rollout, 'promote', {
    word: 'Promote',
    title: `Promote ${rollout.to.version} in ${rollout.environment} now?`,
    needs: { permission: 'deploy', environment: rollout.environment },
    tone: 'plain',
    reason: 'optional',
    happens: (
      <p>
        The steps that wait and judge are passed over: {rollout.to.version} goes from {shareOf(rollout)} to all of the
        traffic.
      </p>
    ),
    fails: <p>{backText(rollout)} The tripwire stays armed for as long as both releases have traffic.</p>,
    done: `${rollout.to.version} is being promoted`,
  })

const pause = (rollout: RolloutDetailView): Deed =>
  command(rollout, 'pause', {
    word: 'Pause',
    title: `Pause at ${shareOf(rollout)}?`,
    needs: { permission: 'pause', environment: rollout.environment },
    tone: 'plain',
    reason: 'optional',
    happens: <p>The split stays as it is until somebody resumes. The judge and the tripwire go on.</p>,
    fails: <p>{backText(rollout)} A pause does not keep a bad candidate.</p>,
    done: 'The rollout is paused',
  })

const resume = (rollout: RolloutDetailView): Deed =>
  command(rollout, 'resume', {
    word: 'Resume',
    title: `Resume the rollout of ${rollout.to.version}?`,
    needs: { permission: 'deploy', environment: rollout.environment },
    tone: 'main',
    reason: 'optional',
    happens: <p>It goes on with the step at which it stands; time that was already waited counts.</p>,
    fails: <p>{backText(rollout)}</p>,
    done: 'The rollout goes on',
  })

const retry = (rollout: RolloutDetailView): Deed =>
  command(rollout, 'retry', {
    word: 'Retry',
    title: 'Try again?',
    needs: { permission: 'deploy', environment: rollout.environment },
    tone: 'main',
    reason: 'optional',
    happens: <p>The step that could not be done is tried again, from where it was set aside.</p>,
    fails: <p>It is set aside again; the traffic stays as it is now.</p>,
    done: 'The step is tried again',
  })

const abort = (rollout: RolloutDetailView): Deed =>
  command(rollout, 'abort', {
    word: 'Abort',
    title: `Abort, and go back${rollout.from === null ? '' : ` to ${rollout.from.version}`}?`,
    needs: { permission: 'rollback', environment: rollout.environment },
    tone: 'danger',
    reason: 'optional',
    happens: <p>{backText(rollout)}</p>,
    fails: (
      <p>
        It is tried again until it works; if it cannot be done the rollout is set aside and says why, with the traffic
        where it then is.
      </p>
    ),
    done: 'It is going back',
  })

const rollBack = (rollout: RolloutDetailView): Deed => ({
  word: 'Roll back',
  title: `Roll ${rollout.environment} back to ${rollout.from?.version ?? 'what served before'}?`,
  needs: { permission: 'rollback', environment: rollout.environment },
  tone: 'danger',
  reason: 'required',
  happens: (
    <p>
      {rollout.from?.version} takes all of the traffic again, with its artifact, config and secret versions. Freezes and
      locks do not stop it. {rollout.to.version} is held: nothing ships it by itself.
    </p>
  ),
  fails: <p>{rollout.to.version} goes on serving, and the rollout says why.</p>,
  run: async (reason, idempotencyKey) => {
    const { rollout: id } = await ask('environments.rollback', {
      params: { environment: rollout.environment },
      body: { reason, ...(rollout.from === null ? {} : { release: rollout.from.id }) },
      idempotencyKey,
    })
    return `Rolling back: ${id}`
  },
})
