/** The loop over a store in memory, with time turned by hand: what one commit that goes wrong, or one large request, does to the rest. */
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createMemoryDisk, type MemoryFaults } from '../../src/adapters/store/memory.ts'
import type { SluiceError } from '../../src/core/errors.ts'
import type { AggregateKey } from '../../src/core/ledger/entry.ts'
import { runningLine } from '../../src/core/line.ts'
import { limits } from '../../src/core/limits.ts'
import { type Commit, commitId, type Release, releaseId, runId } from '../../src/core/model.ts'
import type { JobPlan } from '../../src/core/pipeline/job-plan.ts'
import type { RunEvent, RunResult } from '../../src/core/pipeline/types.ts'
import { HeldStates } from '../../src/engine/loop/held-states.ts'
import { Loop } from '../../src/engine/loop/loop.ts'
import type { Job } from '../../src/engine/perform/perform.ts'
import { SlotKeeper } from '../../src/engine/keepers/slots.ts'
import { asRun } from '../../src/engine/trusted.ts'
import type { Commit as StoreCommit, Stored } from '../../src/ports/store.ts'
import { jobPlan } from '../pipeline/jobs.ts'
import { Timeline } from '../sim/engine/timeline.ts'

const by = { kind: 'person', name: 'ada' } as const
const commit: Commit = { id: commitId('a'.repeat(40)), subject: 'change', author: 'ada', committedAt: 1 }
const draft = {
  schema: 1,
  service: 's',
  version: '1.0.0',
  commit,
  start: { command: 'true', artifact: 'app' },
  environments: [],
  migrations: [],
} as const
const release: Release = {
  id: releaseId(`rel_${'c'.repeat(64)}`),
  content: { ...draft, artifacts: [] },
  cutBy: runId('run_1'),
  cutAt: 1,
}
const done: RunResult = { kind: 'job_succeeded', artifacts: [], outputs: {}, evidence: null }

type Lab = { readonly faults?: MemoryFaults; readonly perform?: (job: Job) => RunResult | null }

/** A loop whose effects come to what `perform` says; null: they go on for ever. */
const lab = async ({ faults = {}, perform = () => null }: Lab = {}) => {
  const disk = createMemoryDisk((text) => createHash('sha256').update(text).digest('hex'))
  const time = new Timeline(() => {})
  const clock = { now: () => time.now, after: (ms: number, call: () => void) => time.after(ms, call) }
  const fatal: string[] = []
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const loop: Loop = new Loop({
    clock,
    log,
    store: disk.open(faults),
    owner: 'test',
    perform: (job) => {
      const result = perform(job)
      if (result === null) return new Promise(() => {})
      return Promise.resolve({ type: 'effect_succeeded', at: time.now, sequence: job.effect.sequence, result } as const)
    },
    onRows: (rows) => slots.noticed(rows),
    onTakenUp: () => slots.look(),
    onFatal: ({ code }) => void fatal.push(code),
  })
  const slots = new SlotKeeper({ loop, clock, log })
  await loop.start()
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    loop,
    fatal,
    disk,
    /** Lets what is under way come to its end, and `ms` pass. */
    pass: async (ms = 0): Promise<void> => {
      await settle()
      const end = time.now + ms
      time.after(ms, () => {})
      while (time.now < end && time.step()) await settle()
    },
    start: (id: string, jobs: readonly JobPlan[], isReleased = false): Promise<readonly boolean[]> =>
      loop.transact([runKey(id)], () => [
        { key: runKey(id), event: planned(id, jobs, isReleased), actor: by, reason: null },
      ]),
    status: async (id: string): Promise<string> => asRun(await loop.state(runKey(id))).status,
  }
}

const runKey = (id: string): AggregateKey => ({ kind: 'run', id })

const planned = (id: string, jobs: readonly JobPlan[], isReleased: boolean): RunEvent => ({
  type: 'run_planned',
  at: 1,
  id: runId(id),
  token: 1,
  by,
  carried: [],
  plan: {
    form: 1,
    service: 's',
    commit,
    version: '1.0.0',
    trigger: { event: 'manual', name: null, inputs: {} },
    parallelMax: 4,
    isolation: 'auto',
    jobs,
    gates: null,
    draft: isReleased ? draft : null,
  },
})

