/** Bounds of the ledger and of what is folded from it. Each with its unit and reason, as in `limits.ts`. */
export const ledgerLimits = {
  /** Longest text of a ledger row's body, bytes: the plan of a run of 10 000 jobs is some 9 MB. */
  ledgerBodyBytesMax: 33_554_432,
  /** What a client calls itself, as it is kept with what it asked for, characters. */
  whereClientCharactersMax: 120,
  /** Rows that are looked at for those that are meant, in one answer; the answer says where to go on. */
  ledgerRowsLookedMax: 20_000,
  /** The youngest rows whose texts may be taken out (30 days) and the oldest that can be asked to be kept (100 years), when it is looked for such rows after a start and then each time, milliseconds; and rows that one transaction looks at. */
  retentionMsMin: 2_592_000_000,
  retentionMsMax: 3_153_600_000_000,
  retentionFirstLookMs: 3_600_000,
  retentionLookMs: 86_400_000,
  prunePortionRows: 5_000,
  /** Rows of the ledger that the record of deliveries looks over at once, and after how many it is kept again. */
  recordPortionRows: 10_000,
  recordKeptRows: 2_000,
  /** Commits that one delivery may have brought; of more the newest are counted. */
  deliveredCommitsMax: 2_000,
  /** Rows whose part of the Merkle tree is made in one transaction, where an older Sluice left none. */
  treePortionRows: 65_536,
  /** Rows of an aggregate after which its whole state is written again, at least; what is between is folded when it is read. */
  snapshotRowsMin: 64,
  /** Largest database that is checked page by page at start, bytes: some 50 ms. */
  quickCheckBytesMax: 33_554_432,
  /** How long a database that was checked page by page and closed cleanly is taken for sound, milliseconds: a run begins every few seconds where somebody works. */
  quickCheckEveryMs: 3_600_000,
  /** The period of the DORA metrics, milliseconds (a day to two years), and how long after a delivery an incident may be blamed on it (a minute to a week). */
  doraWindowMsMin: 86_400_000,
  doraWindowMsMax: 63_072_000_000,
  doraAttributionMsMin: 60_000,
  doraAttributionMsMax: 604_800_000,
  /** How long requests are counted for an objective, milliseconds, at least and at most (90 days): Prometheus keeps 15 days by default, few keep more than a quarter. */
  sloWindowMsMin: 60_000,
  sloWindowMsMax: 7_776_000_000,
} as const
