/** Arrivals: the laws of their machine, and what they start in the real loop over a simulated remote. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it, test } from 'node:test'
import { parseConfig } from '../../src/core/config/parse.ts'
import type { Settings } from '../../src/core/config/settings.ts'
import { limits } from '../../src/core/limits.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { commitId, type RunId, runId } from '../../src/core/model.ts'
import { arrivalMachine } from '../../src/core/source/machine.ts'
import { plainJob } from '../../src/core/pipeline/plain-plans.ts'
import type { Told } from '../../src/core/source/read-hook.ts'
import {
  movedRefs,
  remoteMachine,
  unseenRemote,
  type RemoteEvent,
  type RemoteState,
} from '../../src/core/source/remote.ts'
import {
  type Arrival,
  type ArrivalEffect,
  type ArrivalEvent,
  type ArrivalHint,
  arrivalOf,
  type ArrivalResult,
  type ArrivalState,
} from '../../src/core/source/types.ts'
import { toldOf } from '../../src/engine/commands/arrivals.ts'
import { performArrival } from '../../src/engine/perform/arrival.ts'
import type { Ports } from '../../src/engine/ports.ts'
import { forgetArrivals } from '../../src/engine/keepers/old-arrivals.ts'
import { letGoOfFetched } from '../../src/engine/keepers/fetched-refs.ts'
import type { PageQuery } from '../../src/engine/reading/stored-states.ts'
import { SourceKeeper } from '../../src/engine/keepers/source-keeper.ts'
import type { Run } from '../../src/engine/trusted.ts'
import { ada, SmallWorld } from '../engine/small-world.ts'
import { checkLaws, documentedTransitions, observedTransitions, type Subject } from '../laws.ts'

const sha256 = (text: string): string => hash('sha256', text)
const codeOf = (error: unknown): string => (error instanceof SluiceError ? error.code : String(error))
const objectOf = (fill: string): string => fill.repeat(40)
const failure = { code: 'remote_unreachable', retry: 'later', detail: 'no route', evidence: [] } as const

const pushOf = (after: string | null, more: Partial<Told> = {}): Told => ({
  from: 'github',
  event: 'push',
  ref: 'refs/heads/main',
  before: null,
  after,
  delivery: null,
  sender: 'ada',
  url: 'https://github.com/acme/shop/commit/1',
  title: 'feat: one',
  pullRequest: null,
  payload: null,
  because: null,
  ...more,
})

const hintOf = ({ because: _because, ...told }: Told): ArrivalHint => ({
  id: arrivalOf(told.from, 'd1', { ref: told.ref, sha256 }),
  ...told,
})

const subject: Subject<ArrivalState, ArrivalEvent, ArrivalEffect> = {
  machine: arrivalMachine,
  initial: { status: 'absent' },
  event: (state, draw) => {
    const by = { kind: 'person', name: 'ada' } as const
    const because = draw(5) === 0 ? 'it is from a fork' : null
    if (state.status === 'absent')
      return { type: 'arrival_received', at: 1_000, hint: hintOf(pushOf(objectOf('a'))), because }
    const at = draw(5) === 0 ? draw(2_000_000) : (arrivalMachine.nextAt(state) ?? 1_000)
    const [effect] = arrivalMachine.outstanding(state)
    const sequence = draw(8) === 0 ? draw(20) : (effect?.sequence ?? 0)
    if (draw(12) === 0) return { type: 'redeliver_requested', at, by }
    if (draw(30) === 0) return { type: 'work_parked', at, detail: 'five claims' }
    if (draw(30) === 0) return { type: 'arrival_received', at, hint: state.hint, because }
    if (effect === undefined || draw(12) === 0) return { type: 'time_passed', at }
    // A remote that is down stays down for a while.
    if ('attempt' in state && state.attempt > 2 && draw(12) > 0) {
      if (draw(3) === 0) return { type: 'time_passed', at }
      return draw(2) === 0
        ? { type: 'effect_failed', at, sequence, failure }
        : { type: 'effect_unknown', at, sequence, detail: 'no answer' }
    }
    if (draw(4) === 0)
      return { type: 'effect_failed', at, sequence, failure: draw(6) === 0 ? { ...failure, retry: 'never' } : failure }
    if (draw(8) === 0) return { type: 'effect_unknown', at, sequence, detail: 'no answer' }
    const gone = { kind: 'fetched', object: null, commit: null } as const
    const fetched = { kind: 'fetched', object: objectOf('a'), commit: commitId(objectOf('a')) } as const
    const runs = [{ run: runId('run_1'), pipeline: null }]
    if (effect.action.kind === 'fetch')
      return { type: 'effect_succeeded', at, sequence, result: draw(6) === 0 ? gone : fetched }
    const ignored = { kind: 'ignored', because: 'no trigger' } as const
    if (draw(12) === 0) return { type: 'effect_succeeded', at, sequence, result: { kind: 'overtaken' } }
    return { type: 'effect_succeeded', at, sequence, result: draw(4) === 0 ? ignored : { kind: 'started', runs } }
  },
  answers: (sequence) => [
    { type: 'effect_succeeded', at: 5_000, sequence, result: { kind: 'ignored', because: 'x' } },
    { type: 'effect_failed', at: 5_000, sequence, failure },
    { type: 'effect_unknown', at: 5_000, sequence, detail: 'no answer' },
  ],
}

checkLaws(subject)

checkLaws<RemoteState & { readonly status?: never }, RemoteEvent, never>({
  machine: remoteMachine,
  initial: unseenRemote,
  event: (_, draw) => {
    const [ref, object] = [`refs/heads/${draw(3)}`, objectOf(String(draw(3)))]
    if (draw(4) === 0) return { type: 'remote_looked', at: 1, address: `a${draw(2)}`, refs: { [ref]: object } }
    const over = draw(3) === 0 ? null : { object: objectOf(String(draw(3))), arrival: null }
    const seen = { type: 'ref_seen', at: 1, ref, object: draw(4) === 0 ? null : object, arrival: null } as const
    return draw(2) === 0 ? seen : { ...seen, over }
  },
  answers: () => [],
})

test('the table in the header of the arrival machine is what the machine does', () => {
  const header = documentedTransitions(
    readFileSync(new URL('../../src/core/source/machine.ts', import.meta.url), 'utf8'),
  )
  deepStrictEqual(observedTransitions(subject, 4_000, header), header)
})

const settingsOf = (on: object, jobs: object = { test: { steps: 'true' } }, source: object = {}): Settings =>
  parseConfig(
    {
      service: 'shop',
      pipeline: { on, jobs },
      source: { remote: '/srv/git/shop.git', poll: { every: '1m' }, ...source },
    },
    { file: 'sluice.config.ts', text: '', distance: () => 99 },
  )

type Scene = {
  readonly world: SmallWorld
  /** What the remote has, by ref; a test moves it. */
  readonly refs: Map<string, string>
  /** How often the remote does not answer. */
  readonly trouble: { times: number }
  readonly settings: { current: Settings; ofCommit: Settings }
  readonly tell: (told: Told, name?: string) => Promise<Arrival>
  readonly runs: () => Promise<readonly Run[]>
  /** What was asked of pipelines of other systems. */
  readonly lowered: Parameters<Ports['pipelines']['lower']>[]
  readonly keeper: SourceKeeper
  readonly remote: Ports['remote']
  /** Refs that were let go of. */
  readonly dropped: string[]
}

