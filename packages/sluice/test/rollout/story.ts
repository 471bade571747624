/** Releases from configs, plans in words, and a rollout that is met with events by hand. */
import { ok } from 'node:assert/strict'
import { parseConfig } from '../../src/core/config/parse.ts'
import { resolveEnvironments } from '../../src/core/config/resolve.ts'
import type { EnvironmentConfig } from '../../src/core/config/types.ts'
import type { ErrorCode, Retry } from '../../src/core/errors.ts'
import { commitId, digest, type Release, type ReleaseId, releaseId, rolloutId, runId } from '../../src/core/model.ts'
import { rolloutMachine } from '../../src/core/rollout/machine.ts'
import { type PlanInput, planRollout } from '../../src/core/rollout/plan.ts'
import type { EffectResult, RolloutEvent, RolloutPlan, RolloutState, Step } from '../../src/core/rollout/types.ts'

/** Whoever gives commands here. */
export const ada = { kind: 'person', name: 'ada' } as const

/** An id of one letter. */
export const idOf = (letter: string): ReleaseId => releaseId(`rel_${letter.repeat(64)}`)

/** A release named by a letter, whose production is as the settings say. */
export const releaseOf = (letter: string, settings: Partial<EnvironmentConfig> = {}): Release => {
  const config = {
    service: 'shop',
    pipeline: { jobs: { build: { steps: 'true', artifacts: { app: 'dist' } } } },
    start: { command: 'node server.js' },
    environments: { production: { listen: 8080, instances: 2, ...settings } },
  }
  const environments = resolveEnvironments(parseConfig(config, { file: 'x', text: '', distance: () => 99 }), {})
  return {
    id: idOf(letter),
    cutBy: runId('run_1'),
    cutAt: 1,
    content: {
      schema: 1,
      service: 'shop',
      version: '1.0.0',
      commit: { id: commitId(letter.repeat(40)), subject: 's', author: 'a', committedAt: 1 },
      artifacts: [{ name: 'app', digest: digest(`sha256:${letter.repeat(64)}`), bytes: 1 }],
      start: { command: 'node server.js', artifact: 'app' },
      environments,
      migrations: [],
    },
  }
}

/** The plan of release `b` over release `a` (each with 2 instances) in an environment with these settings. */
export const planOf = (settings: Partial<EnvironmentConfig>, change: Partial<PlanInput> = {}): RolloutPlan =>
  planRollout({
    purpose: 'deploy',
    environment: 'production',
    from: releaseOf('a', { instances: settings.instances ?? 2 }),
    to: releaseOf('b', settings),
    kept: [],
    ...change,
  })

/** A step in a few words, releases by their letter. */
export const words = (step: Step): string => {
  const name = (release: ReleaseId): string => release.slice(4, 5)
  switch (step.kind) {
    case 'start':
    case 'probe':
      return `${step.kind} ${name(step.release)}×${step.count}`
    case 'verify':
      return `verify ${name(step.release)}×${step.count}${step.through === undefined ? '' : ` and ${step.through.port}`}`
    case 'shift': {
      const arms = step.shares.map(({ arm, release, shareBp, count }) => `${arm} ${name(release)}×${count} ${shareBp}`)
      const rules = step.rules === undefined ? [] : [`${step.rules.length} rules`]
      const mirror = step.mirror === undefined ? [] : [`mirror ${name(step.mirror.release)} ${step.mirror.shareBp}`]
      const alone = step.preview === undefined ? [] : [`alone on ${step.preview.port}`]
      return [...arms, ...rules, ...mirror, ...alone].join(', ') || step.whenEmpty
    }
    case 'drain':
    case 'retire':
      return `${step.kind} ${name(step.release)} to ${step.keep}`
    case 'judge':
      return step.until === undefined ? `judge ${step.bakeMs} ms` : `judge until ${step.until}`
    case 'wait':
      return `wait ${step.ms} ms`
    case 'approve':
      return 'approve'
    case 'hook':
      return `hook ${step.name} ${step.moment} ${step.stage}`
  }
}

/** A rollout that is met with events by hand. */
export class Story {
  state: RolloutState = { status: 'absent' }
  at = 864_000_000

  constructor(plan: RolloutPlan) {
    this.take({ type: 'rollout_started', at: this.at, id: rolloutId('rol_1'), token: 1, plan, by: ada })
  }

