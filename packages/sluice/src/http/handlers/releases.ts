import { isIntact } from '../../core/release.ts'
import type { Release, ReleaseId } from '../../core/model.ts'
import type { ApiContext, Handlers } from '../context.ts'
import { releaseDetailView, releaseView, type Standing } from '../present/releases.ts'
import { newestRelease, serviceOf } from './lookup.ts'

/** Answers about releases. */
export const releaseHandlers: Handlers<'releases.list' | 'releases.show' | 'releases.verify'> = {
  'releases.list': async (context, { query }) => {
    const page = await context.engine.reading.releases(pageOf(query))
    const standing = await standingNow(context)
    const items = page.items.map(async (release) => releaseView(release, await standing(release.id)))
    return { items: await Promise.all(items), next: page.next }
  },
  'releases.show': async (context, { params, signal }) => {
    const release = await context.engine.reading.releaseNamed(await serviceOf(context, signal), params.release)
    const standing = await standingNow(context)
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

/** A page's bounds without the undefined members that `exactOptionalPropertyTypes` refuses. */
export const pageOf = ({
  limit,
  cursor,
}: {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}): { readonly limit?: number; readonly cursor?: string } => ({
  ...(limit === undefined ? {} : { limit }),
  ...(cursor === undefined ? {} : { cursor }),
})

/** The run that cut a release, and those whose jobs it took over. */
const runsOf = async ({ engine }: ApiContext, { cutBy }: Release): Promise<readonly string[]> => {
  const run = await engine.reading.run(cutBy)
  const earlier = run.jobs.flatMap((job) => (job.status === 'succeeded' ? (job.carriedFrom ?? []) : []))
  return [...new Set([cutBy, ...earlier])]
}

const standingNow = async (context: ApiContext): Promise<(id: ReleaseId) => Promise<Standing>> => {
  const newest = await newestRelease(context)
  const states = newest === null ? [] : await context.engine.environments(newest.content.service)
  return async (id) => ({
    serves: states.filter(({ serving }) => serving === id).map(({ environment }) => environment),
    hold: await context.engine.reading.hold(id),
  })
}