/** A part of the world, and nothing but that part. */
const partOf = (own: object): unknown =>
  new Proxy(own, {
    get: (_, name): unknown =>
      Reflect.has(own, name) ? Reflect.get(own, name) : () => Promise.reject(new TypeError('not part of this world')),
  })

/** A remote that has what a test says. */
const simulatedRemote = ({ refs, trouble, dropped }: Pick<Scene, 'refs' | 'trouble' | 'dropped'>): Ports['remote'] => ({
  fetch: async (_place, { ref }) => {
    if (trouble.times > 0) {
      trouble.times -= 1
      throw new SluiceError('remote_unreachable', { detail: 'no route to the remote' })
    }
    const object = refs.get(ref)
    return object === undefined ? { object: null, commit: null } : { object, commit: commitId(object) }
  },
  list: async () => Object.fromEntries([...refs].filter(([ref]) => !ref.startsWith('refs/pull/'))),
  standing: async () => ({ base: null, changed: ['src/a.ts'] }),
  letGo: async (choose) => {
    const chosen = await choose(Object.fromEntries(refs))
    dropped.push(...chosen)
    return chosen.length
  },
})

/** A control plane over a simulated remote. */
const stage = async (current: Settings, ofCommit: Settings = current): Promise<Scene> => {
  const refs = new Map<string, string>()
  const trouble = { times: 0 }
  const dropped: string[] = []
  const settings = { current, ofCommit }
  const remote = simulatedRemote({ refs, trouble, dropped })
  const lowered: Scene['lowered'] = []
  const pipelines: Ports['pipelines'] = {
    lower: async (...asked) => {
      lowered.push(asked)
      const [{ kind, file, event }] = asked
      const place = { level: 'warning', key: 'on', file, line: 1, column: 1 } as const
      const runs = file.includes('ci')
      const notes = runs ? [] : [{ ...place, message: 'GitHub would not run this' }]
      const origin = { kind, file, name: file, event: event ?? '', notes }
      return { origin, jobs: runs ? [plainJob('lint', { work: { kind: 'none' }, concurrency: null })] : [] }
    },
  }
  const world = new SmallWorld({
    remote,
    pipelines,
    project: { settings: async () => settings.current },
    config: {
      load: () => Promise.reject(new TypeError('not part of this world')),
      ofCommit: async () => ({ settings: settings.ofCommit, version: '1.0.0' }),
    },
    source: partOf({
      name: 'shop',
      resolve: async (ref: string) => ({ id: commitId(ref), subject: 's', author: 'a', committedAt: 1 }),
    }) as Ports['source'],
    // What a runner need not have, it has not.
    runner: partOf({ cores: 1, expect: undefined, recall: undefined }) as Ports['runner'],
  })
  await world.engine.start()
  const settled = (id: string): Promise<Arrival> =>
    world.until(
      () => world.engine.reading.arrival(id),
      ({ status }) => status !== 'received' && status !== 'fetched',
    )
  const tell: Scene['tell'] = async (told, name = `${told.from} ${told.after}`) => {
    const { arrivals } = await world.engine.sources.receive({ name, told: [told] }, ada)
    return settled(arrivals[0] ?? '')
  }
  const keeper = new SourceKeeper({
    clock: { now: () => world.now, after: (ms, call) => world.after(ms, call) },
    log: { info: () => {}, warn: () => {}, error: () => {} },
    sha256,
    project: { settings: async () => settings.current },
    secrets: { versions: async () => ({}), values: async () => ({}) },
    remote,
    spool: { pending: async () => [], done: async () => {} },
    sources: world.engine.sources,
  })
  const runs = async (): Promise<readonly Run[]> => (await world.engine.reading.runs({})).items
  return { world, refs, trouble, settings, tell, runs, lowered, keeper, remote, dropped }
}

