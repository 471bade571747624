/** What a deploy would do now, and why it would not be let in. */
import type { VNode } from 'preact'
import type { EnvironmentView } from '../../../../sluice/src/http/client/environment-views.ts'
import { useAnswer } from '../../live/store.ts'
import { Part } from '../../parts/page.tsx'
import { Move } from '../../parts/ref.tsx'
import { Mark } from '../../parts/mark.tsx'
import { StepList } from '../rollout/steps.tsx'

/** The plan of what would come next. */
export const Plan = ({ environment }: { readonly environment: EnvironmentView }): VNode | null => {
  const { name, after } = environment
  const answer = useAnswer({
    id: 'environments.plan',
    input: { params: { environment: name }, query: { purpose: after === null ? 'deploy' : 'promote' } },
    concerns: ({ key }) => key.kind === 'environment' || key.kind === 'release',
  })
  const plan = answer?.data.value ?? null
  if (plan === null) {
    const error = answer?.error.value ?? null
    return error === null ? null : (
      <Part title="What would come next">
        <p class="none">{error.detail}</p>
      </Part>
    )
  }
  return (
    <Part
      title="What would come next"
      note={
        <Mark
          told={
            plan.refusals.length === 0
              ? { tone: 'good', word: 'would be let in' }
              : { tone: 'calm', word: 'would not be let in' }
          }
        />
      }
    >
      <p class="say">
        <Move from={plan.from} to={plan.to} />, {plan.strategy}
      </p>
      {plan.refusals.length > 0 && (
        <ul class="lines">
          {plan.refusals.map(({ kind, detail }) => (
            <li key={kind}>
              <b>{kind.replaceAll('_', ' ')}</b>
              <span class="what whole">{detail}</span>
            </li>
          ))}
        </ul>
      )}
      {plan.gates.length > 0 && (
        <ul class="lines">
          {plan.gates.map(({ text, met }) => (
            <li key={text}>
              <Mark told={met ? { tone: 'good', word: 'met' } : { tone: 'warn', word: 'not met' }} />
              <span class="what">{text}</span>
            </li>
          ))}
        </ul>
      )}
      <StepList steps={plan.steps} states="none" />
    </Part>
  )
}
