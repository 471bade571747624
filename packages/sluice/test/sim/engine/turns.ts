/** What must hold of everything that waits for its turn, and of what Sluice promotes by itself; read from the ledger as it grows. */
import type { AggregateKey, LedgerRow } from '../../../src/core/ledger/entry.ts'
import { limits } from '../../../src/core/limits.ts'
import { onwardFrom } from '../../../src/core/promotion.ts'
import type { QueueEvent } from '../../../src/core/queue.ts'
import { type Release, type ReleaseId, releaseId } from '../../../src/core/model.ts'
import type { RolloutPlan } from '../../../src/core/rollout/types.ts'
import { planTransaction, unwritten } from '../../../src/engine/loop/transaction.ts'
import type { Transition } from '../../../src/ports/store.ts'
import { demand } from '../breach.ts'
import { environmentName, serviceName } from '../core/releases.ts'

/** How long a release must serve before it comes by itself, milliseconds. */
export const soakMs = 60_000
const portionMs = soakMs / 20

/** The same release for an environment that takes it by itself from `staging`, newer than every other one. */
export const promoted = (release: Release): Release => ({
  ...release,
  cutAt: 1,
  content: {
    ...release.content,
    environments: release.content.environments.map((spec) => ({
      ...spec,
      after: 'staging',
      promotion: { soakMs, auto: true },
    })),
  },
})

/** What the store holds once the release serves an environment, as its rollout there left it. */
export const servedBefore = (release: Release, at: number, environment: string): readonly Transition[] => {
  const key = { kind: 'environment', id: `${serviceName}/${environment}` } as const
  const actor = { kind: 'system', name: 'sluice' } as const
  const rollout = 'rol_before'
  const admitted = { type: 'rollout_admitted', at, rollout, release: release.id }
  const onward = onwardFrom(release, environment)
  const passed = { type: 'rollout_settled', at, rollout, outcome: 'succeeded', from: null, to: release.id }
  const settled = onward === null ? passed : { ...passed, onward }
  const inputs = [admitted, settled].map((event) => ({ key, event, actor, reason: null }))
  return planTransaction(inputs, unwritten).transitions
}

/** What nobody can bring in any more: no release of these names was ever cut. */
const lost: readonly ReleaseId[] = Array.from({ length: limits.queueEntriesMax }, (_, index) =>
  releaseId(`rel_${index.toString(16).padStart(64, 'e')}`),
)

/** What the store holds once the release has soaked in `staging`, and found the queue full of what nobody can bring in any more. */
export const offeredBefore = (release: Release, at: number): readonly Transition[] => {
  const by = { kind: 'system', name: 'sluice' } as const
  const [staging, production] = ['staging', environmentName].map((name) => `${serviceName}/${name}`)
  const rollout = 'rol_before'
  const settled = {
    type: 'rollout_settled',
    at: at - soakMs,
    rollout,
    outcome: 'succeeded',
    from: null,
    to: release.id,
    onward: onwardFrom(release, 'staging'),
  }
  const events = [
    ...lost.map((id, index) => ({
      to: production,
      event: { type: 'queued', at, entry: { id: `que_${index}`, release: id, purpose: 'promote', by, reason: null } },
    })),
    { to: staging, event: { type: 'rollout_admitted', at: at - soakMs, rollout, release: release.id } },
    { to: staging, event: settled },
    ...Array.from({ length: soakMs / portionMs }, (_, index) => ({
      to: staging,
      event: { type: 'time_passed', at: at - soakMs + (index + 1) * portionMs },
    })),
  ]
  const inputs = events.map(({ to, event }) => {
    const key: AggregateKey = { kind: 'environment', id: to ?? '' }
    return { key, event, actor: by, reason: null }
  })
  return planTransaction(inputs, unwritten).transitions
}

/** See the file's header. */
export class Turns {
  /** Entries in the order in which they came; `true` once their turn passed. */
  readonly #waiting = new Map<string, { deferred: boolean }>()
  readonly #auto: ReleaseId | null
  readonly #soaks: 'before' | 'here'
  #autoStarts = 0
  #watchedMs = 0
  #lastLookAt = 0

  /** `soaks`: it has soaked before the schedule began, or is to soak in it. */
  constructor(auto: ReleaseId | null, soaks: 'before' | 'here') {
    this.#auto = auto
    this.#soaks = soaks
  }

  /** Whether nothing waits, and what comes by itself has come. */
  get isOver(): boolean {
    return this.#waiting.size === 0 && (this.#auto === null || this.#autoStarts > 0)
  }

  /** Between two looks the control plane was there, or was not. */
  passed(now: number, isWatched: boolean): void {
    if (isWatched) this.#watchedMs += now - this.#lastLookAt
    this.#lastLookAt = now
  }

  /** A row became durable. `forgivenMs`: what deaths and jumps of the clock may have added to the soak. */
  took(row: LedgerRow, disturbances: number): void {
    if (row.key.kind === 'rollout' && row.type === 'rollout_started') this.#started(row, disturbances)
    if (row.key.kind !== 'environment' || row.key.id !== `${serviceName}/${environmentName}`) return
    if (!row.type.startsWith('queue')) return
    this.#moved(row.body as QueueEvent)
  }

  #moved(event: QueueEvent): void {
    if (event.type === 'queued') {
      const { id } = event.entry
      demand(!this.#waiting.has(id), `${id} waits twice`)
      this.#waiting.set(id, { deferred: false })
      return
    }
    const entry = this.#waiting.get(event.entry)
    demand(entry !== undefined, `${event.type} of ${event.entry}, which does not wait`)
    if (event.type === 'queue_deferred') {
      if (entry !== undefined) entry.deferred = true
      return
    }
    if (event.type === 'queue_started') {
      const before = [...this.#waiting].slice(0, [...this.#waiting.keys()].indexOf(event.entry))
      demand(
        before.every(([, { deferred }]) => deferred),
        `${event.entry} went before its turn`,
      )
    }
    this.#waiting.delete(event.entry)
  }

  /** Invariant: what comes by itself comes once, and not before its time was seen to pass. */
  #started({ body, actor }: LedgerRow, disturbances: number): void {
    const { plan } = body as { readonly plan: RolloutPlan }
    if (plan.to !== this.#auto || plan.purpose !== 'promote') return
    this.#autoStarts += 1
    demand(actor.kind === 'system', 'somebody else promoted what comes by itself')
    demand(this.#autoStarts === 1, 'a release came by itself twice')
    if (this.#soaks === 'before') return
    const forgivenMs = portionMs * (1 + disturbances)
    demand(this.#watchedMs >= soakMs - forgivenMs, `a release came by itself after ${this.#watchedMs} ms`)
  }
}
