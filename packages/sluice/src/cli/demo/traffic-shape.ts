/** What the demo's load generator tells: plain numbers, so that nothing about them can be made up later. */

/** One response that was not good, or one request that got none. */
export type BadResponse = {
  /** Epoch ms at which the request was sent. */
  readonly sentAt: number
  readonly endedAt: number
  readonly path: string
  /** HTTP status; null when there was no answer. */
  readonly status: number | null
  readonly error: string | null
  /** The release that answered, as it names itself; null when nobody did. */
  readonly version: string | null
}

/** How often a release answered, and the last time a request that it answered was sent. */
export type VersionTally = {
  readonly version: string
  readonly responses: number
  readonly bad: number
  readonly lastSentAt: number
}

/** Everything seen since the start. */
export type TrafficReport = {
  readonly startedAt: number
  readonly requests: number
  readonly versions: readonly VersionTally[]
  readonly bad: readonly BadResponse[]
  readonly p50Ms: number
  readonly p99Ms: number
}

/** What the generator is started with. */
export type TrafficOptions = {
  readonly url: string
  /** Pages that visitors look at, in turn. */
  readonly paths: readonly string[]
  readonly requestsPerSecond: number
  /** Pages that one visitor looks at before the next one comes. */
  readonly pagesPerVisitor: number
}