describe('what arrives', () => {
  it('starts one run of what the remote has there, and the run says who told of it', async () => {
    const { refs, tell, runs } = await stage(settingsOf({}))
    refs.set('refs/heads/main', objectOf('b'))
    // What was told is a hint: by the time it is fetched, the branch is further.
    const arrival = await tell(pushOf(objectOf('a')))
    const [run, ...others] = await runs()
    ok(run !== undefined && others.length === 0 && arrival.status === 'started')
    deepStrictEqual(arrival.runs, [{ run: run.id, pipeline: null }])
    strictEqual(run.plan.commit.id, objectOf('b'))
    const { id, from, sender, url, title } = arrival.hint
    deepStrictEqual(run.plan.trigger, {
      event: 'push',
      name: 'main',
      inputs: {},
      arrival: { id, from, sender, url, title },
    })
    deepStrictEqual(run.by, { kind: 'system', name: 'github' })
  })

  it('starts a run with the defaults of its inputs, because there is nobody to ask', async () => {
    const inputs = { TARGET: { type: 'choice', choices: ['eu', 'us'], default: 'eu' }, NOTE: {} }
    const { refs, tell, runs } = await stage(settingsOf({ manual: { inputs } }))
    refs.set('refs/heads/main', objectOf('b'))
    await tell(pushOf(objectOf('b')))
    const [run] = await runs()
    deepStrictEqual([run?.plan.trigger.inputs, run?.plan.jobs[0]?.env], [{ TARGET: 'eu' }, { TARGET: 'eu' }])
  })

  it('starts one run however often it is told, and by whom', async () => {
    const { refs, tell, runs, keeper, world } = await stage(settingsOf({}))
    refs.set('refs/heads/main', objectOf('0'))
    await keeper.look()
    strictEqual((await runs()).length, 0, 'what was there at the first look starts nothing')
    refs.set('refs/heads/main', objectOf('a'))
    const [first, second] = await Promise.all([tell(pushOf(objectOf('a'))), tell(pushOf(objectOf('a')))])
    strictEqual(first.hint.id, second.hint.id)
    const again = await tell(pushOf(objectOf('a')), 'another delivery of the same')
    ok(again.status === 'ignored')
    match(again.because, /has told of it already/)
    await keeper.look()
    await world.pass(1_000)
    strictEqual((await runs()).length, 1)
    strictEqual((await world.engine.reading.arrivals({})).items.length, 2)
  })

  it('that is looked for starts a run for each ref that moved, once, and again when it moves back', async () => {
    const { refs, runs, keeper, world } = await stage(settingsOf({}))
    const moved = async (...names: readonly string[]): Promise<number> => {
      for (const name of names) refs.set('refs/heads/main', objectOf(name))
      await keeper.look()
      await world.pass(1_000)
      await keeper.look()
      await world.pass(1_000)
      return (await runs()).length
    }
    deepStrictEqual([await moved('0'), await moved('a'), await moved('0'), await moved('a', 'b')], [0, 1, 2, 3])
    refs.delete('refs/heads/main')
    await keeper.look()
    strictEqual(await moved('b'), 4, 'a branch that was deleted and made again has moved')
  })

  it('survives the death of the control plane at any moment, and starts one run all the same', async () => {
    const diedAt = new Set<number>()
    for (let turns = 1; turns <= 200; turns += 3) {
      const { refs, world, runs } = await stage(settingsOf({}))
      refs.set('refs/heads/main', objectOf('a'))
      const { arrivals } = await world.engine.sources.receive({ name: 'd', told: [pushOf(objectOf('a'))] }, ada)
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
      diedAt.add(world.rows.length)
      await world.restart()
      await world.engine.sources.receive({ name: 'd', told: [pushOf(objectOf('a'))] }, ada)
      const arrival = await world.until(
        () => world.engine.reading.arrival(arrivals[0] ?? ''),
        ({ status }) => status === 'started',
      )
      ok(arrival.status === 'started' && arrival.runs.length === 1, `killed after ${turns} turns`)
      strictEqual((await runs()).length, 1, `killed after ${turns} turns`)
    }
    ok(diedAt.size >= 4, `it died with so many rows: ${[...diedAt].join(', ')}`)
  })

  it('is fetched again while the remote does not answer, given up at last, and taken up by a person', async () => {
    const { refs, tell, trouble, runs, world } = await stage(settingsOf({}))
    refs.set('refs/heads/main', objectOf('a'))
    trouble.times = 3
    strictEqual((await tell(pushOf(objectOf('a')))).status, 'started')
    refs.set('refs/heads/main', objectOf('b'))
    trouble.times = 100
    const failed = await tell(pushOf(objectOf('b')))
    ok(failed.status === 'failed')
    strictEqual(failed.detail, 'no route to the remote')
    trouble.times = 0
    await world.engine.sources.redeliver(failed.hint.id, ada)
    await world.until(
      () => world.engine.reading.arrival(failed.hint.id),
      ({ status }) => status === 'started',
    )
    // What was started already is started once more, because somebody wants it.
    await world.engine.sources.redeliver(failed.hint.id, ada)
    await rejects(world.engine.sources.redeliver(failed.hint.id, ada), { code: 'command_conflict' })
    await world.until(runs, (all) => all.length === 3)
  })

  it('is forgotten a month after it was over, and told of again, however late, it is no news', async () => {
    const { refs, tell, runs, world } = await stage(settingsOf({}))
    refs.set('refs/heads/main', objectOf('a'))
    const told = pushOf(objectOf('a'))
    const { hint } = await tell(told)
    const { sources, reading } = world.engine
    const store = world.disk.open()
    const found = (): Promise<string> => reading.arrival(hint.id).then(({ status }) => status, codeOf)
    await world.later(limits.arrivalsKeepMs)
    strictEqual(await forgetArrivals(store, world.now - limits.arrivalsKeepMs - limits.retentionLookMs), 0)
    deepStrictEqual(
      [await found(), await sources.redeliver(hint.id, ada).then(() => 'taken up', codeOf)],
      ['started', 'taken up'],
    )
    await world.until(found, (status) => status === 'started')
    await world.later(limits.arrivalsKeepMs + 1)
    strictEqual(await sources.redeliver(hint.id, ada).then(() => 'taken up', codeOf), 'command_conflict')
    await world.later(limits.retentionLookMs)
    const before = { runs: (await runs()).length, rows: world.rows.length }
    strictEqual(await forgetArrivals(store, world.now - limits.arrivalsKeepMs - limits.retentionLookMs), 1)
    strictEqual(await found(), 'not_found')
    // The same delivery, with the ref where it was, and where it has moved on.
    for (const fill of ['a', 'b']) {
      refs.set('refs/heads/main', objectOf(fill))
      const { arrivals } = await sources.receive({ name: `${told.from} ${told.after}`, told: [told] }, ada)
      await world.pass(60_000)
      deepStrictEqual([arrivals, await found()], [[hint.id], 'not_found'])
      deepStrictEqual({ runs: (await runs()).length, rows: world.rows.length }, before)
    }
    strictEqual((await tell(pushOf(objectOf('b')))).status, 'started')
  })

  it('is ignored with its reason: no trigger, a branch that is gone, a fork', async () => {
    const { refs, tell, runs } = await stage(settingsOf({ branches: ['main'], paths: ['docs/**'] }))
    refs.set('refs/heads/main', objectOf('a'))
    refs.set('refs/heads/work', objectOf('b'))
    const why = async (told: Told): Promise<string> => {
      const arrival = await tell(told)
      return arrival.status === 'ignored' ? arrival.because : arrival.status
    }
    deepStrictEqual(
      [
        await why(pushOf(objectOf('a'))),
        await why(pushOf(objectOf('b'), { ref: 'refs/heads/work' })),
        await why(pushOf(null, { ref: 'refs/heads/old' })),
        await why(pushOf(objectOf('c'), { ref: 'refs/heads/lost' })),
        await why(pushOf(objectOf('d'), { because: 'it is from a fork' })),
      ],
      [
        'nothing in pipeline.on starts a push run for branch main with these changes',
        'nothing in pipeline.on starts a push run for branch work with these changes',
        'refs/heads/old was deleted',
        'refs/heads/lost is not there any more',
        'it is from a fork',
      ],
    )
    strictEqual((await runs()).length, 0)
  })

  it('of which nothing was to come when it was told is not taken up by a person either: that would be a fork, let in', async () => {
    const { refs, tell, runs, world } = await stage(settingsOf({}))
    refs.set('refs/heads/main', objectOf('a'))
    const fork = await tell(pushOf(objectOf('a'), { because: 'it is from a fork' }))
    await rejects(world.engine.sources.redeliver(fork.hint.id, ada), {
      code: 'command_conflict',
      detail: `arrival ${fork.hint.id} is none to start anything by: it is from a fork`,
    })
    strictEqual((await world.engine.reading.arrival(fork.hint.id)).status, 'ignored')
    // One that was looked at and ignored is another matter: the config, or the remote, may be another by now.
    const gone = await tell(pushOf(null, { ref: 'refs/heads/old' }))
    refs.set('refs/heads/old', objectOf('b'))
    await world.engine.sources.redeliver(gone.hint.id, ada)
    await world.until(runs, (all) => all.length === 1)
  })
})

