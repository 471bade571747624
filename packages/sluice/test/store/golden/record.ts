/**
 * Records a golden ledger: `record.ts <name>` writes `<name>.jsonl`, an export, and `<name>.states.jsonl`, the state that each aggregate had in
 * the end. Run it once for a released version and keep what it wrote for ever; a ledger recorded again proves nothing.
 *
 * The world of the recording is a dice: effects succeed, fail, stay unknown or take their time, and people command, until everything has been
 * seen; then all goes well and everything settles.
 */
import { parseConfig } from '../../../src/core/config/parse.ts'
import { resolveEnvironments } from '../../../src/core/config/resolve.ts'
import { commitId, digest, rolloutId, runId } from '../../../src/core/model.ts'
import { cutRelease } from '../../../src/core/release.ts'
import { planRollout } from '../../../src/core/rollout/plan.ts'
import { jobPlan } from '../../pipeline/jobs.ts'
import { machines } from '../../../src/engine/machines.ts'
import { seeded } from '../disk/chance.ts'
import type { AggregateKey } from '../../../src/core/ledger/entry.ts'
import { lineKey } from '../../../src/core/line.ts'
import type { Artifact, Release } from '../../../src/core/model.ts'
import type { RunEffect, RunPlan } from '../../../src/core/pipeline/types.ts'
import type { TrainEffect } from '../../../src/core/train/types.ts'
import type { RolloutEffect } from '../../../src/core/rollout/types.ts'
import type { AnyEvent } from '../../../src/engine/machines.ts'
import { type Recording, sha256, startRecording } from './recorder.ts'

const chance = seeded(13)
const ada = { kind: 'person', name: 'ada' } as const
const strategies = [
  'recreate',
  { kind: 'rolling', batchSize: 1, pause: '1s', maxFailurePercent: 50 },
  { kind: 'blueGreen', bake: '2s', keepPrevious: true },
  {
    kind: 'canary',
    steps: [
      { share: '5%', bake: '2s' },
      { share: '50%', approve: true },
    ],
    bake: '2s',
    keepPrevious: true,
  },
] as const

const released = (index: number, strategy: (typeof strategies)[number]): Release => {
  const fill = index.toString(16)
  const config = {
    service: 'shop',
    pipeline: { jobs: { build: { steps: 'true', artifacts: { app: 'dist' } } } },
    start: { command: 'node server.js' },
    environments: { production: { listen: 8080, instances: 2, strategy, progressDeadline: '1m' } },
  }
  const environments = resolveEnvironments(
    parseConfig(config, { file: 'sluice.config.ts', text: '', distance: () => 99 }),
    {},
  )
  const commit = {
    id: commitId(fill.repeat(40).slice(0, 40)),
    subject: `change ${fill}`,
    author: 'Ada',
    committedAt: 1_000 + index,
  }
  const draft = {
    schema: 1 as const,
    service: 'shop',
    version: `1.${index}.0`,
    commit,
    environments,
    start: { command: 'node server.js', artifact: 'app' },
    migrations: [],
  }
  return cutRelease(
    { draft, artifacts: [artifact('app', fill)], run: runId(`run_${index}`), at: 2_000 + index },
    sha256,
  )
}

const artifact = (name: string, fill: string): Artifact => ({
  name,
  digest: digest(`sha256:${fill.repeat(64).slice(0, 64)}`),
  bytes: 1,
})

/** A recording with a clock that the dice turns; most of what they come to is nothing at that moment, and is left out. */
class Recorder {
  readonly #recording: Recording
  now = 1_800_000_000_000

  constructor(recording: Recording) {
    this.#recording = recording
  }

  stateOf(key: AggregateKey): unknown {
    return this.#recording.stateOf(key)
  }

  async take(key: AggregateKey, event: { readonly type: string } & Readonly<Record<string, unknown>>): Promise<void> {
    const at = (this.now += 1 + chance(400))
    const reason = chance(3) === 0 ? 'because' : null
    await this.#recording.offer({ key, event: { at, ...event } satisfies AnyEvent, actor: ada, reason })
  }
}

const failure = (retry: 'never' | 'same' | 'later') =>
  ({ code: 'health_failed', retry, detail: 'instance 1 answered 503', evidence: ['boom'] }) as const

