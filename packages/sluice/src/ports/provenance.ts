import type { CommitId } from '../core/model.ts'
import type { ProvenanceSubject } from '../core/security/provenance.ts'

/** What is asked about one artifact of a release. */
export type ProvenanceQuestion = {
  readonly subject: ProvenanceSubject
  readonly commit: CommitId
  /** Runs whose provenance may speak of it. */
  readonly runs: readonly string[]
  /** Who is trusted: an Ed25519 public key in PEM; null for the project's own. */
  readonly publicKey: string | null
}

/** What the provenance of an artifact proves. `keys`: the SHA-256 of each key that signed. */
export type ProvenanceFinding =
  | { readonly status: 'verified'; readonly detail: null; readonly keys: readonly string[] }
  | { readonly status: 'refused'; readonly detail: string; readonly keys: readonly [] }

/** The signed provenance that runs left. */
export interface Provenances {
  /** Null when no run left any. `config_invalid` for a key that is none. */
  verify(question: ProvenanceQuestion): Promise<ProvenanceFinding | null>
}