test('workflows of GitHub run beside, by their own rules, with what was told and what changed; those that would not run are no fault', async () => {
  const pipelines = ['.github/workflows/ci.yml', '.github/workflows/nightly.yml']
  const { refs, tell, runs, lowered } = await stage(settingsOf({}, undefined, { pipelines }))
  refs.set('refs/heads/main', objectOf('a'))
  const payload = { ref: 'refs/heads/main', before: null, after: objectOf('a') }
  const arrival = await tell(pushOf(objectOf('a'), { payload }))
  ok(arrival.status === 'started')
  deepStrictEqual(
    arrival.runs.map(({ pipeline }) => pipeline),
    [null, '.github/workflows/ci.yml'],
  )
  const [request, of] = lowered[0] ?? []
  deepStrictEqual(
    [request?.event, request?.payload, request?.secrets, of?.arrived?.branch, of?.arrived?.changed],
    ['push', payload, {}, 'main', ['src/a.ts']],
  )
  const foreign = (await runs()).find(({ plan }) => plan.pipeline !== undefined)
  deepStrictEqual(foreign?.plan.cache?.ref, { kind: 'protected' })
  deepStrictEqual(
    [foreign?.plan.trigger.arrival?.id, foreign?.plan.commit.id, foreign?.plan.draft],
    [arrival.hint.id, objectOf('a'), null],
  )
  // A tag that is called as the main branch is called is not the main branch.
  refs.set('refs/tags/main', objectOf('b'))
  const tagged = await tell(pushOf(objectOf('b'), { ref: 'refs/tags/main', event: 'tag' }))
  const ofTag = (await runs()).find(({ plan }) => plan.trigger.arrival?.id === tagged.hint.id)
  deepStrictEqual(ofTag?.plan.cache?.ref, { kind: 'branch', name: 'tag:main' })
})

