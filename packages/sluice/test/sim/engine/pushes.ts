/** Commits that arrive in the engine simulator: branches move, somebody tells of it (again and again, or twice under two names), and the remote does not always answer. Each move starts one run. */
import { hash } from 'node:crypto'
import { parseConfig } from '../../../src/core/config/parse.ts'
import type { Settings } from '../../../src/core/config/settings.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { commitId } from '../../../src/core/model.ts'
import { plainJob } from '../../../src/core/pipeline/plain-plans.ts'
import type { RunState } from '../../../src/core/pipeline/types.ts'
import type { RemoteState } from '../../../src/core/source/remote.ts'
import type { Told } from '../../../src/core/source/read-hook.ts'
import type { Arrival, ArrivalState, FetchedRef } from '../../../src/core/source/types.ts'
import type { Ports } from '../../../src/engine/ports.ts'
import { demand } from '../breach.ts'
import { faults } from '../core/faults.ts'
import type { Incarnation } from './network.ts'
import type { Requests } from './requests.ts'
import type { Scene } from './scene.ts'
import { aside, type Side } from './side.ts'

const refs = ['refs/heads/main', 'refs/heads/work'] as const

/** A branch moves so often at most. */
const pushesMax = 4

const configured: { settings: Settings | null } = { settings: null }

/** Pushes start one pipeline of another system, whose one job has nothing to do: what a run does is nothing of this simulator's. */
const settingsOfProject = (): Settings => {
  configured.settings ??= {
    ...parseConfig(
      { service: 'shop', pipeline: { jobs: { test: { steps: 'true' } } } },
      { file: 'sluice.config.ts', text: '', distance: () => 99 },
    ),
    source: {
      remote: '/srv/git/shop.git',
      github: null,
      gitlab: null,
      push: null,
      poll: null,
      pipelines: [{ kind: 'github', file: 'ci.yml', secrets: [] }],
      report: [],
    },
  }
  return configured.settings
}

/** See the file's header. */
export class Pushes implements Side {
  readonly #scene: Scene
  readonly #requests: Requests
  /** Where the branches of the remote stand. */
  readonly #heads = new Map<string, string>()
  readonly #redelivered = new Map<string, number>()
  #pushed = 0

  constructor(scene: Scene, requests: Requests) {
    this.#scene = scene
    this.#requests = requests
  }

  over(ports: Ports, process: Incarnation): Ports {
    const { setting, network } = this.#scene
    // As it stands when the request comes; branches move while the answer is under way, and later fetches overtake it.
    const fetched = (ref: string): FetchedRef => {
      const object = this.#heads.get(ref)
      return object === undefined ? { object: null, commit: null } : { object, commit: commitId(object) }
    }
    return {
      ...ports,
      // Arrivals are named by it.
      sha256: (text) => hash('sha256', text),
      remote: {
        ...ports.remote,
        fetch: (_, { ref }, signal) =>
          aside(setting, () =>
            network.ask<FetchedRef>(process, signal, (reply) =>
              aside(setting, () => {
                if (!setting.strikesBeside(faults.remote_unreachable, 256)) return reply.give(fetched(ref))
                reply.refuse(new SluiceError('remote_unreachable', { detail: 'no route to the remote' }))
              }),
            ),
          ),
        standing: async () => ({ base: null, changed: ['src/a.ts'] }),
      },
      project: { settings: async () => settingsOfProject() },
      config: {
        ...ports.config,
        ofCommit: () => Promise.reject(new SluiceError('config_missing', { detail: 'the commit has none' })),
      },
      secrets: { versions: async () => ({}), values: async () => ({}) },
      source: {
        ...ports.source,
        resolve: async (ref) => ({ id: commitId(ref), subject: 'A change', author: 'ada', committedAt: 1 }),
      },
      pipelines: {
        lower: async ({ kind, file, event }) => ({
          origin: { kind, file, name: file, event: event ?? 'push', notes: [] },
          jobs: [plainJob('lint', { work: { kind: 'none' }, concurrency: null })],
        }),
      },
    }
  }

