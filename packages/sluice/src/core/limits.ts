/** Every bound in Sluice, with its unit and reason. Nothing loops, queues, waits or buffers without one. */
export const limits = {
  /** Longest line of the gateway's control socket, bytes: a route of 1,000 instances is some 100 kB. */
  controlLineBytesMax: 1_048_576,
  /** Largest request head the gateway reads, bytes; nginx and HAProxy stand at 8–32 kB. */
  headBytesMax: 32_768,
  /** Requests held while a route is paused; beyond that the answer is 503, so that memory stays bounded. */
  pauseQueueMax: 10_000,
  /** Longest text of a ledger row's body, bytes. */
  ledgerBodyBytesMax: 262_144,
  /** Jobs of one pipeline; a bound for hostile input, far above any real one. */
  jobsMax: 10_000,
  /** Attempts of one step before a rollout gives it up (forward) and reverts. */
  stepAttemptsMax: 5,
  /** First and longest pause between attempts, milliseconds. */
  retryDelayMsMin: 200,
  retryDelayMsMax: 30_000,
  /** What a call may take beyond the time that its work is given, milliseconds. */
  callMarginMs: 5_000,
  /** A shift is one fsynced write and a read-back; longer means that nobody knows. */
  shiftDeadlineMs: 10_000,
  /** Reading counters; longer is a silent source. */
  measureDeadlineMs: 5_000,
  /** A wait is cut into at most this many portions; each late wake-up counts for at most two, so a clock jump cannot end a bake. */
  restPortionsMax: 20,
  restPortionMsMin: 250,
  restPortionMsMax: 60_000,
  /** Settled rollouts, verified releases and approvals that an environment remembers itself; older ones are in the ledger. */
  environmentHistoryMax: 50,
  /** Characters of an id that people read and type: `rel_` and 12 hex digits, 48 bits. */
  shortIdLength: 16,
  /** Claims of one piece of work without progress before it is parked. */
  claimsMax: 5,
} as const
