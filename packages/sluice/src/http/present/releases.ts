/** Releases as the API tells them. */
import { limits } from '../../core/limits.ts'
import type { Release } from '../../core/model.ts'
import type { HoldView } from '../client/rollback-views.ts'
import type { ReleaseDetailView, ReleaseView } from '../client/release-views.ts'
import type { ReleaseRef } from '../client/views.ts'

/** Releases that an answer names, by id. */
export type Known = ReadonlyMap<string, Release>

/** A release by id and version. One that is not known is called by its id: no version is invented. */
export const refOf = (id: string, known: Known): ReleaseRef => ({
  id,
  version: known.get(id)?.content.version ?? id.slice(0, limits.shortIdLength),
})

/** How a release stands: environments where it serves now, and what holds it. */
export type Standing = { readonly serves: readonly string[]; readonly hold: HoldView | null }

/** A release in a list. */
export const releaseView = ({ id, content, cutAt, cutBy }: Release, { serves, hold }: Standing): ReleaseView => ({
  id,
  version: content.version,
  service: content.service,
  commit: content.commit,
  cutAt,
  cutBy,
  artifacts: content.artifacts,
  environments: content.environments.map(({ name }) => name),
  serves,
  hold,
})

/** A release with everything it fixes. */
export const releaseDetailView = (release: Release, standing: Standing): ReleaseDetailView => ({
  ...releaseView(release, standing),
  start: release.content.start,
  migrations: release.content.migrations,
  flags: release.content.flags ?? [],
  gates: release.content.gates ?? [],
  specs: release.content.environments,
})
