/** What each strategy plans: every step, forward and back, in words. */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isJudged } from '../../src/core/rollout/exposure.ts'
import type { RolloutPlan, Step } from '../../src/core/rollout/types.ts'
import { idOf, planOf, releaseOf, words } from './story.ts'

const forward = (plan: RolloutPlan): readonly string[] => plan.steps.map(words)

test('a canary grows its instances with its share, after a mirror and behind rules', () => {
  const plan = planOf({
    instances: 4,
    strategy: {
      kind: 'canary',
      verify: true,
      steps: [
        { share: '0%', mirror: '10%', pause: '1m', scale: 1 },
        { share: '5%', scale: '50%', routes: [{ header: 'X-Canary', equals: 'always' }], verify: true },
        { share: '25%', approve: true },
      ],
      bake: '5m',
      keepPrevious: false,
    },
  })
  deepStrictEqual(forward(plan), [
    'start b×1',
    'probe b×1',
    'verify b×1',
    'stable a×4 10000, mirror b 1000',
    'wait 60000 ms',
    'start b×2',
    'probe b×2',
    'stable a×4 9500, candidate b×2 500, 1 rules',
    'verify b×2',
    'judge 60000 ms',
    'stable a×4 7500, candidate b×2 2500',
    'approve',
    'start b×4',
    'probe b×4',
    'stable b×4 10000',
    'wait 300000 ms',
    'drain a to 0',
    'retire a to 0',
  ])
})

test('a holdback keeps a share on the old release, is judged, and is dropped', () => {
  const plan = planOf({ strategy: { kind: 'canary', steps: ['10%'], holdback: { share: '2%', bake: '1h' } } })
  deepStrictEqual(forward(plan).slice(4), [
    'holdback a×2 200, candidate b×2 9800',
    'judge 3600000 ms',
    'stable b×2 10000',
  ])
  ok(isJudged(plan, 5), 'while it is held back, there is somebody to compare with')
})

test('blue-green shows green to testers, verifies it, waits for a person, and only then switches', () => {
  const plan = planOf({
    strategy: { kind: 'blueGreen', preview: [{ cookie: 'preview' }], verify: true, approve: true, keepPrevious: false },
  })
  deepStrictEqual(forward(plan), [
    'start b×2',
    'probe b×2',
    'stable a×2 10000, candidate b×2 0, 1 rules',
    'verify b×2',
    'approve',
    'stable b×2 10000',
    'wait 60000 ms',
    'drain a to 0',
    'retire a to 0',
  ])
  ok(!isJudged(plan, 4), 'who was chosen is no sample')
})

test('rolling with a surplus of one and nobody missing replaces one by one', () => {
  const plan = planOf({ instances: 3, strategy: { kind: 'rolling', maxSurge: 1, maxUnavailable: 0 } })
  deepStrictEqual(forward(plan), [
    'start b×1',
    'probe b×1',
    'stable a×2 6667, candidate b×1 3333',
    'drain a to 2',
    'retire a to 2',
    'start b×2',
    'probe b×2',
    'stable a×1 3333, candidate b×2 6667',
    'drain a to 1',
    'retire a to 1',
    'start b×3',
    'probe b×3',
    'stable b×3 10000',
    'drain a to 0',
    'retire a to 0',
  ])
})

test('blue-green has green alone at its preview address, looks at it there, and closes it with the switch or the way back', () => {
  const preview = { listen: 8090, routes: [{ cookie: 'preview' }] }
  const plan = planOf({ strategy: { kind: 'blueGreen', preview, verify: true, bake: '0s' } })
  deepStrictEqual(forward(plan), [
    'start b×2',
    'probe b×2',
    'stable a×2 10000, candidate b×2 0, 1 rules, alone on 8090',
    'verify b×2 and 8090',
    'stable b×2 10000',
  ])
  ok([...plan.revert.warm, ...plan.revert.cold].every((step) => !words(step).includes('8090')))
})

test('rolling without a surplus takes old instances away first, and its way back is cold from then on', () => {
  const plan = planOf({ instances: 4, strategy: { kind: 'rolling', maxUnavailable: '50%' } })
  deepStrictEqual(forward(plan).slice(0, 6), [
    'stable a×2 10000',
    'drain a to 2',
    'retire a to 2',
    'start b×2',
    'probe b×2',
    'stable b×2 10000',
  ])
})

test('rolling by surplus and missing keeps its two bounds at every step, and never leaves nobody', () => {
  const amounts = fc.oneof(
    fc.integer({ min: 0, max: 12 }),
    fc.integer({ min: 0, max: 100 }).map((part) => `${part}%` as const),
  )
  fc.assert(
    fc.property(
      amounts,
      amounts,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      (maxSurge, maxUnavailable, before, wanted) => {
        const plan = planOf(
          { instances: wanted, strategy: { kind: 'rolling', maxSurge, maxUnavailable } },
          { from: releaseOf('a', { instances: before }) },
        )
        const exact = (amount: number | string): number =>
          typeof amount === 'number' ? amount : (wanted * Number(amount.slice(0, -1))) / 100
        const missing = Math.min(wanted, Math.floor(exact(maxUnavailable)))
        const surplus = Math.max(Math.ceil(exact(maxSurge)), missing === 0 ? 1 : 0)
        let [old, fresh, up] = [before, 0, 0]
        for (const step of plan.steps) {
          if (step.kind === 'retire') old = Math.min(old, step.keep)
          if (step.kind === 'start') fresh = step.count
          if (step.kind === 'probe') up = step.count
          // One old instance stays until a new one answers, beyond the bound if need be.
          ok(old + fresh <= Math.max(before, wanted + surplus, 2), `${old} + ${fresh} instances`)
          ok(old + up >= Math.max(1, Math.min(before, wanted - missing)), `${old} + ${up} answer`)
          for (const share of step.kind === 'shift' ? step.shares : [])
            ok(share.count <= (share.release === idOf('a') ? old : up), 'traffic only to what is there')
        }
        ok(old === 0 && up === wanted)
      },
    ),
  )
})

