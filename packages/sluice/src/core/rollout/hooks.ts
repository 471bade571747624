/** Where the hooks of an environment stand in a plan: before and after each stage of the way forward, and at the end of the way back. */
import { gateLimits } from '../limits/gates.ts'
import type { ReleaseId } from '../model.ts'
import type { Hook } from '../strategy.ts'
import type { Step } from './types.ts'

type HookStep = Extract<Step, { kind: 'hook' }>

/** A run of steps that hooks are asked before and after of. */
type Span = { readonly kind: 'start' | 'traffic' | 'promotion'; readonly name: string; readonly length: number }

/** The steps with the hooks of each stage around it. A stage is what brings instances up, or a share with all that is waited for at it. */
export const withHooks = (steps: readonly Step[], hooks: readonly Hook[], to: ReleaseId): readonly Step[] => {
  if (hooks.length === 0) return steps
  const woven: Step[] = []
  for (let index = 0; index < steps.length;) {
    const span = spanAt(steps, index, to)
    const length = span?.length ?? 1
    const own = steps.slice(index, index + length)
    woven.push(...(span === null ? own : [...asked(hooks, span, 'before'), ...own, ...asked(hooks, span, 'after')]))
    index += length
  }
  return woven
}

/** What is told at the end of a way back. Nobody is waited for beyond a bound, and no answer stops it. */
export const revertHooks = (hooks: readonly Hook[]): readonly HookStep[] =>
  hooks
    .filter(({ at }) => at === 'revert')
    .map(({ name, target, timeoutMs }) => ({
      kind: 'hook',
      name,
      moment: 'revert',
      stage: 'revert',
      target,
      timeoutMs: Math.min(timeoutMs, gateLimits.revertHookMsMax),
      onTimeout: 'continue',
    }))

const asked = (hooks: readonly Hook[], { kind, name }: Span, moment: 'before' | 'after'): readonly HookStep[] =>
  hooks
    .filter(({ at }) => at === `${moment} ${kind}`)
    .map((hook) => ({
      kind: 'hook',
      name: hook.name,
      moment,
      stage: name,
      target: hook.target,
      timeoutMs: hook.timeoutMs,
      onTimeout: hook.onTimeout,
    }))

const spanAt = (steps: readonly Step[], index: number, to: ReleaseId): Span | null => {
  const step = steps[index]
  if (step?.kind === 'start' && step.release === to)
    return { kind: 'start', name: `start/${step.count}`, length: steps[index + 1]?.kind === 'probe' ? 2 : 1 }
  if (step?.kind !== 'shift') return null
  const own = step.shares.find(({ release }) => release === to)
  const isPromotion = own?.shareBp === 10_000 || step.shares.some(({ arm }) => arm === 'holdback')
  if (isPromotion) return { kind: 'promotion', name: 'promotion', length: lengthAt(steps, index, 'shift') }
  if (own === undefined && step.mirror === undefined) return null
  return { kind: 'traffic', name: `traffic/${own?.shareBp ?? 0}`, length: lengthAt(steps, index, 'rung') }
}

/** How many steps belong to the stage that begins with the shift at `index`; `more` says which further shifts do. */
const lengthAt = (steps: readonly Step[], index: number, more: 'shift' | 'rung'): number => {
  let length = 1
  for (; ; length += 1) {
    const step = steps[index + length]
    if (step === undefined) return length
    if (isWaited(step)) continue
    // The shares that evidence may pass over are one stage: what is passed over has no hooks that would be missed.
    const isRung = step.kind === 'shift' && isProof(steps[index + length - 1]) && isProof(steps[index + length + 1])
    if (!(more === 'shift' ? step.kind === 'shift' : isRung)) return length
  }
}

const isProof = (step: Step | undefined): boolean => step?.kind === 'judge' && step.until === 'proven'

const isWaited = ({ kind }: Step): boolean =>
  kind === 'judge' || kind === 'wait' || kind === 'approve' || kind === 'verify'
