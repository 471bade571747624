/** Bounds of what is kept ready for jobs whose turn has not come. Each with its unit and reason, as in `limits.ts`. */
export const foreseeingLimits = {
  /** Folders of jobs that are over and wait for the next ones; more jobs than that seldom run at once. */
  spareFoldersMax: 16,
  /** Jobs of a run that are taken out of the cache in the transaction that starts it; those after them as others are. Some 10 MB of rows at most, and a second of looking. */
  foreseenJobsMax: 2_000,
  /** Jobs that were looked for in the cache before their turn and not found, and wait for it with what was found out; forgotten, it is found out again. */
  missesKeptMax: 256,
} as const
