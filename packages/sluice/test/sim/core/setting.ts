/** What all parts of one simulated schedule share. Made once and reset for each seed, because making is what costs. */
import { Prng } from '../prng.ts'
import { engineFaultsBegin, type Fault, type FaultCounts, faultNames, noFaults, Weather } from './faults.ts'
import { Queue } from './queue.ts'
import { slotCount } from './releases.ts'
import { World } from './world.ts'

/** See the file's header. */
export class Setting {
  readonly random: Prng = new Prng(0)
  readonly weather: Weather = new Weather()
  readonly queue: Queue = new Queue()
  readonly world: World = new World()
  readonly counts: FaultCounts = noFaults()
  /** Faults have stopped: what is under way still arrives, nothing new goes wrong. */
  healed = false
  /** Something struck that may rightly turn a rollout back. */
  harmed = false
  /** Effects and answers that were lost or late: a few of them are what retries are for. */
  losses = 0
  /** Per slot: the release never becomes healthy, or answers badly. */
  readonly neverHealthy: boolean[] = Array.from({ length: slotCount }, () => false)
  readonly lastNeverHealthy: boolean[] = Array.from({ length: slotCount }, () => false)
  readonly badResponses: boolean[] = Array.from({ length: slotCount }, () => false)
  /** Per slot: the release answers badly once it has all of the traffic. */
  readonly badAfter: boolean[] = Array.from({ length: slotCount }, () => false)
  /** What a schedule has beside its rollouts is chosen by these bits; they draw nothing, so that a schedule without any of it is what it would be anyway. */
  traits = 0
  /** Told what happens, when somebody replays a seed. */
  trace: ((line: string) => void) | null = null

  /** Ready for a seed. */
  reset(seed: number): void {
    this.random.reseed(seed)
    this.traits = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) >>> 8
    this.queue.clear()
    this.weather.draw(this.random)
    this.healed = false
    this.harmed = false
    this.losses = 0
    for (let slot = 0; slot < slotCount; slot += 1)
      this.neverHealthy[slot] = this.lastNeverHealthy[slot] = this.badResponses[slot] = this.badAfter[slot] = false
  }

  /** Whether a call fault strikes now. */
  strikes(fault: Fault): boolean {
    const chance = this.weather.chances[fault] ?? 0
    if (chance === 0 || this.healed || !this.random.byte(chance)) return false
    this.struck(fault)
    return true
  }

  /** Whether a fault of the engine simulator strikes now. */
  strikesEngine(fault: Fault): boolean {
    const chance = this.weather.engineChances[fault - engineFaultsBegin] ?? 0
    if (chance === 0 || this.healed || (this.random.next() & 1023) >= chance) return false
    this.struck(fault)
    return true
  }

  /** Whether a fault of what goes on beside the rollouts strikes now, with so many chances in 1,024. */
  strikesBeside(fault: Fault, chances: number): boolean {
    if (this.healed || (this.random.next() & 1023) >= chances) return false
    this.struck(fault)
    return true
  }

  /** Counts a fault that struck. */
  struck(fault: number): void {
    this.counts[fault] = (this.counts[fault] ?? 0) + 1
    if (forgiven[fault] === true) this.losses += 1
    if (harmless[fault] !== true && (forgiven[fault] !== true || this.losses > lossesForgiven)) this.harmed = true
    if (this.trace !== null) this.trace(`fault ${faultNames[fault]}`)
  }
}

/** Faults under which a good release must still succeed. */
const harmless: readonly boolean[] = faultNames.map((name) =>
  new Set([
    'clock_forward',
    'clock_back',
    'wake_late',
    'long_downtime',
    'effect_duplicated',
    'ack_duplicated',
    'effect_reordered',
    'ack_reordered',
    'zombie_effect',
    'stale_leader',
    'notice_dropped',
    'notice_duplicated',
    'crash_before_commit',
    'crash_after_commit',
    'metrics_missing',
    'metrics_stale',
    'metrics_without_evidence',
    'command_resume',
    'command_skip',
    'command_promote',
    'command_retry',
    'command_approve',
    'store_full',
    'store_failed_before',
    'store_failed_after',
    'commit_slow',
    'crash_during_commit',
    'crash_anywhere',
    'two_leaders',
    'request_repeated',
    'command_freeze',
    'deploy_rival',
    'command_drill',
    'bad_after_promotion',
    'command_maintain',
    'deploy_queued',
    'command_dequeue',
    'deploy_replaces',
    'hook_lied',
    'notify_unreadable',
    'notify_later',
    'notify_refused',
    'projection_lost',
    'ref_pushed',
    'told_again',
    'remote_unreachable',
  ]).has(name),
)

/** Fewer than a step has attempts. */
const lossesForgiven = 3

const forgiven: readonly boolean[] = faultNames.map((name) =>
  new Set(['effect_dropped', 'effect_late', 'ack_dropped', 'ack_late', 'outcome_unknown', 'verifier_broken']).has(name),
)
