/** Who is asked from outside, with what, and what becomes of silence. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SluiceError } from '../../src/core/errors.ts'
import { releaseId, rolloutId } from '../../src/core/model.ts'
import { rolloutMachine } from '../../src/core/rollout/machine.ts'
import { askOutside, type OutsideWorld } from '../../src/engine/perform/ask-outside.ts'
import type { ExternalQuestion, MetricQuestion } from '../../src/ports/metrics.ts'
import { Catalogue, variants } from '../sim/core/releases.ts'

const never = new AbortController().signal
const variant = variants.findIndex(({ strategy, instances }) => strategy.kind === 'canary' && instances === 2)
const catalogue = new Catalogue()
const [stable, candidate] = [catalogue.release(variant, 0), catalogue.release(variant, 1)]

const plan = catalogue.plan('deploy', stable, candidate, [])
const begun = (spec: Partial<typeof plan.spec>) => {
  const id = rolloutId('rol_1')
  const by = { kind: 'system', name: 'test' } as const
  const own = { ...plan, spec: { ...plan.spec, ...spec } }
  const { state } = rolloutMachine.decide(
    { status: 'absent' },
    { type: 'rollout_started', at: 1, id, token: 1, plan: own, by },
  )
  return state.status === 'absent' ? assert.fail('it began') : state
}

const sample = { era: 'one', candidate: { units: 1, badUnits: 0 }, stable: { units: 9, badUnits: 0 }, observedAt: 5 }

const worldWith = (change: Partial<OutsideWorld>): OutsideWorld => ({
  clock: { now: () => 1_000_000 },
  metrics: { sample: async () => sample },
  externalJudge: { evaluate: async () => ({ directive: 'wait', reason: 'not yet' }) },
  secrets: {
    versions: async () => ({}),
    values: async (versions) => Object.fromEntries(Object.keys(versions).map((name) => [name, `value of ${name}`])),
  },
  release: async (id) => (id === candidate.id ? candidate : stable),
  ...change,
})

describe('asking from outside', () => {
  test('each arm is asked for by its own labels, with the secret of the release', async () => {
    const questions: MetricQuestion[] = []
    const judged: ExternalQuestion[] = []
    const world = worldWith({
      metrics: { sample: async (question) => (questions.push(question), sample) },
      externalJudge: {
        evaluate: async (question) => (judged.push(question), { directive: 'continue', reason: 'fine' }),
      },
    })
    const { metrics } = plan.spec
    assert.ok(metrics)
    const locked = { ...metrics, authorization: 'TOKEN', secretVersions: { TOKEN: 'v1' } }
    const readings = await askOutside(world, begun({ metrics: locked }), never)
    assert.deepEqual(readings, {
      metrics: [{ kind: 'counted', metric: 'checkout', ...sample }],
      external: { kind: 'answered', directive: 'continue', reason: 'fine' },
    })
    const [question] = questions
    assert.equal(question?.authorization, 'value of TOKEN')
    assert.deepEqual(
      [question.arms.candidate.release, question.arms.candidate.version, question.arms.candidate.arm],
      [candidate.id, '1.1.0', 'candidate'],
    )
    assert.deepEqual([question.arms.stable?.release, question.arms.stable?.arm], [stable.id, 'stable'])
    const [asked] = judged
    assert.deepEqual(
      [asked?.rollout, asked?.environment, asked?.candidate, asked?.stable, asked?.authorization],
      ['rol_1', 'production', candidate.id, stable.id, null],
    )
  })

  test('whatever goes wrong is silence with its reason, never an answer, and never loses the look', async () => {
    const refused = (): Promise<never> =>
      Promise.reject(new SluiceError('metric_absent', { detail: 'nothing matches' }))
    const silence = await askOutside(
      worldWith({
        metrics: { sample: refused },
        externalJudge: { evaluate: () => Promise.reject(new Error('a bug')) },
      }),
      begun({}),
      never,
    )
    assert.deepEqual(silence, {
      metrics: [{ kind: 'silent', metric: 'checkout', detail: 'nothing matches' }],
      external: { kind: 'silent', detail: 'a bug' },
    })
    const { externalJudge } = plan.spec
    assert.ok(externalJudge)
    const locked = { ...externalJudge, authorization: 'GONE', secretVersions: { GONE: 'v1' } }
    const secrets = { versions: async () => ({}), values: async () => ({}) }
    const forgotten = await askOutside(worldWith({ secrets }), begun({ externalJudge: locked }), never)
    assert.match(
      forgotten?.external?.kind === 'silent' ? forgotten.external.detail : '',
      /the secret GONE has no value/,
    )
    const lost = worldWith({
      release: () => Promise.reject(new SluiceError('not_found', { detail: `no ${releaseId(candidate.id)}` })),
    })
    assert.equal((await askOutside(lost, begun({}), never))?.metrics[0]?.kind, 'silent')
  })
})