  take(event: RolloutEvent): this {
    this.state = rolloutMachine.decide(this.state, event).state
    return this
  }

  command(
    type:
      | 'abort_requested'
      | 'pause_requested'
      | 'resume_requested'
      | 'skip_requested'
      | 'promote_requested'
      | 'retry_requested'
      | 'approved',
  ): this {
    return this.take({ type, at: this.at, by: ada, reason: null })
  }

  /** Answers what is in flight at the step, or at the judge where nothing else is; well, unless told otherwise. */
  answer(result?: EffectResult): this {
    const effect = rolloutMachine.outstanding(this.state)[0]
    ok(effect, 'there is an effect in flight')
    return this.take({
      type: 'effect_succeeded',
      at: this.at,
      sequence: effect.sequence,
      result: result ?? this.good(effect.action),
    })
  }

  /** The effect in flight fails. */
  fail(code: ErrorCode, retry: Retry): this {
    const sequence = rolloutMachine.outstanding(this.state)[0]?.sequence ?? 0
    const failure = { code, retry, detail: code, evidence: [] }
    return this.take({ type: 'effect_failed', at: this.at, sequence, failure })
  }

  good(action: Step | { readonly kind: 'measure' }): EffectResult {
    switch (action.kind) {
      case 'probe':
        return { kind: 'probed', healthy: action.count, detail: '', evidence: [] }
      case 'measure':
        return measured(this.at)
      case 'verify':
        return verified('passed')
      case 'hook':
        return { kind: 'answered', answer: { status: 'succeeded', detail: 'yes' } }
      default:
        return { kind: 'done' }
    }
  }

  /** Time passes to when the machine next wants it. */
  wake(): this {
    const due = rolloutMachine.nextAt(this.state)
    ok(due !== null, 'something is due')
    this.at = Math.max(this.at, due)
    return this.take({ type: 'time_passed', at: this.at })
  }

  /** Wakes and answers until `isThere`; a person approves what waits for one. */
  until(isThere: (state: RolloutState) => boolean): this {
    for (let turn = 0; !isThere(this.state); turn += 1) {
      ok(turn < 2_000, `the story gets there: ${JSON.stringify(this.state).slice(-600)}`)
      this.step()
    }
    return this
  }

  /** The next thing that happens: somebody approves, an answer comes, or time passes. */
  step(): this {
    const { state } = this
    if ('stage' in state && state.stage.kind === 'awaiting') return this.command('approved')
    return rolloutMachine.outstanding(state).length > 0 ? this.answer() : this.wake()
  }

  /** Time passes until the judge looks, and this is what it sees. */
  look(result: EffectResult): this {
    for (let turn = 0; rolloutMachine.outstanding(this.state).length === 0; turn += 1) {
      ok(turn < 100, 'the judge looks')
      this.wake()
    }
    return this.answer(result)
  }

  /** To where the rollout stands at a step that reads like this. */
  to(start: string): this {
    return this.until((state) => state.status === 'advancing' && wordsAt(state).startsWith(start))
  }

  get advancing(): Extract<RolloutState, { status: 'advancing' }> {
    ok(this.state.status === 'advancing', this.state.status)
    return this.state
  }
}

/** The step that a rollout stands at, in words. */
export const wordsAt = ({ plan, index }: Extract<RolloutState, { status: 'advancing' }>): string => {
  const step = plan.steps[index]
  return step === undefined ? 'end' : words(step)
}

/** Counts of a candidate that does well. */
export const measured = (
  at: number,
  change: Partial<Extract<EffectResult, { kind: 'measured' }>> = {},
): EffectResult => ({
  kind: 'measured',
  logE: 0,
  shareBp: 500,
  candidate: { units: 1_000, badUnits: 0 },
  stable: { units: 9_000, badUnits: 0 },
  tripped: false,
  observedAt: at,
  ...change,
})

/** A report of checks with these outcomes. */
export const verified = (...outcomes: readonly ('passed' | 'failed' | 'broken')[]): EffectResult => ({
  kind: 'verified',
  report: {
    scope: 'candidate',
    results: outcomes.map((outcome) => ({ name: 'home', outcome, detail: outcome, durationMs: 1, evidence: [] })),
  },
})