const answerRollout = (effect: RolloutEffect, at: number, lucky: boolean) => {
  const { sequence, action } = effect
  const fate = lucky ? 0 : chance(8)
  if (fate === 6) return { type: 'effect_failed', sequence, failure: failure(chance(3) === 0 ? 'never' : 'later') }
  if (fate === 7) return { type: 'effect_unknown', sequence, detail: 'no answer within the deadline' }
  if (action.kind === 'probe')
    return { type: 'effect_succeeded', sequence, result: { kind: 'probed', healthy: action.count, detail: 'all well' } }
  if (action.kind !== 'measure') return { type: 'effect_succeeded', sequence, result: { kind: 'done' } }
  const [candidate, stable] = [
    { units: 40, badUnits: 0 },
    { units: 400, badUnits: 1 },
  ]
  const result = { kind: 'measured', logE: -0.5, shareBp: 500, candidate, stable, tripped: false, observedAt: at }
  return { type: 'effect_succeeded', sequence, result }
}

const commands = [
  'pause_requested',
  'resume_requested',
  'skip_requested',
  'retry_requested',
  'promote_requested',
  'abort_requested',
] as const

const disturb = (release: Release) => {
  const candidate = { units: 100, badUnits: 30 }
  const counts = { candidate, stable: { units: 900, badUnits: 1 } }
  const verdict = { verdict: 'fail', at: 1, logE: 9.1, shareBp: 500, ...counts, detail: 'worse than stable' } as const
  switch (chance(12)) {
    case 0:
    case 1:
      return { type: 'tripped', verdict }
    case 2:
      return { type: 'work_parked', detail: 'five claims without progress' }
    case 3:
    case 4:
      return { type: 'instance_health_changed', instance: 'shop-1', release: release.id, healthy: chance(2) === 0 }
    default:
      return { type: commands[chance(commands.length)] ?? 'pause_requested', by: ada, reason: 'to see' }
  }
}

const rollOut = async (recorder: Recorder, index: number, from: Release | null, to: Release): Promise<void> => {
  const id = rolloutId(`rol_${index}`)
  const key: AggregateKey = { kind: 'rollout', id }
  const environment: AggregateKey = { kind: 'environment', id: 'shop/production' }
  const plan = planRollout({ purpose: 'deploy', environment: 'production', from, to, kept: [] })
  await recorder.take(environment, { type: 'rollout_admitted', rollout: id, release: to.id })
  await recorder.take(key, { type: 'rollout_started', id, token: index, plan, by: ada })
  const machine = machines.rollout
  for (let turn = 0; !machine.settled(recorder.stateOf(key)); turn += 1) {
    const lucky = turn > 60 || index % 4 === 0
    const [effect] = machine.outstanding(recorder.stateOf(key))
    const parked = effect === undefined && machine.nextAt(recorder.stateOf(key)) === null
    if (parked)
      await recorder.take(key, { type: lucky ? 'promote_requested' : 'retry_requested', by: ada, reason: null })
    if (parked) await recorder.take(key, { type: 'retry_requested', by: ada, reason: null })
    if (parked) await recorder.take(key, { type: 'resume_requested', by: ada, reason: null })
    if (!lucky && chance(8) === 0) await recorder.take(key, disturb(to))
    if (turn === 12 && index % 5 === 3)
      await recorder.take(key, { type: 'superseded', by: ada, successor: rolloutId('rol_99') })
    if (chance(12) === 0) await recorder.take(key, { type: 'resume_requested', by: ada, reason: null })
    if (chance(6) === 0) await recorder.take(key, { type: 'approved', by: ada, reason: 'fine' })
    else if (effect === undefined || chance(4) === 0) {
      recorder.now = Math.max(recorder.now, machine.nextAt(recorder.stateOf(key)) ?? 0)
      await recorder.take(key, { type: 'time_passed' })
    } else await recorder.take(key, answerRollout(effect as RolloutEffect, recorder.now, lucky))
  }
}

const retry = { attemptsMax: 2, backoffMs: 1_000, on: [] } as const

const answerRun = (effect: RunEffect, release: Release, lucky: boolean) => {
  const { sequence, action } = effect
  const fate = lucky ? 0 : chance(6)
  if (fate === 4) return { type: 'effect_failed', sequence, failure: failure('never') }
  if (fate === 5) return { type: 'effect_unknown', sequence, detail: 'the runner fell silent' }
  if (action.kind === 'run_job') {
    const artifacts = action.job === 'build' ? release.content.artifacts : []
    return {
      type: 'effect_succeeded',
      sequence,
      result: { kind: 'job_succeeded', artifacts, outputs: {}, evidence: null },
    }
  }
  if (action.kind === 'stop_job') return { type: 'effect_succeeded', sequence, result: { kind: 'done' } }
  return { type: 'effect_succeeded', sequence, result: { kind: 'release_cut', release } }
}

