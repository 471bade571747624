/** What everything that answers for hooks must do. Each implementation calls `hooksContract` with a way to make a hook that behaves so. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SluiceError } from '../../src/core/errors.ts'
import { releaseId, rolloutId } from '../../src/core/model.ts'
import type { HookTarget } from '../../src/core/strategy.ts'
import type { HookCall, Hooks } from '../../src/ports/hooks.ts'

/** How a hook behaves. `silent` never answers; `absent` is not there at all. */
export type Behaviour = 'yes' | 'no' | 'not yet' | 'silent' | 'absent'

/** A hook to ask, and what it was told by the last call. */
export type Opened = {
  readonly target: HookTarget
  readonly told: () => Promise<Readonly<Record<string, unknown>>>
  readonly close: () => Promise<void>
}

/** The question of the contract. */
export const call: HookCall = {
  key: 'rol_1/forward/hook/smoke/before/promotion',
  name: 'smoke',
  rollout: rolloutId('rol_1'),
  service: 'shop',
  environment: 'production',
  release: releaseId(`rel_${'b'.repeat(64)}`),
  previous: null,
  moment: 'before',
  step: 'promotion',
}

/** Runs the contract against one implementation. */
export const hooksContract = (name: string, hooks: Hooks, open: (behaviour: Behaviour) => Promise<Opened>): void => {
  const ask = async (behaviour: Behaviour, signal: AbortSignal = AbortSignal.timeout(10_000)) => {
    const { target, close } = await open(behaviour)
    try {
      return await hooks.call(target, call, signal)
    } finally {
      await close()
    }
  }
  describe(`${name} keeps the hooks' contract`, () => {
    it('says yes, no and not yet as the hook does', async () => {
      assert.equal((await ask('yes')).status, 'succeeded')
      const no = await ask('no')
      assert.ok(no.status === 'failed')
      assert.ok(no.detail !== '' && no.evidence.length > 0, 'a no says why')
      const later = await ask('not yet')
      assert.ok(later.status === 'in_progress' && later.retryAfterMs > 0)
    })

    it('tells the hook what it is asked, and by which key', async () => {
      const { target, told, close } = await open('yes')
      await hooks.call(target, call, AbortSignal.timeout(10_000))
      const { key, name: hook, rollout, environment, moment, step } = await told()
      await close()
      const { key: k, name: n, rollout: r, environment: e, moment: m, step: s } = call
      assert.deepEqual(
        { key, hook, rollout, environment, moment, step },
        { key: k, hook: n, rollout: r, environment: e, moment: m, step: s },
      )
    })

    it('never takes silence or absence for an answer', async () => {
      await assert.rejects(ask('silent', AbortSignal.timeout(300)), (error) => error instanceof SluiceError)
      const absent = await ask('absent').catch((error: unknown) => error)
      const isNo =
        absent instanceof SluiceError ||
        (typeof absent === 'object' && absent !== null && 'status' in absent && absent.status === 'failed')
      assert.ok(isNo, JSON.stringify(absent))
    })
  })
}