describe('a pull request', () => {
  const pullRequest = { number: 7, action: 'opened', base: 'main', head: 'work' }
  const told = (after: string): Told =>
    pushOf(objectOf(after), { event: 'pull_request', ref: 'refs/pull/7/head', pullRequest })
  const deploying = {
    test: { steps: 'true', secrets: ['NPM_TOKEN'] },
    build: { steps: 'true', artifacts: { app: 'dist' } },
    ship: { needs: ['build'], deploy: 'production' },
  }
  const whole = (on: object, jobs: object = deploying): Settings =>
    parseConfig(
      {
        service: 'shop',
        pipeline: { on, jobs },
        start: { command: 'node server.js' },
        environments: { production: { listen: 8080 } },
        source: { remote: '/srv/git/shop.git' },
      },
      { file: 'sluice.config.ts', text: '', distance: () => 99 },
    )

  it('has a run of its own kind, which delivers nothing and cuts no release', async () => {
    const { refs, tell, runs } = await stage(whole({ branches: ['main'] }))
    refs.set('refs/pull/7/head', objectOf('a'))
    strictEqual((await tell(told('a'))).status, 'started')
    const [run] = await runs()
    const { trigger, draft, jobs, origin, cache } = run?.plan ?? {}
    deepStrictEqual(
      [trigger?.event, trigger?.name, origin?.branch, draft, jobs?.map(({ name }) => name), cache?.ref],
      ['pull_request', '7', 'work', null, ['test', 'build'], { kind: 'pull_request', number: '7' }],
    )
  })

  it('gets no secret that the project’s own config does not give to the job of that name', async () => {
    const jobs = { ...deploying, test: { steps: 'env', secrets: ['NPM_TOKEN', 'PROD_KEY'] } }
    const { refs, tell, runs } = await stage(whole({ branches: ['main'] }), whole({ branches: ['main'] }, jobs))
    refs.set('refs/pull/7/head', objectOf('a'))
    const arrival = await tell(told('a'))
    ok(arrival.status === 'failed')
    match(arrival.detail, /job test of this commit asks for the secret PROD_KEY/)
    strictEqual((await runs()).length, 0)
  })

  it('starts none where the push of its branch does, and where the config says so', async () => {
    const started = async (on: object): Promise<string> => {
      const { refs, tell } = await stage(whole(on))
      refs.set('refs/pull/7/head', objectOf('a'))
      return (await tell(told('a'))).status
    }
    deepStrictEqual(
      [
        await started({}),
        await started({ branches: ['main'] }),
        await started({ branches: ['work'] }),
        await started({ pullRequests: ['main'] }),
        await started({ branches: ['main'], pullRequests: ['release/*'] }),
        await started({ branches: ['main'], pullRequests: [] }),
      ],
      ['ignored', 'started', 'ignored', 'started', 'ignored', 'ignored'],
    )
  })

  it('is let go of a month after it was last told of, but for what a run under way is of; and an old webhook starts nothing by that', async () => {
    const { refs, tell, runs, world, remote, dropped } = await stage(whole({ pullRequests: ['main'] }))
    const eighth = { ...pullRequest, number: 8, base: 'other' }
    const idle = pushOf(objectOf('b'), { event: 'pull_request', ref: 'refs/pull/8/head', pullRequest: eighth })
    refs.set('refs/pull/7/head', objectOf('a'))
    refs.set('refs/pull/8/head', objectOf('b'))
    strictEqual((await tell(told('a'))).status, 'started')
    strictEqual((await tell(idle)).status, 'ignored')
    // Branches: one that the remote was seen to have, one that is gone.
    refs.set('refs/heads/main', objectOf('c'))
    await tell(pushOf(objectOf('c')))
    refs.set('refs/heads/gone', objectOf('d'))
    const { reading } = world.engine
    let underWay = await runs()
    const looked = {
      arrivals: (query: PageQuery) => reading.arrivals(query),
      remoteState: () => reading.remoteState(),
      // As if they had gone on for a month.
      unsettledRuns: async () => underWay,
    }
    const letGo = (before: number): Promise<number> =>
      letGoOfFetched({ reading: looked, remote }, before, new AbortController().signal)
    strictEqual(await letGo(world.now - 1_000_000), 1)
    deepStrictEqual(dropped.splice(0), ['refs/heads/gone'])
    refs.delete('refs/heads/gone')
    await letGo(world.now + 1)
    deepStrictEqual(dropped.splice(0), ['refs/pull/8/head'])
    const before = await runs()
    underWay = []
    await letGo(world.now + 1)
    deepStrictEqual(dropped, ['refs/pull/7/head', 'refs/pull/8/head'])
    strictEqual((await tell(idle)).status, 'ignored')
    const again = await tell(told('a'), 'another delivery of the same')
    ok(again.status === 'ignored')
    match(again.because, /has told of it already/)
    strictEqual((await runs()).length, before.length)
  })

  it('is no more trusted as a branch that lets itself in: it runs, and delivers nothing', async () => {
    const { refs, tell, runs, settings } = await stage(whole({ branches: ['main'] }), whole({ branches: ['**'] }))
    refs.set('refs/heads/work', objectOf('a'))
    refs.set('refs/heads/main', objectOf('b'))
    await tell(pushOf(objectOf('a'), { ref: 'refs/heads/work' }))
    strictEqual((await runs())[0]?.plan.draft, null)
    // Nor as one that is called as main branches elsewhere are: what it leaves in the cache is for itself alone.
    refs.set('refs/heads/master', objectOf('c'))
    await tell(pushOf(objectOf('c'), { ref: 'refs/heads/master' }))
    deepStrictEqual((await runs()).map(({ plan }) => plan.cache?.ref).toSorted(), [
      { kind: 'branch', name: 'master' },
      { kind: 'branch', name: 'work' },
    ])
    settings.ofCommit = settings.current
    await tell(pushOf(objectOf('b')))
    ok((await runs()).some(({ plan }) => plan.draft !== null))
  })
})

