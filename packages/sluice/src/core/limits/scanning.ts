/** Bounds of what looks through a commit: secrets, dependencies, licences. Each with its unit and reason, as in `limits.ts`. */
export const scanningLimits = {
  /** Characters of a file that are searched for secrets at once; larger ones come in pieces, so that memory and the time of hostile input stay bounded. */
  secretsTextMax: 65_536,
  /** Characters that a piece shares with the one before it: the longest private keys (RSA, 16,384 bits) have some 12,700. */
  secretsOverlapMax: 16_384,
  /** Findings of one scan that are kept; beyond that nobody reads them, and the scan says that there are more. */
  findingsMax: 1_000,
  /** Largest lockfile, advisory or manifest that is read, bytes; the largest public lockfiles are some 10 MB. */
  documentBytesMax: 67_108_864,
  /** How long an auditor that asks a registry may take, milliseconds. */
  auditDeadlineMs: 60_000,
  /** Files read at the same time by a scan; some 100 descriptors are free everywhere. */
  filesOpenMax: 32,
} as const