test('hooks stand before and after the stages that they name, and at the end of the way back', () => {
  const hooks = (['before start', 'after traffic', 'before promotion', 'after promotion', 'revert'] as const).map(
    (at) => ({ name: at.replace(' ', '-'), at, url: 'https://hooks.example.com/' }),
  )
  const plan = planOf({ hooks, strategy: { kind: 'canary', steps: ['5%'], keepPrevious: false } })
  deepStrictEqual(forward(plan), [
    'hook before-start before start/2',
    'start b×2',
    'probe b×2',
    'stable a×2 9500, candidate b×2 500',
    'judge 60000 ms',
    'hook after-traffic after traffic/500',
    'hook before-promotion before promotion',
    'stable b×2 10000',
    'wait 60000 ms',
    'hook after-promotion after promotion',
    'drain a to 0',
    'retire a to 0',
  ])
  deepStrictEqual(plan.revert.warm.map(words), [
    'probe a×2',
    'stable a×2 10000',
    'drain b to 0',
    'retire b to 0',
    'hook revert revert revert',
  ])
})

test('checks of the environment stand where they belong in every strategy, and a rollback has none', () => {
  const verify = [{ kind: 'http', name: 'home', path: '/', scope: 'both' }] as const
  const strategies = ['canary', 'blueGreen', 'rolling', { kind: 'rolling', maxUnavailable: 1 }] as const
  for (const strategy of strategies) {
    for (const from of [releaseOf('a'), null]) {
      const { steps } = planOf({ verify, strategy }, { from })
      const scopes = steps.flatMap((step) => (step.kind === 'verify' ? [step.scope] : []))
      deepStrictEqual(scopes, ['candidate', 'environment'])
      const looked = steps.findIndex(({ kind }) => kind === 'verify')
      const reaches = steps.findIndex(
        (step) => step.kind === 'shift' && step.shares.some(({ release }) => release === idOf('b')),
      )
      ok(looked < reaches, 'before it has traffic')
    }
  }
  const recreated = planOf({ verify, strategy: 'recreate' }).steps.map(words)
  deepStrictEqual(recreated.slice(-2), ['stable b×2 10000', 'verify b×2'])
  const back = planOf({ verify }, { purpose: 'rollback' })
  ok(![...back.steps, ...back.revert.cold].some(({ kind }) => kind === 'verify'))
})

test('a hook has a minute on the way back, whatever its own time is', () => {
  const plan = planOf({
    hooks: [{ name: 'tell', at: 'revert', command: 'true', timeout: '1h', onTimeout: 'rollback' }],
  })
  const last = plan.revert.cold.at(-1)
  deepStrictEqual(last?.kind === 'hook' && [last.timeoutMs, last.onTimeout], [60_000, 'continue'])
})

test('a rollback asks no hook for leave: it tells those of the way back, at its end', () => {
  const hooks = (['before start', 'before promotion', 'revert'] as const).map((at) => ({
    name: at.replace(' ', '-'),
    at,
    command: 'false',
    onTimeout: 'rollback' as const,
  }))
  const plan = planOf({ hooks }, { purpose: 'rollback' })
  deepStrictEqual(forward(plan), [
    'start b×2',
    'probe b×2',
    'stable b×2 10000',
    'drain a to 0',
    'retire a to 0',
    'hook revert revert revert',
  ])
})

test('a rollout in the place of another begins with all traffic on the stable release and the replaced candidate down', () => {
  const plan = planOf({ strategy: { kind: 'canary', steps: ['5%'] } }, { abandoned: [idOf('c')] })
  deepStrictEqual(forward(plan).slice(0, 6), [
    'start a×2',
    'probe a×2',
    'stable a×2 10000',
    'drain c to 0',
    'retire c to 0',
    'start b×2',
  ])
  deepStrictEqual(plan.revert.warm.map(words).at(1), 'stable a×2 10000')
})

test('the way back of a rollout in the place of another takes the replaced candidate down, too, which finds out a router that lied about it', () => {
  const { revert } = planOf({ strategy: { kind: 'canary', steps: ['5%'] } }, { abandoned: [idOf('c')] })
  for (const way of [revert.warm, revert.cold])
    deepStrictEqual(way.map(words).slice(-4), ['drain b to 0', 'retire b to 0', 'drain c to 0', 'retire c to 0'])
})

test('without a stable release the replaced candidate serves until the newer one does', () => {
  const plan = planOf({}, { from: null, abandoned: [idOf('c')] })
  deepStrictEqual(forward(plan), ['start b×2', 'probe b×2', 'stable b×2 10000', 'drain c to 0', 'retire c to 0'])
})

const shiftOf = (step: Step | undefined): string => (step === undefined ? '' : words(step))

test('a ramp by evidence is a ladder of shares, each judged until it is proven', () => {
  const plan = planOf({ strategy: { kind: 'canary', steps: ['1%', '10%', '50%'], ramp: 'evidence' } })
  deepStrictEqual(plan.steps.slice(2, 8).map(shiftOf), [
    'stable a×2 9900, candidate b×2 100',
    'judge until proven',
    'stable a×2 9000, candidate b×2 1000',
    'judge until proven',
    'stable a×2 5000, candidate b×2 5000',
    'judge until proven',
  ])
})