test('an arrival whose run was started before the control plane died is started, also when its ref has moved on meanwhile', async () => {
  const hint = hintOf(pushOf(objectOf('a')))
  const received = arrivalMachine.decide({ status: 'absent' }, { type: 'arrival_received', at: 1, hint, because: null })
  const result = { kind: 'fetched', object: objectOf('a'), commit: commitId(objectOf('a')) } as const
  const { state, effects } = arrivalMachine.decide(received.state, {
    type: 'effect_succeeded',
    at: 2,
    sequence: received.effects[0]?.sequence ?? 0,
    result,
  })
  const [effect] = effects
  ok(state.status === 'fetched' && effect !== undefined)
  const perform = (begun: RunId | null): Promise<ArrivalResult> => {
    const world = {
      project: { settings: async () => settingsOf({}) },
      remote: { standing: async () => ({ base: null, changed: null }) },
      arrivals: {
        remoteState: async () => ({
          address: 'a',
          refs: { [hint.ref]: { object: objectOf('b'), before: objectOf('a'), arrival: null } },
        }),
        askedFor: async (key: string) => (key === `${effect.key}/config` ? begun : null),
        start: () => Promise.reject(new TypeError('it was started')),
      },
    }
    return performArrival(world as never, { arrival: state, effect }, new AbortController().signal)
  }
  const run = runId('run_1')
  deepStrictEqual(await perform(run), { kind: 'started', runs: [{ run, pipeline: null }] })
  deepStrictEqual(await perform(null), { kind: 'overtaken' })
})