const slotMove = (index: number) =>
  index % 4 === 3
    ? ({ type: 'slot_lost', job: 'preview', detail: 'preview of run_99 took its place' } as const)
    : ({ type: 'slot_granted', job: 'preview' } as const)

const runPipeline = async (recorder: Recorder, index: number, release: Release): Promise<void> => {
  const id = runId(`run_${index}`)
  const key: AggregateKey = { kind: 'run', id }
  const { artifacts: _artifacts, ...draft } = release.content
  const { commit, version } = release.content
  const jobs = [
    jobPlan('build'),
    jobPlan('lint'),
    jobPlan('test', ['build'], { retry }),
    jobPlan('publish', ['test'], { manual: { inputs: [] } }),
    jobPlan('preview', [], { concurrency: { group: 'preview', onConflict: 'queue' } }),
  ]
  const trigger = { event: 'manual', name: null, inputs: {} } as const
  const plan: RunPlan = {
    form: 1,
    service: 'shop',
    commit,
    version,
    trigger,
    parallelMax: 2,
    isolation: 'auto',
    jobs,
    gates: null,
    draft,
  }
  await recorder.take(key, { type: 'run_planned', id, token: index, plan, by: ada, carried: [] })
  const machine = machines.run
  for (let turn = 0; !machine.settled(recorder.stateOf(key)); turn += 1) {
    const lucky = turn > 20 || index % 3 === 0
    const outstanding = machine.outstanding(recorder.stateOf(key))
    const effect = outstanding[chance(outstanding.length)]
    if (!lucky && chance(8) === 0) await recorder.take(key, { type: 'cancel_requested', by: ada, reason: 'not now' })
    if (!lucky && chance(20) === 0) await recorder.take(key, { type: 'work_parked', detail: 'five claims' })
    if (effect === undefined)
      await recorder.take(key, { type: 'play_requested', by: ada, job: 'publish', given: { LEVEL: 'minor' } })
    if (effect === undefined || chance(6) === 0) await recorder.take(key, slotMove(index))
    if (effect === undefined || chance(5) === 0) {
      if (chance(3) === 0) recorder.now = Math.max(recorder.now, machine.nextAt(recorder.stateOf(key)) ?? 0)
      await recorder.take(key, { type: 'time_passed' })
    } else await recorder.take(key, answerRun(effect as RunEffect, release, lucky))
  }
}

const keepHouse = async (recorder: Recorder, release: Release): Promise<void> => {
  const key: AggregateKey = { kind: 'environment', id: 'shop/staging' }
  await recorder.take(key, { type: 'locked', by: ada, reason: 'a demo', until: null })
  await recorder.take(key, { type: 'unlocked', by: ada, reason: null })
  await recorder.take(key, {
    type: 'frozen',
    by: ada,
    window: { from: 1, until: recorder.now * 2, reason: 'holidays' },
  })
  await recorder.take(key, { type: 'unfrozen', by: ada, reason: 'back again' })
  await recorder.take(key, { type: 'approved', by: ada, release: release.id, reason: 'größer \u2028 schöner' })
}

/** Holds, an incident, a watch that goes back, and a drill. */
const goBack = async (recorder: Recorder, index: number, release: Release): Promise<void> => {
  const held: AggregateKey = { kind: 'release', id: release.id }
  const hold = { reason: 'performance', detail: 'slow', by: ada, at: recorder.now, environment: 'production' }
  await recorder.take(held, { type: 'release_held', hold })
  await recorder.take(held, { type: 'release_unheld', by: ada, reason: 'it was the database' })
  const incident: AggregateKey = { kind: 'incident', id: `inc_${index}` }
  const about = { service: 'shop', environment: 'production', title: 'nothing answers', reason: 'outage' }
  const subject = { ...about, id: incident.id, release: release.id, rollout: null }
  await recorder.take(incident, { type: index % 2 === 0 ? 'incident_opened' : 'emergency_declared', by: ada, subject })
  await recorder.take(incident, { type: 'emergency_declared', by: ada, subject })
  await recorder.take(incident, { type: 'incident_resolved', by: ada, resolution: null })
  await watchOver(recorder, index, release)
  await drillIt(recorder, index, release)
}

