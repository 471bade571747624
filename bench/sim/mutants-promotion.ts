/** Seeded bugs of queues, soak, and releases that come by themselves; see `mutants.ts`. */
import { type Mutant, mutantsIn } from './mutant.ts'

const promotion = mutantsIn('', ['engineSim', 'coreTests'])

const train = mutantsIn('', ['coreTests'])

/** One after the other. */
export const promotionMutants: readonly Mutant[] = [
  promotion(
    'core/promotion.ts',
    'const countedMs = wasWatched ? Math.min(elapsedMs, portion) : 0',
    'const countedMs = elapsedMs',
    'a release soaks while the control plane is down',
  ),
  promotion(
    'core/promotion.ts',
    'if (live !== null || soaks === undefined || serving === null) return null',
    'if (soaks === undefined || serving === null) return null',
    'a release soaks while another one takes its traffic',
  ),
  promotion(
    'core/promotion.ts',
    'auto && soak.servedMs >= soakMs && (servedBefore ?? -1) < soakMs',
    'auto && soak.servedMs >= soakMs',
    'a release that has soaked is offered again and again',
  ),
  promotion(
    'core/promotion.ts',
    'auto && soak.servedMs >= soakMs && (servedBefore ?? -1) < soakMs',
    'auto',
    'a release goes on before it has soaked',
  ),
  promotion(
    'core/promotion.ts',
    'verified.includes(release.id) || history.some((passage) => passage.release === release.id)',
    'verified.includes(release.id)',
    'automation ships again what was rolled back',
  ),
  promotion('core/promotion.ts', 'if (pin === undefined) return null', 'return null', 'automation undoes a rollback'),
  promotion(
    'core/promotion.ts',
    "purpose === 'rollback' && from !== null ? forget(next, from) : next",
    'next',
    'what was taken back has soaked all the same',
  ),
  promotion(
    'core/environment.ts',
    'settled: (state) => state.queue === undefined && wakeAt(state) === null',
    'settled: () => true',
    'a restart forgets who waits',
  ),
  promotion('core/queue.ts', 'if (live !== null) continue', '', 'the next starts while the last is under way'),
  promotion('core/queue.ts', "if (move?.kind === 'start') break", '', 'all who may enter enter at once'),
  promotion(
    'core/queue.ts',
    'if (lasting.length > 0) return refuse(id, textOf(lasting), now)',
    '',
    'what can never enter waits for a week',
  ),
  promotion(
    'core/queue.ts',
    "found.spec.queue?.supersede === 'older' && found.cutAt > cutAt",
    "found.spec.queue?.supersede === 'older'",
    'a newer release gives way to an older one',
  ),
  promotion(
    'core/admission.ts',
    'const [first] = turnOf === undefined && environment.live === null ? aheadInLine(environment) : []',
    'const [first] = aheadInLine(environment)',
    'who waits stands in their own way',
  ),
  promotion(
    'engine/keepers/queue-keeper.ts',
    "      const left = { type: 'queue_started', at: now, entry: entry.id, rollout: found.id }\n      return [input(key, left, nobody), ...startOf",
    '      return [...startOf',
    'who had their turn still waits',
  ),
  promotion(
    'core/promotion.ts',
    'if (drill !== undefined) return drilled(state, settled, drill)',
    '',
    'a drill undoes what a person chose',
  ),
  promotion(
    'engine/keepers/queue-keeper.ts',
    'if (rows.some(({ key }) => looked.has(key.kind))) this.look()',
    "if (rows.some(({ type }) => type === 'rollout_settled')) this.look()",
    'a turn comes only with the end of a rollout',
  ),
  promotion('engine/engine.ts', '        this.#queues.look()\n', '', 'nobody looks at the queue after a restart'),
  promotion(
    'engine/keepers/queue-keeper.ts',
    'if (!stillStands(found, stateOf)) return null',
    '',
    'a plan is made for what served when it was queued',
  ),
  train(
    'core/train/machine.ts',
    "const last = state.members.findLastIndex(({ status }) => status === 'arrived')",
    "const last = state.members.findIndex(({ status }) => status === 'arrived')",
    'the first that arrived goes back first',
  ),
  train(
    'core/train/machine.ts',
    "if (state.members.some(({ status }) => status === 'stopping' || status === 'returning')) return unchanged(state)",
    '',
    'what has not stopped yet counts as stopped',
  ),
  train(
    'core/train/machine.ts',
    "return unchanged(isStranded ? { ...state, status: 'parked' } : { ...state, status: 'rolled_back', settledAt: at })",
    "return unchanged({ ...state, status: 'rolled_back', settledAt: at })",
    'a train is back although some of it stayed',
  ),
  train(
    'engine/perform/train.ts',
    '  const known = await world.rolloutOf(deliveryOf(work, key))\n  if (known !== null) return arrival(work, known)\n',
    '',
    'a restart asks for the same rollout again',
  ),
  train(
    'engine/perform/train.ts',
    "if (rollout === null) return { kind: 'not_arrived', rollout: null, detail: 'it had not begun' }\n  const why",
    "if (rollout !== null) return { kind: 'not_arrived', rollout: null, detail: 'it had not begun' }\n  const why",
    'what moves is left to itself when the train goes back',
  ),
  train(
    'engine/perform/train.ts',
    "code === 'store_full' || code === 'overloaded'",
    'code === null',
    'a write that fails once turns a train around',
  ),
]
