/** Bounds of what tells of commits: webhooks, polling, fetches. Each with its unit and reason, as in `limits.ts`. */
export const sourceLimits = {
  /** Largest webhook, bytes. GitHub sends up to 25 MB, but only for what nobody here reads: pushes of thousands of commits are cut by it to 2,048. */
  hookBodyBytesMax: 1_048_576,
  /** How long what a webhook is checked with (config and secrets) counts before it is read again, milliseconds. */
  hookKeysMs: 30_000,
  /** How far the clock of who signs a webhook may be from ours, milliseconds; what Standard Webhooks says. */
  hookSkewMs: 300_000,
  /** How often a remote is asked unless told otherwise, and at the most, milliseconds. */
  pollMs: 60_000,
  pollMsMin: 5_000,
  /** The longest pause between two looks at a remote that does not answer, milliseconds. */
  pollBackoffMsMax: 900_000,
  /** Branches and tags of a remote that are looked at; of one that has more, none. */
  remoteRefsMax: 10_000,
  /** Pipelines of other systems that one push may start. */
  sourcePipelinesMax: 20,
  /** How long fetching from a remote and asking it may take, milliseconds. */
  fetchDeadlineMs: 300_000,
  listRefsDeadlineMs: 60_000,
  /** How often a commit is fetched before its arrival is given up, and the pauses between, milliseconds: some ten minutes in all. */
  fetchAttemptsMax: 10,
  fetchDelayMsMin: 1_000,
  fetchDelayMsMax: 300_000,
  /** How long what was fetched of a pull request, or of a branch or tag that is gone, is kept after it was last told of, milliseconds: a month, so that its runs can be run again meanwhile. */
  fetchedKeepMs: 2_592_000_000,
  /**
   * How long an arrival can be looked at and redelivered after it was over, milliseconds: a month, as long as what it fetched, and ten times as long as GitHub offers a delivery again (three days). It is forgotten within a
   * day after that, in portions of so many.
   */
  arrivalsKeepMs: 2_592_000_000,
  arrivalsPortion: 1_000,
  /** Refs that are let go of in one look; the rest goes the next day. */
  fetchedDroppedMax: 1_000,
  /** Characters of the name of a ref, and of the title of what arrived. */
  refCharactersMax: 500,
  titleCharactersMax: 200,
  /** Pushes of the spool that are taken up in one turn. */
  spooledMax: 1_000,
  /** Branches and tags that one push may tell of; more is no push of a person. */
  refsOfPushMax: 100,
} as const
