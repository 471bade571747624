/** The bounds of checks of a release. Each with its unit and reason, as in `limits.ts`. */
export const verificationLimits = {
  /** Checks of one environment; they are made one after the other. */
  checksMax: 50,
  /** Attempts of one check beyond the first. */
  checkRetriesMax: 100,
  /** Requests to each release of one comparison of response times: a quantile of more is no sharper for anybody. */
  comparedRequestsMax: 5_000,
  /** Largest body of an answer that a check looks at, bytes. */
  checkBodyBytesMax: 1_048_576,
  /** What is kept of the output of a check's command, bytes; its last lines are shown. */
  checkOutputBytesMax: 65_536,
  /** Characters of what a check found: at each of many instances it may find something. */
  checkDetailMax: 1_000,
  /** How long one of the requests of a comparison may take, milliseconds; longer counts as slower than all. */
  comparedRequestMs: 5_000,
  /** Time between SIGTERM and SIGKILL for the command of a check, milliseconds. */
  checkGraceMs: 1_000,
} as const
