/** The simulated world: instances, a router with shares, their fences, a true time and a wall clock that may be off. */
import type { Fence, Release, ReleaseId } from '../../../src/core/model.ts'
import type { RolloutPlan, Share } from '../../../src/core/rollout/types.ts'
import { Breach, demand } from '../breach.ts'
import { instancesMax, slotCount, slotOf } from './releases.ts'

/** What a fenced target says to a request. */
export type Reply = 'done' | 'fence_stale' | 'gateway_tripped'

/** All traffic, in basis points. */
const whole = 10_000

const bits = (mask: number): number => (mask & 1) + ((mask >> 1) & 1) + ((mask >> 2) & 1)

/** Instances 0 … count − 1. */
export const firstOf = (count: number): number => (1 << count) - 1

/** See the file's header. Sets of instances are bit masks; arrays go by the release's slot. */
export class World {
  /** Monotonic time, milliseconds. */
  now = 0
  /** Wall clock minus true time. */
  skew = 0
  /** The newest intent that is in the ledger: nothing newer may be performed. */
  recordedToken = 0
  recordedSequence = 0
  /** The plan of the rollout that holds the environment, and its token; null between rollouts. */
  plan: RolloutPlan | null = null
  token = 0
  /** Instances that exist: started and not retired, whether or not they answer. */
  readonly exists: number[] = Array.from({ length: slotCount }, () => 0)
  /** Of those, the ones that answered at least once; a crash (which is no doing of ours) takes nothing from it. */
  readonly proven: number[] = Array.from({ length: slotCount }, () => 0)
  /** When each instance answers (again), true time. */
  readonly readyAt: number[] = Array.from({ length: slotCount * instancesMax }, () => 0)
  readonly shareBp: number[] = Array.from({ length: slotCount }, () => 0)
  /** Instances that the router sends the release's share to. */
  readonly upstreams: number[] = Array.from({ length: slotCount }, () => 0)
  /** Releases that requests reach without a share: by a rule, or as copies. */
  readonly isReached: boolean[] = Array.from({ length: slotCount }, () => false)
  route: 'open' | 'hold' | 'closed' = 'closed'
  /** The slot on trial while a tripwire is armed, else −1. */
  candidate = -1
  /** The rollout (by token) that a tripwire cut, and its candidate. */
  trippedToken = 0
  trippedSlot = -1
  trippedAt = 0
  /** True time of the last shift that was put in force. */
  shiftedAt = 0
  /** When all instances that crashed answer again, true time. */
  mendedAt = 0
  #driverToken = 0
  #driverSequence = 0
  #routerToken = 0
  #routerSequence = 0
  /** The rollout (by token) that the route in force is from. */
  #routeToken = 0

  /** A fresh world, with `serving` at 100 % if there is one. */
  reset(serving: Release | null): void {
    this.now = 0
    this.skew = 1_000_000
    this.recordedToken = this.recordedSequence = this.token = 0
    this.plan = null
    for (let slot = 0; slot < slotCount; slot += 1) {
      this.exists[slot] = this.proven[slot] = this.shareBp[slot] = this.upstreams[slot] = 0
      this.isReached[slot] = false
    }
    this.route = 'closed'
    this.candidate = this.trippedSlot = -1
    this.trippedToken = this.trippedAt = this.shiftedAt = this.mendedAt = 0
    this.#driverToken = this.#driverSequence = this.#routerToken = this.#routerSequence = this.#routeToken = 0
    if (serving === null) return
    const slot = slotOf(serving.id)
    const all = firstOf(serving.content.environments[0]?.instances ?? 0)
    this.exists[slot] = this.proven[slot] = this.upstreams[slot] = all
    for (let index = 0; index < instancesMax; index += 1) this.readyAt[slot * instancesMax + index] = 0
    this.shareBp[slot] = whole
    this.route = 'open'
  }

  /** The wall clock. */
  wall(): number {
    return this.now + this.skew
  }