test('of two fetches of a branch that overtake each other one run is started by each commit, whichever is recorded first', async () => {
  for (const isOlderFirst of [false, true]) {
    const { refs, runs, remote, keeper, world } = await stage(settingsOf({}))
    refs.set('refs/heads/main', objectOf('0'))
    await keeper.look()
    const plain = { ...remote }
    const held: (() => void)[] = []
    remote.fetch = async (...asked) => {
      const found = await plain.fetch(...asked)
      if (held.length < 2) await new Promise<void>((go) => held.push(go))
      return found
    }
    const told: string[] = []
    for (const fill of ['a', 'b']) {
      refs.set('refs/heads/main', objectOf(fill))
      const delivery = { name: fill, told: [pushOf(objectOf(fill))] }
      told.push(...(await world.engine.sources.receive(delivery, ada)).arrivals)
      await world.until(
        async () => held.length,
        (count) => count === told.length,
      )
    }
    for (const place of isOlderFirst ? [0, 1] : [1, 0]) {
      held[place]?.()
      await world.until(
        () => world.engine.reading.arrival(told[place] ?? ''),
        (one) => one.status === 'started' || ('attempt' in one && one.attempt > 1),
      )
    }
    await world.pass(5_000)
    await keeper.look()
    await world.pass(5_000)
    const commits = (await runs()).map(({ plan }) => plan.commit.id).toSorted()
    deepStrictEqual(commits, isOlderFirst ? [objectOf('a'), objectOf('b')] : [objectOf('b')])
    const { arrival, object } = (await world.engine.sources.remoteState()).refs['refs/heads/main'] ?? {}
    deepStrictEqual([object, arrival], [objectOf('b'), told[1]])
  }
})

