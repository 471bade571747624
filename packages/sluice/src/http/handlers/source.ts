/** Answers about where commits come from. */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Handlers } from '../context.ts'
import { arrivalView, sourceView } from '../present/source.ts'
import { pageOf } from './meant-page.ts'

/** See the file's header. */
export const sourceHandlers: Handlers<
  'source.show' | 'arrivals.list' | 'arrivals.show' | 'arrivals.receive' | 'arrivals.redeliver'
> = {
  'source.show': async ({ engine, hookKeys, looking }) => {
    const [keys, { items }] = await Promise.all([hookKeys(), engine.reading.arrivals({ limit: limits.pageItemsMax })])
    return sourceView({ keys, looking: looking(), arrivals: items })
  },
  'arrivals.list': async ({ engine }, { query }) => {
    const page = await engine.reading.arrivals(pageOf(query))
    return { items: page.items.map(arrivalView), next: page.next }
  },
  'arrivals.show': async ({ engine }, { params }) => arrivalView(await engine.reading.arrival(params.arrival)),
  'arrivals.receive': async ({ engine }, { body, caller }) => {
    const { id, refs, pusher = null, reason = null } = body
    // It brings zod, which a command in its own process does without.
    const { readPushHook } = await import('../../core/source/read-hook.ts')
    const reading = readPushHook({ event: null, delivery: id, body: { refs, pusher } }, 'bare')
    if (reading.kind !== 'told')
      throw new SluiceError('usage_invalid', {
        detail: reading.kind === 'invalid' ? reading.detail : reading.because,
        hint: 'give each branch and tag by its whole name: refs/heads/main',
      })
    const { arrivals } = await engine.sources.receive({ name: id, told: reading.told }, { ...caller, reason })
    return { arrivals, because: null }
  },
  'arrivals.redeliver': async ({ engine }, { params, body, caller }) => {
    await engine.sources.redeliver(params.arrival, { ...caller, reason: body.reason ?? null })
    return arrivalView(await engine.reading.arrival(params.arrival))
  },
}
