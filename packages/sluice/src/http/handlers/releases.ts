import { limits } from '../../core/limits.ts'
import { isIntact } from '../../core/release.ts'
import type { Release, ReleaseId } from '../../core/model.ts'
import type { Page } from '../../engine/reading/stored-states.ts'
import type { ReleasesInput } from '../client/list-filters.ts'
import type { ApiContext, Handlers } from '../context.ts'
import { releaseDetailView, releaseView, type Standing } from '../present/releases.ts'
import { newestRelease, serviceOf } from './lookup.ts'
import { meantPage, pageOf } from './meant-page.ts'
import { releaseFilter } from './list-filters.ts'

/** Answers about releases. */
export const releaseHandlers: Handlers<'releases.list' | 'releases.show' | 'releases.verify'> = {
  'releases.list': async (context, { query }) => {
    const { standing, serving } = await standingNow(context)
    const page = await releasesOf(context, query, query.serves === undefined ? null : serving(query.serves))
    const items = page.items.map(async (release) => releaseView(release, await standing(release.id)))
    return { items: await Promise.all(items), next: page.next }
  },
  'releases.show': async (context, { params, signal }) => {
    const release = await context.engine.reading.releaseNamed(await serviceOf(context, signal), params.release)
    const { standing } = await standingNow(context)
    return releaseDetailView(release, await standing(release.id))
  },
  'releases.verify': async (context, { params, query, signal }) => {
    const release = await context.engine.reading.releaseNamed(await serviceOf(context, signal), params.release)
    const runs = await runsOf(context, release)
    const common = { runs, commit: release.content.commit.id, publicKey: query.key ?? null }
    const artifacts = await Promise.all(
      release.content.artifacts.map(async ({ name, digest }) => ({
        name,
        digest,
        status: await context.artifacts.verify(digest, signal),
        provenance: await context.provenances.verify({
          subject: { name, sha256: digest.slice('sha256:'.length) },
          ...common,
        }),
      })),
    )
    return {
      release: { id: release.id, version: release.content.version },
      intact: isIntact(release, context.sha256),
      artifacts,
    }
  },
}

/** A page of those that are meant. `serving`: those that serve the environment that is asked for, and the list ends with the last of them; null where none is. */
const releasesOf = async (
  { engine }: ApiContext,
  query: ReleasesInput,
  serving: readonly ReleaseId[] | null,
): Promise<Page<Release>> => {
  if (serving?.length === 0) return { items: [], next: null }
  const filter = releaseFilter(query, serving ?? [])
  const { limit = limits.pageItemsDefault, ...from } = pageOf(query)
  const bounds = { ...from, limit: Math.min(limit, serving?.length ?? limit) }
  const page = await meantPage((asked) => engine.reading.releases({ ...asked, filter }), bounds)
  return page.items.length === serving?.length ? { items: page.items, next: null } : page
}

/** The run that cut a release, and those whose jobs it took over. */
const runsOf = async ({ engine }: ApiContext, { cutBy }: Release): Promise<readonly string[]> => {
  const run = await engine.reading.run(cutBy)
  const earlier = run.jobs.flatMap((job) => (job.status === 'succeeded' ? (job.carriedFrom ?? []) : []))
  return [...new Set([cutBy, ...earlier])]
}

type Standings = {
  readonly standing: (id: ReleaseId) => Promise<Standing>
  /** The releases that serve an environment. */
  readonly serving: (environment: string) => readonly ReleaseId[]
}

const standingNow = async (context: ApiContext): Promise<Standings> => {
  const newest = await newestRelease(context)
  const states = newest === null ? [] : await context.engine.environments(newest.content.service)
  return {
    standing: async (id) => ({
      serves: states.filter(({ serving }) => serving === id).map(({ environment }) => environment),
      hold: await context.engine.reading.hold(id),
    }),
    serving: (name) =>
      states.flatMap(({ environment, serving }) => (environment === name && serving !== null ? [serving] : [])),
  }
}