  /** Instances of a slot that answer now. */
  healthy(slot: number): number {
    const exists = this.exists[slot] ?? 0
    let mask = 0
    for (let index = 0; index < instancesMax; index += 1) {
      if ((exists & (1 << index)) !== 0 && (this.readyAt[slot * instancesMax + index] ?? 0) <= this.now)
        mask |= 1 << index
    }
    this.proven[slot] = ((this.proven[slot] ?? 0) | mask) & exists
    return mask
  }

  /** When the last of `wanted` answers, true time; −1 when some of them do not exist. */
  allReadyAt(slot: number, wanted: number): number {
    if (((this.exists[slot] ?? 0) & wanted) !== wanted) return -1
    let at = 0
    for (let index = 0; index < instancesMax; index += 1) {
      if ((wanted & (1 << index)) !== 0) at = Math.max(at, this.readyAt[slot * instancesMax + index] ?? 0)
    }
    return at
  }

  /** An instance stops answering until `until`. */
  crash(slot: number, index: number, until: number): void {
    this.healthy(slot)
    this.mendedAt = Math.max(this.mendedAt, until)
    this.readyAt[slot * instancesMax + index] = until
  }

  /** The driver makes sure that instances 0 … count − 1 exist; `readyAt(index)` for those that are new. */
  start(release: ReleaseId, count: number, fence: Fence, readyAt: (index: number) => number): Reply {
    this.#mustBeRecorded(fence)
    if (this.#isStale(fence, this.#driverToken, this.#driverSequence)) return 'fence_stale'
    this.#driverToken = fence.token
    this.#driverSequence = fence.sequence
    const slot = slotOf(release)
    this.#mustBeAlone(slot, fence)
    for (let index = 0; index < count; index += 1) {
      if (((this.exists[slot] ?? 0) & (1 << index)) === 0) this.readyAt[slot * instancesMax + index] = readyAt(index)
    }
    this.exists[slot] = (this.exists[slot] ?? 0) | firstOf(count)
    return 'done'
  }

  /** How many instances of a release the data plane sends traffic to. */
  routed(release: ReleaseId): number {
    const slot = slotOf(release)
    return this.#isRouted(slot) ? bits(this.upstreams[slot] ?? 0) : 0
  }

  /** The driver stops instances from `keep` on. */
  retire(release: ReleaseId, keep: number, fence: Fence): Reply {
    this.#mustBeRecorded(fence)
    if (this.#isStale(fence, this.#driverToken, this.#driverSequence)) return 'fence_stale'
    this.#driverToken = fence.token
    this.#driverSequence = fence.sequence
    const slot = slotOf(release)
    this.exists[slot] = (this.exists[slot] ?? 0) & firstOf(keep)
    this.proven[slot] = (this.proven[slot] ?? 0) & firstOf(keep)
    if (this.#isRouted(slot) && ((this.upstreams[slot] ?? 0) & ~(this.exists[slot] ?? 0)) !== 0)
      throw new Breach(`an instance of slot ${slot} was retired while it had traffic`)
    return 'done'
  }

  /** What a shift would send traffic to, as the driver shows it now: three bits a slot; −1 when a share would have nobody. */
  upstreamsFor(shares: readonly Share[]): number {
    let packed = 0
    for (const { release, count } of shares) {
      const slot = slotOf(release)
      const mask = (this.exists[slot] ?? 0) & firstOf(count)
      if (mask === 0) return -1
      packed |= mask << (slot * instancesMax)
    }
    return packed
  }

  /** Whether the router would take a route with this fence and these shares. */
  ask(shares: readonly Share[], fence: Fence): Reply {
    this.#mustBeRecorded(fence)
    if (this.#isStale(fence, this.#routerToken, this.#routerSequence)) return 'fence_stale'
    if (
      this.trippedToken === fence.token &&
      shares.some(({ release, shareBp }) => shareBp > 0 && slotOf(release) === this.trippedSlot)
    )
      return 'gateway_tripped'
    this.#routerToken = fence.token
    this.#routerSequence = fence.sequence
    return 'done'
  }

  /** Puts a route in force that `ask` took. */
  shift(shares: readonly Share[], packed: number, whenEmpty: 'hold' | 'close'): void {
    for (let slot = 0; slot < slotCount; slot += 1) {
      this.shareBp[slot] = this.upstreams[slot] = 0
      this.isReached[slot] = false
    }
    this.candidate = -1
    this.shiftedAt = this.now
    this.#routeToken = this.#routerToken
    this.route = shares.length > 0 ? 'open' : whenEmpty === 'hold' ? 'hold' : 'closed'
    let sum = 0
    for (const { release, shareBp, arm } of shares) {
      const slot = slotOf(release)
      this.shareBp[slot] = shareBp
      this.upstreams[slot] = (packed >> (slot * instancesMax)) & firstOf(instancesMax)
      sum += shareBp
      if (shareBp === 0 && arm === 'candidate') this.isReached[slot] = true
      if (arm === 'candidate' && shareBp > 0) this.candidate = slot
    }
    if (shares.length > 0 && sum !== whole) throw new Breach(`the shares sum to ${sum}`)
    this.#mustServe()
    this.#mustBeAllowedToBeEmpty()
  }

  /** Whether a tripwire could cut now. */
  isArmed(): boolean {
    return this.candidate >= 0 && this.trippedToken !== this.#routeToken
  }

  /** The tripwire cuts the candidate. */
  cut(): void {
    const { candidate } = this
    this.trippedToken = this.#routeToken
    this.trippedSlot = candidate
    this.trippedAt = this.now
    this.shareBp[candidate] = 0
    for (let slot = 0; slot < slotCount; slot += 1)
      if ((this.upstreams[slot] ?? 0) !== 0 && slot !== candidate) this.shareBp[slot] = whole
    this.#mustServe()
  }

  /** The only slot with traffic; −1 when there is none or more than one. */
  serving(): number {
    if (this.route !== 'open') return -1
    return this.shareBp.indexOf(whole)
  }

  #isRouted(slot: number): boolean {
    return this.route === 'open' && ((this.shareBp[slot] ?? 0) > 0 || this.isReached[slot] === true)
  }

  #isStale(fence: Fence, token: number, sequence: number): boolean {
    return fence.token < token || (fence.token === token && fence.sequence < sequence)
  }

  #mustBeRecorded({ token, sequence }: Fence): void {
    if (token < this.recordedToken || (token === this.recordedToken && sequence <= this.recordedSequence)) return
    throw new Breach(
      `effect ${token}.${sequence} was performed, but the ledger ends at ${this.recordedToken}.${this.recordedSequence}`,
    )
  }

  /** Invariant: no share goes to a release that never answered, or of which nothing is there. Crashes are the weather's. */
  #mustServe(): void {
    if (this.route !== 'open') return
    for (let slot = 0; slot < slotCount; slot += 1) {
      if (!this.#isRouted(slot)) continue
      this.healthy(slot)
      const upstreams = this.upstreams[slot] ?? 0
      if ((upstreams & ~(this.exists[slot] ?? 0)) !== 0)
        throw new Breach(`traffic goes to retired instances of slot ${slot}`)
      if ((upstreams & (this.proven[slot] ?? 0)) === 0)
        throw new Breach(`traffic goes to slot ${slot}, where nothing ever answered`)
    }
  }

  /** Invariant: requests are held only where a strategy says so, and refused only where nothing served before. */
  #mustBeAllowedToBeEmpty(): void {
    if (this.route === 'open' || this.plan === null) return
    if (this.route === 'closed') demand(this.plan.from === null, 'the route was closed on an environment that served')
    else demand(isExclusive(this.plan), 'requests were held, and the strategy does not say so')
  }

  /** Invariant: a service that may not run twice does not. */
  #mustBeAlone(slot: number, fence: Fence): void {
    if (this.plan === null || fence.token !== this.token || !isExclusive(this.plan)) return
    const { from, to } = this.plan
    for (const release of [from, to]) {
      const other = release === null ? slot : slotOf(release)
      if (other !== slot && this.exists[other] !== 0)
        throw new Breach(`slot ${slot} was started beside slot ${other}, and the service may not run twice`)
    }
  }
}

/** Whether the two releases of a plan may not run at the same time. */
export const isExclusive = ({ purpose, spec, fromSpec }: RolloutPlan): boolean =>
  spec.strategy.kind === 'recreate' || (purpose === 'rollback' && fromSpec?.strategy.kind === 'recreate')
