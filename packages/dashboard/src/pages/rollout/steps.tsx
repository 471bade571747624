/** The plan, step by step, and the way back once it was taken. */
import type { VNode } from 'preact'
import type { RolloutDetailView, StepView } from '../../../../sluice/src/http/client/views.ts'
import { Glyph } from '../../parts/mark.tsx'
import { Part } from '../../parts/page.tsx'
import { stepTold } from '../../words.ts'

/** Steps in order. */
export const StepList = ({
  steps,
  states = 'told',
}: {
  readonly steps: readonly StepView[]
  /** A plan that nobody follows yet has none. */
  readonly states?: 'told' | 'none'
}): VNode => (
  <ol class={`steps ${states}`}>
    {steps.map(({ index, kind, text, status }) => {
      const { tone, word } = stepTold(status)
      return (
        <li key={index} class={status} aria-current={status === 'current' ? 'step' : undefined}>
          {states === 'told' && <Glyph tone={tone} />}
          <i>{kind}</i>
          <span>{text.startsWith(`${kind} `) ? text.slice(kind.length + 1) : text.replace(/^traffic: /, '')}</span>
          {states === 'told' && <em>{word}</em>}
        </li>
      )
    })}
  </ol>
)

/** Both lists. */
export const Steps = ({ rollout }: { readonly rollout: RolloutDetailView }): VNode => {
  const { steps, wayBack, stage } = rollout
  const done = steps.filter(({ status }) => status === 'done').length
  return (
    <div>
      {wayBack.length > 0 && (
        <Part title="The way back" note={stage === null ? undefined : <span>{stage.text}</span>}>
          <StepList steps={wayBack} />
        </Part>
      )}
      <Part
        title="Steps"
        note={
          <span>
            {done} of {steps.length} done
          </span>
        }
      >
        <StepList steps={steps} />
      </Part>
    </div>
  )
}