const watchOver = async (recorder: Recorder, index: number, release: Release): Promise<void> => {
  const key: AggregateKey = { kind: 'watch', id: `rol_9${index}` }
  const errorRate = { above: 0.02, forMs: 5_000, requestsMin: 10 }
  const triggers = { watchMs: 20_000, intervalMs: 5_000, errorRate }
  const health = release.content.environments[0]?.health
  const place = { rollout: key.id, service: 'shop', environment: 'production' }
  await recorder.take(key, { type: 'watch_started', plan: { ...place, release: release.id, triggers, health } })
  const machine = machines.watch
  for (let turn = 0; !machine.settled(recorder.stateOf(key)); turn += 1) {
    const [effect] = machine.outstanding(recorder.stateOf(key))
    if (effect === undefined) {
      recorder.now = Math.max(recorder.now, machine.nextAt(recorder.stateOf(key)) ?? 0)
      await recorder.take(key, { type: 'time_passed' })
      continue
    }
    const { sequence } = effect
    const requests = { units: turn * 50, badUnits: index % 2 === 0 ? turn * 20 : 0 }
    const reading = { observedAt: recorder.now, requests, slow: null, unhealthy: null, metrics: {} }
    const fate = chance(8)
    if (index % 7 === 6 && turn > 3) await recorder.take(key, { type: 'work_parked', detail: 'five claims' })
    else if (fate === 0) await recorder.take(key, { type: 'effect_failed', sequence, failure: failure('later') })
    else if (fate === 1) await recorder.take(key, { type: 'effect_unknown', sequence, detail: 'no answer' })
    else {
      const isLook = effect.action.kind === 'look'
      const result = isLook ? { kind: 'looked', reading } : { kind: 'rollback_started', rollout: `rol_8${index}` }
      await recorder.take(key, { type: 'effect_succeeded', sequence, result })
    }
  }
}

const drillIt = async (recorder: Recorder, index: number, release: Release): Promise<void> => {
  const key: AggregateKey = { kind: 'drill', id: `drl_${index}` }
  const place = { id: key.id, service: 'shop', environment: 'production' }
  const plan = { ...place, serving: release.id, target: release.id, dwellMs: 5_000, by: ada }
  await recorder.take(key, { type: 'drill_started', plan })
  const machine = machines.drill
  for (let turn = 0; !machine.settled(recorder.stateOf(key)); turn += 1) {
    const [effect] = machine.outstanding(recorder.stateOf(key))
    if (index % 6 === 4 && turn > 1) await recorder.take(key, { type: 'stay_requested', by: ada, reason: 'outage' })
    if (index % 6 === 5 && turn > 1) await recorder.take(key, { type: 'work_parked', detail: 'five claims' })
    if (effect === undefined) {
      recorder.now = Math.max(recorder.now, machine.nextAt(recorder.stateOf(key)) ?? 0)
      await recorder.take(key, { type: 'time_passed' })
      continue
    }
    const { sequence } = effect
    const proof = { release: release.id, shareBp: 10_000, requests: 500, bad: 0, observedAt: recorder.now }
    const went = { kind: 'went', leg: { rollout: `rol_7${index}`, tookMs: 40, proof } }
    const fate = chance(6)
    if (fate === 0) await recorder.take(key, { type: 'effect_failed', sequence, failure: failure('later') })
    else if (fate === 1) await recorder.take(key, { type: 'effect_unknown', sequence, detail: 'no answer' })
    else {
      const result = effect.action.kind === 'go' ? went : { kind: 'proved', proof }
      await recorder.take(key, { type: 'effect_succeeded', sequence, result })
    }
  }
}

/** Maintenance that comes at the third attempt, ends by itself, is refused, and is set aside. */
const maintain = async (recorder: Recorder): Promise<void> => {
  const key: AggregateKey = { kind: 'maintenance', id: 'shop/production' }
  const sequence = (): number => machines.maintenance.outstanding(recorder.stateOf(key))[0]?.sequence ?? 0
  const ask = (maintenance: object | null): Promise<unknown> =>
    recorder.take(key, { type: 'maintenance_requested', by: ada, reason: 'new disks', maintenance })
  const fail = (retry: string): Promise<unknown> => {
    const failure = { code: 'gateway_unreachable', retry, detail: 'nobody answers', evidence: [] }
    return recorder.take(key, { type: 'effect_failed', sequence: sequence(), failure })
  }
  const wait = async (): Promise<unknown> => {
    recorder.now = Math.max(recorder.now, machines.maintenance.nextAt(recorder.stateOf(key)) ?? 0)
    return recorder.take(key, { type: 'time_passed' })
  }
  await ask({ kind: 'page', html: '<h1>Später</h1>', retryAfterMs: 60_000 })
  await recorder.take(key, { type: 'effect_unknown', sequence: sequence(), detail: 'lost' })
  await wait()
  await fail('later')
  await wait()
  await recorder.take(key, { type: 'effect_succeeded', sequence: sequence() })
  await ask({ kind: 'hold', untilAt: recorder.now + 30_000 })
  await recorder.take(key, { type: 'effect_succeeded', sequence: sequence() })
  await wait()
  await ask({ kind: 'page', html: null, retryAfterMs: 60_000 })
  await fail('never')
  await ask(null)
  await recorder.take(key, { type: 'work_parked', detail: 'five claims' })
}

