/** Releases as the API tells them. */
import { limits } from '../../core/limits.ts'
import type { Release } from '../../core/model.ts'
import type { ReleaseDetailView, ReleaseRef, ReleaseView } from '../client/views.ts'

/** Releases that an answer names, by id. */
export type Known = ReadonlyMap<string, Release>

/** A release by id and version. One that is not known is called by its id: no version is invented. */
export const refOf = (id: string, known: Known): ReleaseRef => ({
  id,
  version: known.get(id)?.content.version ?? id.slice(0, limits.shortIdLength),
})

/** A release in a list. `serves`: environments where it serves now. */
export const releaseView = ({ id, content, cutAt, cutBy }: Release, serves: readonly string[]): ReleaseView => ({
  id,
  version: content.version,
  service: content.service,
  commit: content.commit,
  cutAt,
  cutBy,
  artifacts: content.artifacts,
  environments: content.environments.map(({ name }) => name),
  serves,
})

/** A release with everything it fixes. */
export const releaseDetailView = (release: Release, serves: readonly string[]): ReleaseDetailView => ({
  ...releaseView(release, serves),
  start: release.content.start,
  migrations: release.content.migrations,
  gates: release.content.gates ?? [],
  specs: release.content.environments,
})