test('a branch that was pushed while a look found it gone stays on record', async () => {
  const { refs, runs, remote, keeper, tell } = await stage(settingsOf({}))
  refs.set('refs/heads/main', objectOf('0'))
  await keeper.look()
  refs.delete('refs/heads/main')
  const plain = { ...remote }
  remote.list = async (...asked) => {
    const found = await plain.list(...asked)
    // Told of twice, it is one arrival.
    refs.set('refs/heads/main', objectOf('a'))
    await tell(pushOf(objectOf('a')))
    return found
  }
  await keeper.look()
  await keeper.look()
  strictEqual((await runs()).length, 1)
})

test('refs that moved, came and went are told apart; what no look lists is nobody’s', () => {
  const state: RemoteState = {
    address: 'a',
    refs: {
      'refs/heads/a': { object: '1', before: null, arrival: null },
      'refs/heads/b': { object: '1', before: null, arrival: null },
      'refs/heads/c': { object: '1', before: null, arrival: null },
      'refs/pull/1/head': { object: '1', before: null, arrival: null },
    },
  }
  const { moved, gone } = movedRefs(state, { 'refs/heads/a': '1', 'refs/heads/b': '2', 'refs/tags/v1': '3' })
  deepStrictEqual(
    [moved.map(({ ref, object }) => [ref, object]), gone],
    [
      [
        ['refs/heads/b', '2'],
        ['refs/tags/v1', '3'],
      ],
      ['refs/heads/c'],
    ],
  )
  deepStrictEqual(
    moved.map((one) => toldOf(one).told[0]?.event),
    ['push', 'tag'],
  )
})