test('a run that cuts a release which is there already succeeds with it, and the first cut stays', async () => {
  const cut: RunResult = { kind: 'release_cut', release }
  const { start, status, pass, fatal, disk } = await lab({
    perform: ({ effect }) => (effect.action.kind === 'cut_release' ? cut : done),
  })
  for (const id of ['run_1', 'run_2']) {
    await start(id, [jobPlan('build')], true)
    await pass()
  }
  deepStrictEqual([await status('run_1'), await status('run_2'), fatal], ['succeeded', 'succeeded', []])
  strictEqual(disk.rows().filter(({ type }) => type === 'release_cut').length, 1)
})

test('what is intended and answered in one transaction is on record as rows, and is neither performed nor left to be taken up', async () => {
  const performed: string[] = []
  const { loop, status, pass, disk } = await lab({
    perform: ({ effect }) => {
      performed.push(effect.key)
      return null
    },
  })
  const known: RunEvent = { type: 'effect_succeeded', at: 1, sequence: 1, result: done }
  const run = planned('run_1', [jobPlan('known'), jobPlan('left', ['known'])], false)
  const input = { key: runKey('run_1'), actor: by, reason: null }
  await loop.transact([runKey('run_1')], () => [run, known].map((event) => ({ ...input, event })))
  await pass()
  deepStrictEqual([performed, await status('run_1')], [['run_1/job/left'], 'running'])
  deepStrictEqual(
    disk.rows().map(({ type, version }) => [type, version]),
    [
      ['run_planned', 1],
      ['effect_succeeded', 2],
    ],
  )
  const intents = await disk.open().effects(runKey('run_1'))
  deepStrictEqual(
    intents.map(({ key }) => key),
    ['run_1/job/left'],
  )
})

test('a request that is too large for a row is refused by itself, and the rest goes on', async () => {
  const { start, status, pass, fatal } = await lab()
  await start('run_1', [jobPlan('build')])
  const large = jobPlan('build', [], { env: { A: 'x'.repeat(limits.ledgerBodyBytesMax) } })
  await rejects(start('run_2', [large]), ({ code }: SluiceError) => code === 'usage_invalid')
  await pass(1)
  await start('run_3', [jobPlan('build')])
  deepStrictEqual(
    [await status('run_1'), await status('run_2'), await status('run_3')],
    ['running', 'absent', 'running'],
  )
  deepStrictEqual(fatal, [])
})

test('a result that is too large for a row fails its job, with the reason, instead of being done again for ever', async () => {
  let performed = 0
  const large: RunResult = { ...done, outputs: { A: 'x'.repeat(limits.ledgerBodyBytesMax) } }
  const { start, loop, pass, fatal } = await lab({
    perform: () => {
      performed += 1
      return large
    },
  })
  await start('run_1', [jobPlan('build')])
  await pass(limits.commitRetryMs * 3)
  const run = asRun(await loop.state(runKey('run_1')))
  ok(run.status === 'failed' && run.cause.kind === 'job_failed')
  deepStrictEqual([run.cause.failure.code, performed, fatal], ['usage_invalid', 1, []])
})

test('a turn that could not be given for lack of space is given later, and so is one that was forgotten with a failed write', async () => {
  const concurrency = { group: 'g', onConflict: 'queue' } as const
  const moments: Readonly<Record<string, (commit: StoreCommit) => boolean>> = {
    'the turn itself': ({ transitions }) => transitions.some(({ entries }) => entries[0]?.type === 'slot_granted'),
    'another run beside it': ({ transitions }) => transitions.some(({ key }) => key.id === 'run_2'),
  }
  for (const [moment, isHit] of Object.entries(moments)) {
    let isFull = true
    const commit = (one: StoreCommit): 'full' | 'none' => {
      if (!isFull || !isHit(one)) return 'none'
      isFull = false
      return 'full'
    }
    const { start, pass, loop } = await lab({ faults: { commit } })
    await Promise.allSettled([
      start('run_1', [jobPlan('deploy', [], { concurrency })]),
      start('run_2', [jobPlan('build')]),
    ])
    await pass(limits.commitRetryMs * 2)
    const run = asRun(await loop.state(runKey('run_1')))
    deepStrictEqual([moment, isFull, run.status === 'running' && run.jobs[0]?.status], [moment, false, 'running'])
  }
})

