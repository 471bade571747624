import { deepStrictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { SluiceError } from '../../core/errors.ts'
import { emptyEnvironment } from '../../core/environment.ts'
import { type RetainedEvidence, type RetentionSettings, standardRetention } from '../../core/evidence/retention.ts'
import { limits } from '../../core/limits.ts'
import { EvidenceKeeper, type EvidenceKeeperOptions } from './evidence-keeper.ts'
import type { Run } from '../trusted.ts'

const hour = limits.evidenceSweepMs
const start = 1_000 * hour

/** A state as data: the newest run first; each run's evidence is called as it is. */
type State = {
  readonly runs: readonly string[]
  readonly unsettled?: readonly { readonly id: string; readonly startedAt: number }[]
  readonly serving?: string
  readonly live?: string
  readonly settings?: () => Promise<RetentionSettings>
}

// Casts: of states and ids that have what the keeper looks at, and nothing else.
const runOf = (id: string, startedAt = 0): Run =>
  ({
    id,
    startedAt,
    jobs: [{ status: 'succeeded', evidence: `sha256:${id}` }],
    plan: { jobs: [{ name: 'test' }] },
    added: [],
    resolved: {},
  }) as unknown as Run

const plane = (state: State) => {
  let now = start
  let sweptAt: number | null = start - hour
  const sweeps: RetainedEvidence[] = []
  const warnings: unknown[] = []
  let timer: (() => void) | null = null
  const environment = {
    ...emptyEnvironment('s', 'production'),
    serving: state.serving ?? null,
    live: state.live ?? null,
  }
  const reading = {
    runs: ({ limit = 1, cursor = '0' }) => {
      const from = Number(cursor)
      const items = state.runs.slice(from, from + limit).map((id) => runOf(id))
      return Promise.resolve({ items, next: from + limit < state.runs.length ? String(from + limit) : null })
    },
    run: (id: string) => Promise.resolve(runOf(id)),
    unsettledRuns: () => Promise.resolve((state.unsettled ?? []).map(({ id, startedAt }) => runOf(id, startedAt))),
    release: (id: string) => Promise.resolve({ cutBy: `run-of-${id}` }),
    rollout: (id: string) => Promise.resolve({ plan: { to: `release-of-${id}` } }),
    allEnvironments: () => Promise.resolve([environment]),
  } as unknown as EvidenceKeeperOptions['reading']
  const keeper = new EvidenceKeeper({
    reading,
    clock: {
      now: () => now,
      after: (_, call) => {
        timer = call
        return () => {
          timer = null
        }
      },
    },
    log: { info: () => {}, warn: (_, fields) => void warnings.push(fields['error']), error: () => {} },
    evidence: {
      sweep: (retained) => {
        sweeps.push(retained)
        sweptAt = now
        return Promise.resolve({ filesRemoved: 0, bytesRemoved: 0 })
      },
      sweptAt: () => Promise.resolve(sweptAt),
    },
    settings: state.settings ?? (() => Promise.resolve({ runs: 2, baselines: 60 })),
  })
  return {
    keeper,
    sweeps,
    warnings,
    pass: (ms: number) => {
      now += ms
    },
    ring: () => timer?.(),
    isSet: () => timer !== null,
    forget: () => {
      sweptAt = null
    },
  }
}

const namesIn = ({ digests }: RetainedEvidence): readonly string[] =>
  [...digests].map((digest) => digest.slice('sha256:'.length)).toSorted()

test('what stays is of the last runs, of those under way, and of releases that an environment remembers or awaits', async () => {
  const { keeper, sweeps } = plane({
    runs: ['run-9', 'run-8', 'run-7', 'run-6'],
    unsettled: [
      { id: 'run-3', startedAt: start - 5 * hour },
      { id: 'run-9', startedAt: start - 1 },
    ],
    serving: 'r1',
    live: 'rollout-1',
  })
  await keeper.look()
  const [retained] = sweeps
  deepStrictEqual(retained === undefined ? [] : namesIn(retained), [
    'run-3',
    'run-8',
    'run-9',
    'run-of-r1',
    'run-of-release-of-rollout-1',
  ])
  // Nothing that the oldest run under way may have kept; and a day more, for clocks.
  deepStrictEqual([retained?.since, retained?.baselinesMax], [start - 5 * hour - limits.evidenceGraceMs, 60])
})

test('it is done once an hour at most, at once where nobody did, and never where there is no evidence', async () => {
  const { keeper, sweeps, pass, forget, ring, isSet } = plane({ runs: ['run-1'] })
  await keeper.look()
  await keeper.look()
  pass(hour - 1)
  await keeper.look()
  deepStrictEqual(sweeps.length, 1)
  pass(1)
  await keeper.look()
  deepStrictEqual(sweeps.length, 2)
  // A clock that was set back.
  pass(-3 * hour)
  await keeper.look()
  deepStrictEqual(sweeps.length, 3)
  pass(2 * hour)
  forget()
  await keeper.look()
  deepStrictEqual(sweeps.length, 3)
  keeper.start()
  deepStrictEqual(isSet(), true)
  ring()
  await keeper.stop()
  deepStrictEqual(isSet(), false)
})

test('a config that cannot be read keeps everything; a project without one keeps what is usual', async () => {
  const broken = plane({
    runs: ['run-1'],
    settings: () => Promise.reject(new SluiceError('config_invalid', { detail: 'line 3' })),
  })
  await broken.keeper.look()
  deepStrictEqual([broken.sweeps.length, broken.warnings.length], [0, 1])
  const bare = plane({
    runs: ['run-1'],
    settings: () => Promise.reject(new SluiceError('config_missing', { detail: 'none' })),
  })
  await bare.keeper.look()
  deepStrictEqual(bare.sweeps[0]?.baselinesMax, standardRetention.baselines)
})
