/** What would happen if it failed now: said before it does. */
import type { VNode } from 'preact'
import type { RolloutDetailView } from '../../../../sluice/src/http/client/views.ts'
import { useAnswer } from '../../live/store.ts'
import { Part } from '../../parts/page.tsx'
import { StepList } from './steps.tsx'

/** The way back that is planned, what else comes back with the code, and what stands in its way. */
export const IfItFails = ({ rollout }: { readonly rollout: RolloutDetailView }): VNode | null => {
  const { environment, to, from } = rollout
  const plan =
    useAnswer({
      id: 'environments.plan',
      input: { params: { environment }, query: { release: to.id, purpose: 'deploy' } },
    })?.data.value ?? null
  if (plan === null || plan.from?.id !== from?.id) return null
  const at = rollout.steps.find(({ status }) => status === 'current')?.index ?? 0
  const isCold = plan.coldFrom !== null && at >= plan.coldFrom
  const contracts = plan.migrations.filter(({ class: kind }) => kind === 'contract')
  return (
    <Part
      title="If it fails"
      note={<span>{isCold ? 'some of the old release must start again' : 'the old release is up'}</span>}
    >
      <p class="say">
        {from === null
          ? 'There is nothing to go back to: the environment serves nothing again.'
          : `All traffic goes back to ${from.version} by itself; no freeze, lock or queue stands in the way.`}
        {plan.changes.length > 0 &&
          ` With it come back: ${plan.changes.map(({ what, name }) => (what === name ? what : `${what} ${name}`)).join(', ')}.`}
        {plan.migrations.length === 0
          ? ' It brings no migration.'
          : ` Migrations: ${plan.migrations.map(({ name, class: kind }) => `${name} (${kind})`).join(', ')}.`}
      </p>
      {contracts.length > 0 && (
        <p class="cause bad">
          After {contracts.map(({ name }) => name).join(', ')} there is no way back: the release before may need what it
          takes away.
        </p>
      )}
      <StepList steps={isCold ? plan.wayBackCold : plan.wayBack} states="none" />
    </Part>
  )
}
