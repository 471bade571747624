/** The people of the torture: one at each environment, deploying and changing their mind, each command under an idempotency key. */
import { randomUUID } from 'node:crypto'
import { SluiceError } from '../../packages/sluice/src/core/errors.ts'
import type { RolloutCommand } from '../../packages/sluice/src/http/client/contract.ts'
import type { RolloutView } from '../../packages/sluice/src/http/client/views.ts'
import { rest } from '../lib/control-plane.ts'
import { between, isPassing, type World } from './world.ts'

/** What was acknowledged (a 2xx came), and so must never be lost. */
export type Acknowledged = {
  readonly deploys: readonly { readonly rollout: string; readonly key: string }[]
  readonly commands: readonly { readonly rollout: string; readonly command: RolloutCommand }[]
  /** The same key gave another rollout than before. */
  readonly twisted: number
  /** Rollouts that had to be told to go on after they were set aside. */
  readonly parked: number
  /** Rollouts that did not settle in time. */
  readonly unsettled: readonly RolloutView[]
}

/** Operators at work. */
export type Operators = { readonly stop: () => Promise<Acknowledged> }

type Notes = {
  deploys: { rollout: string; key: string }[]
  commands: { rollout: string; command: RolloutCommand }[]
  twisted: number
  parked: number
  unsettled: RolloutView[]
}

const settleMs = 60_000

/** Puts one operator at each environment. */
export const startOperators = (world: World, environments: readonly string[]): Operators => {
  const notes: Notes = { deploys: [], commands: [], twisted: 0, parked: 0, unsettled: [] }
  let working = true
  const all = environments.map((environment) => operate({ world, environment, notes, working: () => working }))
  return {
    stop: async () => {
      working = false
      await Promise.all(all)
      return notes
    },
  }
}

type Work = {
  readonly world: World
  readonly environment: string
  readonly notes: Notes
  readonly working: () => boolean
}

const operate = async (work: Work): Promise<void> => {
  while (work.working()) {
    const rollout = await deploy(work)
    if (rollout === null) await rest(100)
    else await attend(work, rollout)
  }
}

/** Asks for the other release until there is an answer; sometimes asks again under the same key, which must change nothing. */
const deploy = async ({ world, environment, notes }: Work): Promise<string | null> => {
  const { client, releases } = world
  const { serving } = await insist(() => client.call('environments.show', { params: { environment } }))
  const release = serving?.id === releases[0] ? releases[1] : releases[0]
  const key = randomUUID()
  const ask = (): Promise<{ readonly rollout: string }> =>
    // What came back by itself is held; here two releases take turns, whatever happened to them.
    client.call('environments.deploy', {
      params: { environment },
      body: { release, overrides: ['held'] },
      idempotencyKey: key,
    })
  try {
    const { rollout } = await insist(ask)
    notes.deploys.push({ rollout, key })
    if (between(0, 4) === 0 && (await insist(ask)).rollout !== rollout) notes.twisted += 1
    return rollout
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'admission_refused') return null
    throw error
  }
}

/** Stays with a rollout until it is settled, with a word now and then. */
const attend = async ({ world, notes, working }: Work, rollout: string): Promise<void> => {
  const { client } = world
  let until = performance.now() + settleMs
  for (;;) {
    if (working()) until = performance.now() + settleMs
    const view = await insist(() => client.call('rollouts.show', { params: { rollout } }))
    if (view.status === 'succeeded' || view.status === 'rolled_back') return
    if (performance.now() > until) {
      notes.unsettled.push(view)
      return
    }
    if (view.status === 'parked') notes.parked += 1
    const command = choose(view, working())
    if (command !== null) await say({ world, notes, rollout, command })
    await rest(between(30, 250))
  }
}

/** What to say now: mostly nothing; to a paused rollout sooner or later to go on; when work is over, only what helps it settle. */
const choose = (view: RolloutView, working: boolean): RolloutCommand | null => {
  if (view.status === 'parked') return 'retry'
  if (view.paused !== null && (!working || between(0, 3) === 0)) return 'resume'
  if (!working) return null
  const words: readonly RolloutCommand[] = ['pause', 'abort', 'promote', 'skip', 'resume', 'pause']
  return between(0, 10) === 0 ? (words[between(0, words.length)] ?? null) : null
}

type Saying = {
  readonly world: World
  readonly notes: Notes
  readonly rollout: string
  readonly command: RolloutCommand
}

const say = async ({ world, notes, rollout, command }: Saying): Promise<void> => {
  const idempotencyKey = randomUUID()
  try {
    await insist(() =>
      world.client.call('rollouts.command', { params: { rollout }, body: { command }, idempotencyKey }),
    )
    notes.commands.push({ rollout, command })
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'command_conflict') throw error
  }
}

/** Asks again under the same key for as long as nobody answers. */
const insist = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!isPassing(error)) throw error
      await rest(20)
    }
  }
}
