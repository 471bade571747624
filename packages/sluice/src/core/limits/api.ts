/** The bounds of the HTTP API. Each with its unit and reason, as in `limits.ts`. */
export const apiLimits = {
  /** Largest body of an API request, bytes; the largest real one is a list of job names. */
  requestBodyBytesMax: 262_144,
  /** Event streams open at the same time; each costs a socket and a listener. */
  eventStreamsMax: 600,
  /** Newest rows held in memory while event streams are open; who is further behind is read to from the store. */
  eventRowsHeldMax: 500,
  /** Rows that an event stream of a view may be behind; beyond that it is told what is there now, not each step to it. */
  eventGapRowsMax: 1_000,
  /** How long an answer about everything may be given again, milliseconds: what is observed moves without a row of the ledger. */
  overviewFreshMs: 100,
  /** A comment on an idle event stream, milliseconds: proxies cut silent connections after 30 to 60 s. */
  eventHeartbeatMs: 15_000,
  /** How long a client may take to send the head of a request, and its body unless it goes to the shared cache, milliseconds. */
  requestHeadTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  /** Requests from one address: at once, and a second after that. Far above what people and their dashboards ask; a loop that has gone wild is above it. */
  requestsBurst: 20_000,
  requestsPerSecond: 10_000,
  /** Commands from one address, likewise: each is a transaction. */
  commandsBurst: 2_000,
  commandsPerSecond: 200,
  /** Requests with a wrong token from one address, likewise: nobody guesses 256 bits, but everybody may try to keep the server busy. */
  wrongTokensBurst: 50,
  wrongTokensPerSecond: 1,
  /** Addresses that are counted at the same time. */
  rateNamesMax: 10_000,
  /** Connections to the API at the same time. */
  apiConnectionsMax: 2_000,
  /** Lines of one page of a job's log. */
  logLinesMax: 5_000,
  /** Characters of one page of a job's log, so that 5,000 long lines are more than one page. */
  logPageBytesMax: 4_194_304,
  /** Rows that a fold for one answer reads at most: a rollout that measures once a second for a day has some 200,000. */
  storyRowsMax: 250_000,
} as const
