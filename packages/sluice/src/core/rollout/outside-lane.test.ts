/** What the word from outside does to a rollout: the lane beside the data plane's own counts. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConfig } from '../config/parse.ts'
import { resolveEnvironments } from '../config/resolve.ts'
import type { MetricReading, OutsideReadings } from '../judge/outside/types.ts'
import { commitId, type Release, releaseId, rolloutId, runId } from '../model.ts'
import { rolloutMachine } from './machine.ts'
import { planRollout } from './plan.ts'
import type { EffectResult, RolloutEvent, RolloutState } from './types.ts'

const by = { kind: 'person', name: 'ada' } as const

const releaseOf = (fill: string): Release => {
  const config = {
    service: 'shop',
    pipeline: { jobs: { build: { steps: 'true', artifacts: { app: 'dist' } } } },
    start: { command: 'node server.js' },
    environments: {
      production: {
        listen: 8080,
        strategy: { kind: 'canary', steps: [{ share: '10%', bake: '10s', unitsMin: 1 }], bake: '0s' },
        metrics: {
          url: 'http://127.0.0.1:9090',
          counters: { checkout: { total: 't{r="{{release}}"}', bad: 'b{r="{{release}}"}' } },
        },
        externalJudge: { url: 'http://127.0.0.1:9091' },
      },
    },
  }
  const environments = resolveEnvironments(parseConfig(config, { file: 'x', text: '', distance: () => 99 }), {})
  const content = {
    schema: 1,
    service: 'shop',
    version: '1.0.0',
    commit: { id: commitId(fill.repeat(40)), subject: 's', author: 'a', committedAt: 1 },
    artifacts: [],
    start: { command: 'node server.js', artifact: 'app' },
    environments,
    migrations: [],
  } as const
  return { id: releaseId(`rel_${fill.repeat(64)}`), content, cutBy: runId('run_1'), cutAt: 1 }
}

const plan = planRollout({
  purpose: 'deploy',
  environment: 'production',
  from: releaseOf('a'),
  to: releaseOf('b'),
  kept: [],
})

/** Two looks' counts of the source: what the candidate and the stable had since the look before. */
const counted = (at: number, units: number, bad: number): MetricReading => ({
  kind: 'counted',
  metric: 'checkout',
  era: 'one',
  candidate: { units, badUnits: bad },
  stable: { units: 9 * units, badUnits: 0 },
  observedAt: at,
})

/** A rollout that stands at its first judgement, and is told what comes. */
class Story {
  state: RolloutState = { status: 'absent' }
  at = 1_000_000

  constructor() {
    this.#take({ type: 'rollout_started', at: this.at, id: rolloutId('rol_1'), token: 1, plan, by })
    while (this.state.status === 'advancing' && this.state.stage.kind === 'performing') this.#answer()
  }

  /** The judge looks a second later, and sees this from outside; the gateway sees nothing bad. */
  look(outside: OutsideReadings | null): this {
    this.at += 1_000
    // One thing at a time: the judge's look, and the portion of the bake that is over.
    for (let left = 4; left > 0; left -= 1) this.#take({ type: 'time_passed', at: this.at })
    const measured: EffectResult = {
      kind: 'measured',
      logE: 0,
      shareBp: 1_000,
      candidate: { units: 100, badUnits: 0 },
      stable: { units: 900, badUnits: 0 },
      tripped: false,
      observedAt: this.at,
      ...(outside === null ? {} : { outside }),
    }
    this.#answer(measured)
    return this
  }

  #answer(given?: EffectResult): void {
    const effect = rolloutMachine.outstanding(this.state)[0] ?? assert.fail('an effect is in flight')
    const good: EffectResult =
      effect.action.kind === 'probe'
        ? { kind: 'probed', healthy: effect.action.count, detail: '', evidence: [] }
        : { kind: 'done' }
    this.#take({ type: 'effect_succeeded', at: this.at, sequence: effect.sequence, result: given ?? good })
  }

  #take(event: RolloutEvent): void {
    this.state = rolloutMachine.decide(this.state, event).state
  }
}

const goOn = { kind: 'answered', directive: 'continue', reason: 'fine' } as const
const detailOf = (state: RolloutState): string => (state.status === 'absent' ? '' : (state.lastVerdict?.detail ?? ''))

describe('a rollout that is judged from outside too', () => {
  it('is taken back by counters that are worse, however well the gateway finds it', () => {
    const story = new Story()
    story.look({ metrics: [counted(story.at, 0, 0)], external: goOn })
    assert.equal(story.state.status, 'advancing')
    story.look({ metrics: [counted(story.at, 100, 30)], external: null })
    assert.equal(story.state.status, 'reverting')
    assert.match(detailOf(story.state), /checkout: candidate 30 of 100 bad/)
  })

  it("is taken back by the external judge's abort, with its reason", () => {
    const story = new Story()
    const external = { kind: 'answered', directive: 'abort', reason: 'orders fell' } as const
    story.look({ metrics: [counted(story.at, 10, 0)], external })
    assert.equal(story.state.status, 'reverting')
    assert.match(detailOf(story.state), /says abort: orders fell/)
  })

  it('passes only what every source has seen, and pauses while one is silent', () => {
    const story = new Story()
    const silent: MetricReading = { kind: 'silent', metric: 'checkout', detail: 'nothing matches' }
    for (let look = 0; look < 15; look += 1) story.look({ metrics: [silent], external: goOn })
    assert.ok(story.state.status === 'advancing' && story.state.paused?.kind === 'broken')
    assert.match(story.state.paused.detail, /checkout: nothing matches/)
    const index = story.state.index
    for (let look = 1; look < 30 && story.state.status === 'advancing' && story.state.index === index; look += 1)
      story.look({ metrics: [counted(story.at, 10 * look, 0)], external: goOn })
    assert.ok(story.state.status === 'advancing' && story.state.paused === null && story.state.index > index)
  })

  it('is not passed by a look that asked nobody, before anybody was asked', () => {
    const story = new Story()
    for (let look = 0; look < 12; look += 1) story.look(null)
    assert.ok(story.state.status === 'advancing' && story.state.paused?.kind === 'broken')
  })

  it('waits while the external judge says wait', () => {
    const story = new Story()
    const external = { kind: 'answered', directive: 'wait', reason: 'not yet' } as const
    for (let look = 1; look < 20; look += 1) story.look({ metrics: [counted(story.at, 10 * look, 0)], external })
    assert.ok(story.state.status === 'advancing' && story.state.paused === null)
    assert.equal(story.state.lastVerdict?.verdict, 'hold')
    assert.match(detailOf(story.state), /says wait: not yet/)
  })
})
