/** Questions that several pages ask, each with the events that it depends on. */
import type { LedgerRowView } from '../../sluice/src/http/client/ledger-views.ts'
import type { Question } from './live/store.ts'
import type { Filter } from './parts/filter.ts'

const isOf =
  (...kinds: readonly string[]) =>
  ({ key }: LedgerRowView): boolean =>
    kinds.includes(key.kind)

/** Every environment. Traffic is counted by the data plane and no event tells of it, so it is asked for now and then. */
export const environmentsQuestion: Question<'environments.list'> = {
  id: 'environments.list',
  input: {},
  concerns: isOf('environment', 'rollout', 'maintenance', 'release', 'watch', 'drill', 'train'),
  everyMs: 10_000,
}

/** The last runs. */
export const runsQuestion = (limit: number, of: Filter = {}): Question<'runs.list'> => ({
  id: 'runs.list',
  input: { query: { ...of, limit } },
  concerns: isOf('run'),
})

/** The last rollouts, of everything or of those that are meant. */
export const rolloutsQuestion = (limit: number, of: Filter = {}): Question<'rollouts.list'> => ({
  id: 'rollouts.list',
  input: { query: { limit, ...of } },
  concerns: isOf('rollout'),
})

/** The last releases, of everything or of one service. */
export const releasesQuestion = (limit: number, of: Filter = {}): Question<'releases.list'> => ({
  id: 'releases.list',
  input: { query: { limit, ...of } },
  concerns: isOf('release', 'environment'),
})

/** Incidents. */
export const incidentsQuestion = (limit: number, of: Filter = {}): Question<'incidents.list'> => ({
  id: 'incidents.list',
  input: { query: { ...of, limit } },
  concerns: isOf('incident'),
})

/** Where commits come from. Polling is no event, so it is asked for now and then. */
export const sourceQuestion: Question<'source.show'> = {
  id: 'source.show',
  input: {},
  concerns: isOf('arrival', 'remote'),
  everyMs: 30_000,
}

/** The last arrivals. */
export const arrivalsQuestion = (limit: number): Question<'arrivals.list'> => ({
  id: 'arrivals.list',
  input: { query: { limit } },
  concerns: isOf('arrival'),
})

/** The control plane itself. */
export const serverQuestion: Question<'server.show'> = { id: 'server.show', input: {} }