/** What waits for its turn, in every way in which it may end; and a release that soaks. */
const keepQueue = async (recorder: Recorder, release: Release): Promise<void> => {
  const key: AggregateKey = { kind: 'environment', id: 'shop/demo' }
  const entry = (id: string) => ({ id, release: release.id, purpose: 'promote', by: ada, reason: null })
  const rollout = rolloutId('rol_9')
  const onward = { soakMs: 20_000, to: [{ environment: 'next', soakMs: 20_000, auto: true }] }
  await recorder.take(key, { type: 'rollout_admitted', rollout, release: release.id })
  const served = { outcome: 'succeeded', from: null, to: release.id, keepsPrevious: false }
  await recorder.take(key, { type: 'rollout_settled', rollout, ...served, onward })
  for (let due = machines.environment.nextAt(recorder.stateOf(key)); due !== null;) {
    recorder.now = Math.max(recorder.now, due)
    await recorder.take(key, { type: 'time_passed' })
    due = machines.environment.nextAt(recorder.stateOf(key))
  }
  await recorder.take(key, { type: 'queued', entry: entry('rol_1') })
  const lookAt = recorder.now + 5_000
  await recorder.take(key, { type: 'queue_deferred', entry: 'rol_1', why: ['locked'], detail: 'it is locked', lookAt })
  await recorder.take(key, { type: 'queue_started', entry: 'rol_1', rollout: rolloutId('rol_1') })
  await recorder.take(key, { type: 'queued', entry: entry('rol_2') })
  await recorder.take(key, { type: 'queue_cancelled', entry: 'rol_2', by: ada, reason: 'not now' })
  await recorder.take(key, { type: 'queued', entry: entry('rol_3') })
  await recorder.take(key, { type: 'queue_superseded', entry: 'rol_3', by: 'rol_4' })
  await recorder.take(key, { type: 'queued', entry: entry('rol_4') })
  await recorder.take(key, { type: 'queue_refused', entry: 'rol_4', detail: 'it serves already' })
  const results = [{ name: 'home', outcome: 'passed', detail: 'answered 200', durationMs: 12, evidence: [] }]
  const report = { scope: 'environment', results }
  await recorder.take(key, { type: 'verification_ran', by: ada, release: release.id, report })
}

const rideTrain = async (recorder: Recorder, index: number, release: Release): Promise<void> => {
  const id = `tra_${index}`
  const key: AggregateKey = { kind: 'train', id }
  const members = ['api', 'web', 'jobs'].map((service) => ({ service, environment: 'production', release: release.id }))
  const order = index % 2 === 0 ? 'ordered' : 'parallel'
  await recorder.take(key, { type: 'train_started', id, plan: { members, order }, by: ada })
  const machine = machines.train
  for (let turn = 0; !machine.settled(recorder.stateOf(key)); turn += 1) {
    const [effect] = machine.outstanding(recorder.stateOf(key))
    if (turn === 3 && index % 3 === 0) await recorder.take(key, { type: 'abort_requested', by: ada, reason: 'not now' })
    else if (turn === 2) await recorder.take(key, { type: 'work_parked', detail: 'five claims' })
    else if (effect === undefined) await recorder.take(key, { type: 'retry_requested', by: ada, reason: null })
    else await recorder.take(key, answerTrain(effect as TrainEffect, turn > 30))
  }
}

const answerTrain = ({ sequence, action }: TrainEffect, lucky: boolean) => {
  const fate = lucky ? 0 : chance(6)
  if (fate === 4) return { type: 'effect_failed', sequence, failure: failure('never') }
  if (fate === 5) return { type: 'effect_unknown', sequence, detail: 'no answer within the deadline' }
  const rollout = rolloutId('rol_1')
  const result =
    action.kind === 'return'
      ? { kind: 'returned', rollout, detail: 'taken back' }
      : fate === 3
        ? { kind: 'not_arrived', rollout, detail: 'it was taken back' }
        : { kind: 'arrived', rollout, from: null }
  return { type: 'effect_succeeded', sequence, result }
}

