/** What the filters of lists mean. Of each: undefined where all of the list is meant, so that no more of it is read than a page has. */
import type { RunSummary } from '../../core/pipeline/summary.ts'
import type { Train } from '../../core/train/types.ts'
import type { CutRelease } from '../../engine/reading/stored-releases.ts'
import type { ListFilter } from '../../engine/reading/stored-states.ts'
import type { Drill, Incident, Person, Rollout, Token } from '../../engine/trusted.ts'
import type { PageInput } from '../client/contract.ts'
import type {
  BegunInput,
  DrillsInput,
  IncidentsInput,
  PeopleInput,
  ReleasesInput,
  RolloutsInput,
  RunsInput,
  TokensInput,
  TrainsInput,
} from '../client/list-filters.ts'
import { tokenView } from '../present/identity.ts'

/** Which runs a query means. */
export const runFilter = (query: RunsInput): ListFilter<RunSummary> | undefined =>
  filterOf(
    query,
    (run) =>
      is(query.status, run.status) &&
      is(query.branch, run.branch) &&
      begins(query.commit, run.commit.id) &&
      is(query.event, run.event) &&
      is(query.pipeline, run.pipeline ?? 'config') &&
      is(query.service, run.service) &&
      isBegun(query, run.startedAt),
  )

/** Which releases a query means; `serving` are those that serve the environment that it names. */
export const releaseFilter = (query: ReleasesInput, serving: readonly string[]): ListFilter<CutRelease> | undefined =>
  filterOf(
    query,
    ({ release: { id, cutAt, content }, hold }) =>
      is(query.service, content.service) &&
      begins(query.version?.replace(/^v(?=\d)/, ''), content.version) &&
      begins(query.commit, content.commit.id) &&
      (query.serves === undefined || serving.includes(id)) &&
      is(query.held, hold === undefined ? 'false' : 'true') &&
      isBegun(query, cutAt),
  )

/** Which rollouts a query means. */
export const rolloutFilter = (query: RolloutsInput): ListFilter<Rollout> | undefined =>
  filterOf(
    query,
    ({ plan, status, startedAt }) =>
      is(query.service, plan.service) &&
      is(query.environment, plan.spec.name) &&
      is(query.status, status) &&
      isBegun(query, startedAt),
  )

/** Which incidents a query means. */
export const incidentFilter = (query: IncidentsInput): ListFilter<Incident> | undefined =>
  filterOf(
    query,
    ({ status, environment, openedAt }) =>
      is(query.status, status) && is(query.environment, environment) && isBegun(query, openedAt),
  )

/** Which drills a query means. */
export const drillFilter = (query: DrillsInput): ListFilter<Drill> | undefined =>
  filterOf(
    query,
    (drill) =>
      is(query.environment, drill.plan.environment) &&
      is(query.outcome, drill.status === 'ended' ? drill.outcome : null) &&
      isBegun(query, drill.startedAt),
  )

/** Which trains a query means. */
export const trainFilter = (query: TrainsInput): ListFilter<Train> | undefined =>
  filterOf(query, ({ status, startedAt }) => is(query.status, status) && isBegun(query, startedAt))

/** Which people a query means; never those that were removed. */
export const personFilter = ({ role, search }: PeopleInput): ListFilter<Person> => ({
  isMeant: ({ status, name, grants, groups }) =>
    status === 'active' &&
    (role === undefined || grants.some((grant) => grant.role === role)) &&
    (search === undefined || [name, ...groups].some((text) => text.toLowerCase().includes(search.toLowerCase()))),
})

/** Which tokens a query means of those that the caller may see. */
export const tokenFilter = (
  query: TokensInput,
  { isMine, now }: { readonly isMine: (token: Token) => boolean; readonly now: number },
): ListFilter<Token> => ({
  isMeant: (token) => isMine(token) && is(query.owner, token.owner) && is(query.status, tokenView(token, now).status),
})

/** A cursor and a limit mean nothing by themselves. */
const filterOf = <Item>(
  { limit: _limit, cursor: _cursor, ...asked }: PageInput & BegunInput,
  isMeant: (item: Item) => boolean,
): ListFilter<Item> | undefined =>
  Object.values(asked).every((one) => one === undefined) ? undefined : { isMeant, from: asked.from }

const is = <Value>(wanted: Value | undefined, value: Value | null): boolean => wanted === undefined || wanted === value

const begins = (wanted: string | undefined, text: string): boolean =>
  wanted === undefined || text.toLowerCase().startsWith(wanted.toLowerCase())

const isBegun = ({ from = -Infinity, to = Infinity }: BegunInput, at: number): boolean => at >= from && at < to
