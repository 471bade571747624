/** A release: the immutable bundle that a rollout serves. */
import { canonicalJson } from './canonical-json.ts'
import { SluiceError } from './errors.ts'
import type { Machine } from './machine.ts'
import { type Artifact, type Release, type ReleaseContent, releaseId, type RunId, type Sha256 } from './model.ts'

/** Everything of a release that is known before its run: all but the artifacts. */
export type ReleaseDraft = Omit<ReleaseContent, 'artifacts'>

/** What a release is cut from. */
export type Cut = {
  readonly draft: ReleaseDraft
  readonly artifacts: readonly Artifact[]
  readonly run: RunId
  /** Epoch ms. */
  readonly at: number
}

/**
 * The release of a run: its content, and the hash of the content as its id, so that the same content is the same release whoever cuts it and when.
 * Throws `artifact_missing` when the artifact that is started is not among the run's.
 */
export const cutRelease = (cut: Cut, sha256: Sha256): Release => {
  const { draft, artifacts } = cut
  if (!artifacts.some((artifact) => artifact.name === draft.start.artifact)) {
    throw new SluiceError('artifact_missing', {
      detail: `The release starts from the artifact "${draft.start.artifact}", and the run made ${artifacts.map((one) => `"${one.name}"`).join(', ') || 'none'}.`,
      hint: 'Check that the paths of the artifact exist after the job.',
    })
  }
  const sorted = artifacts.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const content: ReleaseContent = { ...draft, artifacts: sorted }
  return { id: releaseContentId(content, sha256), content, cutBy: cut.run, cutAt: cut.at }
}

/** The id of a content: `rel_` and the SHA-256 of its canonical JSON. */
export const releaseContentId = (content: ReleaseContent, sha256: Sha256): Release['id'] =>
  releaseId(`rel_${sha256(canonicalJson(content))}`)

/** Whether a release is what its id says; what a store or a peer gives back is checked with it. */
export const isIntact = (release: Release, sha256: Sha256): boolean =>
  releaseContentId(release.content, sha256) === release.id

/** What happens to a release: it is cut, once. */
export type ReleaseEvent = { readonly type: 'release_cut'; readonly at: number; readonly release: Release }

/** A release as an aggregate of the ledger. */
export type ReleaseState = { readonly status: 'absent' } | { readonly status: 'cut'; readonly release: Release }

/** Before it was cut. */
export const absentRelease: ReleaseState = { status: 'absent' }

/**
 * The release as a machine without effects, so that it is written by the same path as everything else.
 *
 * | status | event       | next |
 * |--------|-------------|------|
 * | absent | release_cut | cut  |
 *
 * A release that is there already stays as it was first cut: the same content cut again changes nothing.
 */
export const releaseMachine: Machine<ReleaseState, ReleaseEvent, never> = {
  name: 'release',
  version: 1,
  decide: (state, event) => ({
    state: state.status === 'absent' ? { status: 'cut', release: event.release } : state,
    effects: [],
  }),
  outstanding: () => [],
  nextAt: () => null,
  settled: (state) => state.status === 'cut',
}