/** A no, a broken glass and the look at it, a lock that is broken, a rollout that waits for somebody without a stake, and the line. */
const govern = async (recorder: Recorder, index: number, release: Release): Promise<void> => {
  const place: AggregateKey = { kind: 'environment', id: 'shop/staging' }
  const bob = { kind: 'person', name: 'bob' }
  await recorder.take(place, { type: 'rejected', by: bob, release: release.id, reason: 'prices are wrong' })
  await recorder.take(place, { type: 'approved', by: bob, release: release.id, reason: null, groups: ['ops'] })
  const glass = { by: ada, at: recorder.now, reason: 'checkout is down', passed: ['frozen', 'approval_missing'] }
  const rollout = `rol_g${index}`
  await recorder.take(place, { type: 'glass_broken', rollout, release: release.id, glass })
  await recorder.take(place, { type: 'glass_reviewed', by: bob, rollout, reason: 'it was right' })
  const lock = { by: ada, reason: 'a demo', at: recorder.now, until: null }
  await recorder.take(place, { type: 'locked', by: ada, reason: 'a demo', until: null })
  await recorder.take(place, { type: 'unlocked', by: bob, reason: 'she is on holiday', broke: lock })
  await recorder.take(lineKey, { type: 'line_stopped', by: ada, reason: 'payments fail' })
  await recorder.take(lineKey, { type: 'line_resumed', by: bob, reason: 'it was the bank' })
  await saySteps(recorder, { index, release, word: index % 2 === 0 ? 'approved' : 'rejected' })
}

type Said = { readonly index: number; readonly release: Release; readonly word: 'approved' | 'rejected' }

/** A rollout that waits for a yes by somebody of a group, and gets one, or a no; a window closes meanwhile. */
const saySteps = async (recorder: Recorder, { index, release, word }: Said): Promise<void> => {
  const id = rolloutId(`rol_g${index}`)
  const key: AggregateKey = { kind: 'rollout', id }
  const planned = planRollout({ purpose: 'deploy', environment: 'production', from: null, to: release, kept: [] })
  const plan = { ...planned, steps: [{ kind: 'approve', approvals: 1, reason: 'look' }, ...planned.steps] }
  const stakes = { author: 'ada', triggeredBy: null, requestedBy: 'ada' }
  const closure = { from: recorder.now + 1_000, until: recorder.now + 90_000, kind: 'deny', reason: 'lunch' }
  const groups = [{ group: 'ops', count: 1 }]
  const governance = { stakes, groups, closures: [closure], overrun: index % 3 === 0 ? 'abort' : 'pause' }
  await recorder.take(key, { type: 'rollout_started', id, token: 100 + index, plan, by: ada, governance })
  const bob = { kind: 'person', name: 'bob' }
  await recorder.take(key, { type: word, by: bob, reason: 'seen', groups: ['ops'] })
  const machine = machines.rollout
  for (let turn = 0; turn < 60 && !machine.settled(recorder.stateOf(key)); turn += 1) {
    const [effect] = machine.outstanding(recorder.stateOf(key))
    recorder.now = Math.max(recorder.now, machine.nextAt(recorder.stateOf(key)) ?? 0)
    if (effect === undefined || turn === 1) await recorder.take(key, { type: 'time_passed' })
    else await recorder.take(key, answerRollout(effect as RolloutEffect, recorder.now, true))
  }
}

const recording = await startRecording()
const recorder = new Recorder(recording)
const releases = Array.from({ length: 24 }, (_, index) => released(index + 1, strategies[index % 4] ?? 'recreate'))
for (const [index, release] of releases.entries()) {
  await runPipeline(recorder, index, release)
  await rollOut(recorder, index, releases[index - 1] ?? null, release)
  await keepHouse(recorder, release)
}
await maintain(recorder)
for (const [index, release] of releases.entries()) {
  await keepQueue(recorder, release)
  await rideTrain(recorder, index, release)
}
// Last, so that what was recorded before comes out as it did.
for (const [index, release] of releases.entries()) await goBack(recorder, index, release)
for (const [index, release] of releases.slice(0, 6).entries()) await govern(recorder, index, release)
await recorder.take(
  { kind: 'ledger', id: 'rows' },
  { type: 'ledger_pruned', by: ada, until: 3, before: 1, size: 10, root: 'ab'.repeat(32) },
)
await recording.write()
