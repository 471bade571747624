/** One control plane's way to a metric source and an external judge, over the same bad network as everything else. */
import { SluiceError } from '../../../src/core/errors.ts'
import { releaseId } from '../../../src/core/model.ts'
import type { Ports } from '../../../src/engine/ports.ts'
import { countsOf, wordOf } from '../core/outside.ts'
import { slotOf } from '../core/releases.ts'
import type { Setting } from '../core/setting.ts'
import type { Incarnation, Network } from './network.ts'

/** See the file's header. */
export const simulatedOutside = (
  setting: Setting,
  { network, caller }: { readonly network: Network; readonly caller: Incarnation },
): Pick<Ports, 'metrics' | 'externalJudge'> => ({
  metrics: {
    sample: ({ arms }, signal) =>
      network.ask(caller, signal, (reply) => {
        const counts = countsOf(setting, slotOf(releaseId(arms.candidate.release)))
        if (counts === null) return reply.refuse(new SluiceError('metric_absent', { detail: 'nothing matches' }))
        const { era, candidate, stable, observedAt } = counts
        reply.give({ era, candidate, stable, observedAt })
      }),
    // No release of the simulator has an objective.
    measure: () => Promise.reject(new SluiceError('metric_absent', { detail: 'nothing matches' })),
  },
  externalJudge: {
    evaluate: ({ candidate }, signal) =>
      network.ask(caller, signal, (reply) => {
        const directive = wordOf(setting, slotOf(releaseId(candidate)))
        if (directive === null) return reply.refuse(new SluiceError('external_judge_failed', { detail: 'no answer' }))
        reply.give({ directive, reason: 'as it seems' })
      }),
  },
})
