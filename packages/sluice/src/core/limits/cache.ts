/** Bounds of the cache of jobs. Each with its unit and reason, as in `limits.ts`. */
export const cacheLimits = {
  /** Inputs named in the explanation of one cache miss; the rest is counted. */
  cacheReasonsMax: 10,
  /** Earlier entries that a cache miss is compared with. */
  cacheCandidatesMax: 5,
  /** Characters of a cache key that its entry's name shows; with two digests it stays below the 255 of file systems. */
  cacheNameCharactersMax: 180,
  /** Files from this size on are blobs of their own, shared between entries; smaller ones are packed, because opening costs more than reading. */
  cacheOwnBlobBytesMin: 262_144,
  /** Small files of one pack, bytes: it is held in memory while it is written or checked. */
  cachePackBytesMax: 33_554_432,
  /** Blobs from this size on are hashed only when they may have changed, bytes; a smaller one takes less than a millisecond. */
  cacheNotedBytesMin: 1_048_576,
  /** A blob that changed less than this ago may change again without showing it, milliseconds: clocks of file systems have ticks of 4 to 10, of some 2,000. */
  cacheNoteAgeMs: 3_000,
  /** Copies of large files made at the same time: as many as Node has threads for it. */
  cacheCopiesMax: 4,
  /** Files of one cache entry; a large node_modules has some 100,000. */
  cacheFilesMax: 500_000,
  /** Text of one cache entry, bytes: some 200 for each file. */
  cacheEntryBytesMax: 134_217_728,
  /** Largest blob that goes to a remote cache, bytes: what S3 takes in one request. */
  cacheBlobBytesMax: 5_368_709_120,
  /** Size of the local cache above which what was not used longest goes, bytes. */
  cacheBytesMax: 10_737_418_240,
  /** Part of the limit that a sweep leaves, so that the next entry does not cause another. */
  cacheSweepShare: 0.9,
  /** Unfinished and unnamed files of the cache younger than this may belong to a writer, milliseconds. */
  cacheGraceMs: 3_600_000,
  /** An entry's use is noted at most so often, milliseconds. */
  cacheTouchMs: 600_000,
  /** How long a remote cache may take for an entry, milliseconds: longer costs more than the cache saves. */
  cacheRequestMs: 10_000,
  /** Pages of 1,000 names that a listing of a bucket reads at most. */
  cachePagesMax: 20,
  /** How long a remote cache may take for a blob, milliseconds. */
  cacheTransferMs: 600_000,
  /** Failures in a row after which a remote cache is left alone for the rest of the process. */
  cacheFailuresMax: 3,
} as const
