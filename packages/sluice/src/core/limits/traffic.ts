/** The bounds of what carries traffic. Each with its unit and reason, as in `limits.ts`. */
export const trafficLimits = {
  /** Longest line of the gateway's control socket, bytes: a route of 1,000 instances is some 100 kB. */
  controlLineBytesMax: 1_048_576,
  /** Largest request head the gateway reads, bytes; nginx and HAProxy stand at 8–32 kB. */
  headBytesMax: 32_768,
  /** Longest page shown during maintenance, characters: it is kept in the ledger, and sent over the control socket. */
  maintenancePageCharactersMax: 262_144,
  /** Longest time that requests wait because somebody said so, ms: clients and the proxies before them give up after some 30 to 60 s. */
  maintenanceHoldMsMax: 60_000,
  /** Requests held while a route is paused; beyond that the answer is 503, so that memory stays bounded. */
  pauseQueueMax: 10_000,
  /** Longest pause between two attempts to connect to the gateway, milliseconds: a restarted one is found again this late at most. */
  reconnectDelayMsMax: 50,
  /** How long reading what a route does may find no gateway's socket, milliseconds; one that is started again has it within some 200. */
  gatewayAbsentMs: 1_000,
  /** What a call may take beyond the time that its work is given, milliseconds. */
  callMarginMs: 5_000,
  /** Requests that warm up one instance: more is a load test. */
  warmupRequestsMax: 1_000,
  /** A shift is one fsynced write and a read-back; longer means that nobody knows. */
  shiftDeadlineMs: 10_000,
} as const
