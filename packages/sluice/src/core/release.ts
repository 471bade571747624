/** A release: the immutable bundle that a rollout serves. */
import { canonicalJson } from './canonical-json.ts'
import { SluiceError } from './errors.ts'
import type { GateVerdict } from './evidence/gates/types.ts'
import { assert } from './machine.ts'
import { type Artifact, type Release, type ReleaseContent, releaseId, type RunId, type Sha256 } from './model.ts'

/** Everything of a release that is known before its run: all but the artifacts and what the gates said. */
export type ReleaseDraft = Omit<ReleaseContent, 'artifacts' | 'gates'>

/** What a release is cut from. */
export type Cut = {
  readonly draft: ReleaseDraft
  readonly artifacts: readonly Artifact[]
  /** What the gates said; all of them let it pass. None when absent. */
  readonly gates?: readonly GateVerdict[]
  readonly run: RunId
  /** Epoch ms. */
  readonly at: number
}

/**
 * The release of a run: its content, and the hash of the content as its id, so that the same content is the same release whoever cuts it and when.
 * Throws `artifact_missing` when the artifact that is started is not among the run's.
 */
export const cutRelease = (cut: Cut, sha256: Sha256): Release => {
  const { draft, artifacts, gates = [] } = cut
  if (!artifacts.some((artifact) => artifact.name === draft.start.artifact)) {
    throw new SluiceError('artifact_missing', {
      detail: `The release starts from the artifact "${draft.start.artifact}", and the run made ${artifacts.map((one) => `"${one.name}"`).join(', ') || 'none'}.`,
      hint: 'Check that the paths of the artifact exist after the job.',
    })
  }
  const sorted = artifacts.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const content: ReleaseContent = {
    ...draft,
    artifacts: sorted,
    ...(gates.length === 0 ? {} : { gates: gates.map(passed) }),
  }
  return { id: releaseContentId(content, sha256), content, cutBy: cut.run, cutAt: cut.at }
}

const passed = ({ gate, status }: GateVerdict): { readonly gate: string; readonly status: 'pass' | 'waived' } => {
  assert(status === 'pass' || status === 'waived', `gate ${gate} let the run pass`)
  return { gate, status }
}

/** The id of a content: `rel_` and the SHA-256 of its canonical JSON. */
const releaseContentId = (content: ReleaseContent, sha256: Sha256): Release['id'] =>
  releaseId(`rel_${sha256(canonicalJson(content))}`)

/** Whether a release is what its id says; what a store or a peer gives back is checked with it. */
export const isIntact = (release: Release, sha256: Sha256): boolean =>
  releaseContentId(release.content, sha256) === release.id
