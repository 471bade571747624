/** Bounds of reports, of the files that they name, and of what gates say of them. Each with its unit and reason, as in `limits.ts`. */
export const evidenceLimits = {
  /** Largest report that is read (tests, coverage, findings), bytes; the largest of real monorepos are some 30 MB. */
  reportBytesMax: 67_108_864,
  /** Reports of one job. */
  reportsMax: 1_000,
  /** Tests, files, findings or packages of one report. */
  reportEntriesMax: 500_000,
  /** Elements, subtests and suites inside each other in a report. */
  reportDepthMax: 100,
  /** Characters kept of a failure's message, and of its detail. */
  reportTextMax: 8_000,
  /** Characters kept of a name, path or value in a report. */
  reportNameMax: 1_000,
  /** Reasons kept why a report does not tell the whole; the first ones say it. */
  reportGapsMax: 20,
  /** Largest file that a report names for people to look at, bytes; videos and traces of a long test are some 100 MB. */
  attachmentBytesMax: 268_435_456,
  /** The same for all of one job together, bytes. */
  jobAttachmentBytesMax: 1_073_741_824,
  /** Files of one job that are kept to be looked at. */
  attachmentsMax: 1_000,
  /** Most runs whose evidence a config may have kept; some megabytes each. */
  evidenceRunsMax: 100_000,
  /** Most commits whose numbers a config may have kept; some 100 kB each. */
  baselinesMax: 100_000,
  /** Between two sweeps of the evidence, milliseconds. */
  evidenceSweepMs: 3_600_000,
  /** Evidence younger than this stays, milliseconds: its row may not be written yet, and clocks may be set. */
  evidenceGraceMs: 86_400_000,
  /** Things listed with a gate's verdict; the rest is counted, so that a verdict fits a row of the ledger. */
  gateDetailsMax: 50,
  /** Commits before the base commit among which numbers to compare with are looked for. */
  baseCommitsMax: 50,
  /** Last runs that insights look at; older ones say nothing about the code of today, and slopes are quadratic. */
  insightRunsMax: 100,
  /** Characters of one thing listed with a verdict. */
  gateTextMax: 300,
} as const