test('a command to a run that is over, or to none, leaves nothing of it in memory', async () => {
  const { start, loop, pass } = await lab({ perform: () => done })
  await start('run_1', [jobPlan('build')])
  await pass()
  for (const id of ['run_1', 'run_2']) {
    const key = runKey(id)
    const event: RunEvent = { type: 'cancel_requested', at: 5, by, reason: null }
    deepStrictEqual(await loop.transact([key], () => [{ key, event, actor: by, reason: null }]), [false])
    deepStrictEqual([asRun(loop.heldState(key)).status, loop.durableState(key)], ['absent', null])
  }
  deepStrictEqual(loop.live('run'), [])
})

test('what was read at the start is not taken for what there is once a write has failed meanwhile', async () => {
  const { start, disk } = await lab()
  for (const id of ['run_1', 'run_2']) await start(id, [jobPlan('build')])
  const time = new Timeline(() => {})
  let isFull = false
  const store = disk.open({ commit: () => (isFull ? 'full' : 'none') })
  const claimed = Promise.withResolvers<void>()
  const claim = store.claim.bind(store)
  store.claim = async (...asked) => {
    await claimed.promise
    return claim(...asked)
  }
  const loop = new Loop({
    clock: { now: () => time.now, after: (ms, call) => time.after(ms, call) },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    store,
    owner: 'next',
    perform: () => new Promise(() => {}),
    onRows: () => {},
    onTakenUp: () => {},
    onFatal: ({ code }) => ok(false, code),
  })
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }
  const started = loop.start()
  await settle()
  // The second is called off while the first is still taken up; then something else cannot be written.
  const cancel: RunEvent = { type: 'cancel_requested', at: 5, by, reason: null }
  const key = runKey('run_2')
  await loop.transact([key], () => [{ key, event: cancel, actor: by, reason: null }])
  isFull = true
  const event = planned('run_3', [jobPlan('build')], false)
  await rejects(loop.transact([runKey('run_3')], () => [{ key: runKey('run_3'), event, actor: by, reason: null }]))
  isFull = false
  claimed.resolve()
  await started
  const isWhole = loop.whole()
  while (time.now < limits.commitRetryMs && time.step()) await settle()
  await isWhole
  strictEqual(asRun(loop.heldState(key)).status, 'stopping')
})

test('what only looks at a thing whose write is refused is decided again without it', async () => {
  const { loop, start, pass, disk } = await lab()
  const record = { key: 'k', digest: 'd', answer: null }
  const asked = (id: string) =>
    loop.transact(
      [runKey(id)],
      () => [{ key: runKey(id), event: planned(id, [jobPlan('build')], false), actor: by, reason: null }],
      record,
    )
  await loop.hold(['run_1', 'run_2', 'run_3'].map(runKey))
  const first = asked('run_1')
  const twice = rejects(asked('run_2'), (error: SluiceError) => error.code === 'command_conflict')
  // Decided while the second is held and not yet refused: it stands on a run that never comes to be.
  const seen: unknown[] = []
  const third = loop.transact([runKey('run_2'), runKey('run_3')], (stateOf) => {
    const isThere = asRun(stateOf(runKey('run_2'))).status !== 'absent'
    seen.push(isThere)
    const event = planned('run_3', [jobPlan('build')], false)
    return isThere ? [{ key: runKey('run_3'), event, actor: by, reason: null }] : []
  })
  await pass(limits.commitRetryMs)
  await Promise.all([first, twice, third])
  deepStrictEqual(seen, [true, false])
  deepStrictEqual(
    [...disk.aggregates()].map(({ key }) => key.id),
    ['run_1'],
  )
  await start('run_4', [jobPlan('build')])
})

test('what is read while the thing was held, changed and let go of is read again', async () => {
  const key: AggregateKey = { kind: 'line', id: 'all' }
  const answers: (() => void)[] = []
  const stored = (version: number): Stored => ({
    key,
    version,
    machineVersion: 1,
    state: runningLine,
    stateVersion: version,
    since: [],
    settled: true,
    nextAt: null,
    claims: 0,
    updatedAt: 1,
  })
  let version = 1
  const held = new HeldStates({
    load: async () => {
      const now = stored(version)
      await new Promise<void>((resolve) => answers.push(resolve))
      return now
    },
  })
  const reading = held.read([key])
  version = 2
  held.take(stored(version))
  held.remove(key)
  while (answers.length > 0) {
    answers.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await reading
  strictEqual(held.of(key).version, 2)
})
