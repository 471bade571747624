import type { Artifact, Digest } from '../core/model.ts'

/** Keeps artifacts by content. */
export interface ArtifactStore {
  /** Packs paths under a directory into a deterministic archive and keeps it; the same content gives the same digest. */
  put(
    request: { readonly name: string; readonly directory: string; readonly paths: readonly string[] },
    signal: AbortSignal,
  ): Promise<Artifact>
  /** Unpacks into `directory` after checking the digest. `artifact_missing`, `artifact_mismatch`. Safe to repeat. */
  unpack(digest: Digest, directory: string, signal: AbortSignal): Promise<void>
  /** Whether the artifact is there and its content is what the digest says. */
  verify(digest: Digest, signal: AbortSignal): Promise<'ok' | 'missing' | 'mismatch'>
}
