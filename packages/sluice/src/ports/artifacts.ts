import type { Artifact, Commit, Digest } from '../core/model.ts'

/** What to keep, and what `build-metadata.json` in the archive says about it (besides tool versions). */
export type PutRequest = {
  readonly name: string
  readonly directory: string
  readonly paths: readonly string[]
  readonly commit: Commit
  readonly version: string
  /** Artifacts that the job was given. */
  readonly inputs: readonly Artifact[]
}

/** Keeps artifacts by content. */
export interface ArtifactStore {
  /** Packs paths under a directory into a deterministic archive and keeps it; the same content gives the same digest. `artifact_missing` when a path is not there. */
  put(request: PutRequest, signal: AbortSignal): Promise<Artifact>
  /** Unpacks into `directory` after checking the digest. `artifact_missing`, `artifact_mismatch`. Safe to repeat. */
  unpack(digest: Digest, directory: string, signal: AbortSignal): Promise<void>
  /** Whether the artifact is there and its content is what the digest says. */
  verify(digest: Digest, signal: AbortSignal): Promise<'ok' | 'missing' | 'mismatch'>
}