  strike(): void {
    const { setting } = this.#scene
    if (this.#pushed < pushesMax && !this.#requests.isBusy && setting.strikesBeside(faults.ref_pushed, 24)) this.#push()
  }

  lookAfter(): void {
    if (this.#requests.isBusy) return
    if (this.#pushed === 0) return this.#push()
    const failed = this.#arrivals().find(({ status }) => status === 'failed')
    if (failed === undefined) return
    const { id } = failed.hint
    this.#redelivered.set(failed.hint.ref, (this.#redelivered.get(failed.hint.ref) ?? 0) + 1)
    this.#requests.ask((engine, caller) => engine.sources.redeliver(id, caller))
  }

  isOver(): boolean {
    for (const { key, settled } of this.#scene.disk.aggregates())
      if (!settled && (key.kind === 'arrival' || key.kind === 'run')) return false
    return this.#pushed > 0 && this.#arrivals().every(({ status }) => status !== 'failed')
  }

  /** Invariant: where a branch stands in the end is on record and has one run, whoever told of it and however often; nothing that was told is lost, and nothing starts twice. */
  mustHold(): void {
    for (const ref of refs) {
      const head = this.#heads.get(ref)
      if (head === undefined) continue
      const commits = this.#commitsRun(ref)
      const again = this.#redelivered.get(ref) ?? 0
      const seen = this.#recorded(ref)
      demand(seen === head, `${ref} stands at ${head.slice(0, 8)}, and ${seen?.slice(0, 8) ?? 'nothing'} is on record`)
      demand(commits.includes(head), `${ref} stands at ${head.slice(0, 8)}, and nothing was started by it`)
      const twice = commits.length - new Set(commits).size
      demand(twice <= again, `${twice} runs of ${ref} were started twice, and ${again} asked for again`)
    }
  }

  /** A branch moves, and somebody tells of it. */
  #push(): void {
    const { setting } = this.#scene
    this.#pushed += 1
    const ref = refs[setting.random.next() & 1] ?? refs[0]
    const object = this.#pushed.toString(16).repeat(40)
    this.#heads.set(ref, object)
    const before = null
    const told: Told = {
      from: 'github',
      event: 'push',
      ref,
      before,
      after: object,
      delivery: null,
      sender: 'ada',
      url: null,
      title: null,
      pullRequest: null,
      payload: null,
      because: null,
    }
    this.#tell(`push ${this.#pushed}`, told)
    const isAgain = setting.strikesBeside(faults.told_again, 512)
    // The same delivery once more, or another one of the same.
    if (isAgain) this.#tell((setting.random.next() & 1) === 0 ? `push ${this.#pushed}` : `copy ${this.#pushed}`, told)
  }

  #tell(name: string, told: Told): void {
    this.#requests.ask((engine, caller) => engine.sources.receive({ name, told: [told] }, caller))
  }

  /** Where a branch was seen last, as the control plane keeps it. */
  #recorded(ref: string): string | null {
    for (const { key, state } of this.#scene.disk.aggregates())
      if (key.kind === 'remote') return (state as RemoteState).refs[ref]?.object ?? null
    return null
  }

  #arrivals(): readonly Arrival[] {
    const found: Arrival[] = []
    for (const { key, state } of this.#scene.disk.aggregates()) {
      if (key.kind !== 'arrival') continue
      const arrival = state as ArrivalState
      if (arrival.status !== 'absent') found.push(arrival)
    }
    return found
  }

  /** The commits of all runs that a branch has started. */
  #commitsRun(ref: string): readonly string[] {
    const ids = new Set<string>(this.#arrivals().flatMap(({ hint }) => (hint.ref === ref ? [hint.id] : [])))
    const found: string[] = []
    for (const { key, state } of this.#scene.disk.aggregates()) {
      if (key.kind !== 'run') continue
      const run = state as RunState
      if (run.status !== 'absent' && ids.has(run.plan.trigger.arrival?.id ?? '')) found.push(run.plan.commit.id)
    }
    return found
  }
}
