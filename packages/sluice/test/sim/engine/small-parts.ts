/** Small parts of the engine simulator. */
import type { SluiceError } from '../../../src/core/errors.ts'
import type { LedgerRow } from '../../../src/core/ledger/entry.ts'
import type { Ports } from '../../../src/engine/ports.ts'
import type { Credentials } from '../../../src/ports/credentials.ts'
import { Breach } from '../breach.ts'

/** Once every promise has said what it has to say: a tick comes when no microtask is left, and costs no turn of the event loop. */
export const drained = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

/** A row of the ledger, for somebody who replays a seed. */
export const described = ({ key, type, body }: LedgerRow): string =>
  `ledger ${key.kind} ${type} ${typeof body === 'object' && body !== null && 'sequence' in body ? String(body.sequence) : ''}`

/** For what only runs need. */
export const never = (): never => {
  throw new Breach('a rollout asked for something that only runs need')
}

/** Evidence, which only runs have. */
const noEvidence: Readonly<
  Record<'put' | 'read' | 'keepFile' | 'openFile' | 'sweep' | 'sweptAt' | 'baseline' | 'keepBaseline', () => never>
> = {
  put: never,
  read: never,
  keepFile: never,
  openFile: never,
  sweep: never,
  sweptAt: never,
  baseline: never,
  keepBaseline: never,
}

/** Credentials where nobody signs in. */
export const noCredentials: Credentials = {
  issue: never,
  matches: never,
  setPassword: never,
  matchesPassword: never,
  passwordTag: never,
  remove: never,
  removePassword: never,
}

/** Nobody is told or asked anything in this world, and nothing arrives in it: its runs are none. */
const nobodyOutside: Pick<Ports, 'notifier' | 'notifyRules' | 'projections' | 'reviews' | 'remote' | 'project'> = {
  reviews: { of: never },
  notifier: { send: never },
  notifyRules: { read: async () => ({ status: 'read', settings: null, service: 'shop' }) },
  projections: { read: async () => null, keep: async () => {} },
  remote: { fetch: never, list: never, standing: never, letGo: never },
  project: { settings: never },
}

/** The parts of the world that only runs need, and whoever is told and asked elsewhere: nobody. */
export const onlyRunsNeed: Omit<
  Ports,
  | 'clock'
  | 'calendar'
  | 'ids'
  | 'log'
  | 'sha256'
  | 'store'
  | 'driver'
  | 'router'
  | 'hooks'
  | 'verifier'
  | 'metrics'
  | 'externalJudge'
> = {
  ...nobodyOutside,
  credentials: noCredentials,
  secrets: { versions: never, values: async () => ({}) },
  pipelines: { lower: never },
  github: { resolve: never, outputs: never },
  source: {
    name: 'shop',
    resolve: never,
    checkout: never,
    remove: never,
    commitsBetween: never,
    bases: never,
    diff: never,
    place: never,
    commitTree: never,
  },
  config: { load: never, ofCommit: never },
  artifacts: { put: never, unpack: never, verify: never },
  evidence: noEvidence,
  runner: {
    workspace: never,
    run: never,
    stop: never,
    discard: never,
    cores: 1,
    logs: never,
    searchLog: never,
    logMarks: never,
    settled: () => Promise.resolve(),
  },
}

/** The entry of a queue that a row is about. */
export const entryOf = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && 'entry' in body && typeof body.entry === 'object' && body.entry !== null
    ? 'id' in body.entry && body.entry.id
    : null

/** Errors after which asking again is pointless. */
export const isFinal = ({ code }: SluiceError): boolean =>
  code === 'self_approval' || code === 'command_conflict' || code === 'not_found' || code === 'config_invalid'
