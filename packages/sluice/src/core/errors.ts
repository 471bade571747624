/**
 * The closed table of errors. Each has a code, what may be done about it, and a sentence; `docs/errors.md` has a heading for each, and a
 * test provokes each. Rows are appended, never renumbered: `sluice explain SLU-1001` must mean the same next year.
 */

/** Whether doing the same thing again can help: never; at once with the same key; or later, when the world has changed. */
export type Retry = 'never' | 'same' | 'later'

type Row = {
  readonly number: number
  readonly retry: Retry
  readonly exit: number
  readonly status: number
  readonly means: string
}

/** Every error Sluice reports. `exit` is the CLI's exit code, `status` the HTTP status. */
export const errorTable = {
  unexpected: { number: 1000, retry: 'never', exit: 1, status: 500, means: 'Sluice met something it did not foresee.' },
  usage_invalid: {
    number: 1001,
    retry: 'never',
    exit: 2,
    status: 400,
    means: 'The words of the command or request are off.',
  },
  config_invalid: {
    number: 1002,
    retry: 'never',
    exit: 2,
    status: 422,
    means: 'The config, or a pipeline of another system, says what cannot be honoured.',
  },
  config_missing: { number: 1003, retry: 'never', exit: 2, status: 422, means: 'There is no sluice.config.ts here.' },
  needs_cycle: { number: 1004, retry: 'never', exit: 2, status: 422, means: 'Jobs need each other in a circle.' },
  tool_missing: {
    number: 1005,
    retry: 'later',
    exit: 2,
    status: 422,
    means: 'A program that Sluice calls is not installed.',
  },
  not_found: { number: 1006, retry: 'never', exit: 2, status: 404, means: 'There is nothing by that name.' },
  node_too_old: { number: 1007, retry: 'never', exit: 2, status: 500, means: 'This Node cannot run Sluice.' },
  command_conflict: {
    number: 1008,
    retry: 'never',
    exit: 5,
    status: 409,
    means: 'That command does not apply to the state the thing is in.',
  },
  self_approval: {
    number: 1009,
    retry: 'never',
    exit: 5,
    status: 409,
    means: 'Nobody says yes to what they wrote, built or asked for themselves.',
  },
  token_missing: { number: 1101, retry: 'never', exit: 4, status: 401, means: 'The request carries no token.' },
  token_stale: {
    number: 1102,
    retry: 'never',
    exit: 4,
    status: 401,
    means: 'The token is not (or no longer) valid here.',
  },
  server_unreachable: {
    number: 1103,
    retry: 'later',
    exit: 7,
    status: 503,
    means: 'No control plane answers at that address.',
  },
  server_running: {
    number: 1104,
    retry: 'never',
    exit: 5,
    status: 409,
    means: 'Another control plane already holds this state directory.',
  },
  wait_timeout: {
    number: 1105,
    retry: 'later',
    exit: 6,
    status: 504,
    means: 'Waiting took too long; the work goes on.',
  },
  admission_refused: {
    number: 1201,
    retry: 'later',
    exit: 5,
    status: 409,
    means: 'The release may not enter the environment now.',
  },
  run_failed: { number: 1301, retry: 'never', exit: 3, status: 200, means: 'A job of the run failed.' },
  job_timeout: { number: 1302, retry: 'never', exit: 3, status: 200, means: 'A job took longer than its timeout.' },
  rolled_back: { number: 1303, retry: 'never', exit: 3, status: 200, means: 'The rollout was taken back.' },
  verification_failed: {
    number: 1304,
    retry: 'never',
    exit: 3,
    status: 200,
    means: 'A check of the release or the environment did not pass.',
  },
  artifact_mismatch: {
    number: 1401,
    retry: 'never',
    exit: 3,
    status: 422,
    means: 'An artifact is not what its digest says.',
  },
  artifact_missing: { number: 1402, retry: 'never', exit: 3, status: 404, means: 'An artifact is not in the store.' },
  cache_refused: {
    number: 1431,
    retry: 'never',
    exit: 4,
    status: 403,
    means: 'That part of the cache may not be written from here.',
  },
  start_failed: { number: 1501, retry: 'never', exit: 3, status: 502, means: 'The start command ended at once.' },
  health_failed: { number: 1502, retry: 'never', exit: 3, status: 502, means: 'The instances never became healthy.' },
  port_in_use: { number: 1503, retry: 'later', exit: 3, status: 409, means: 'Something else listens on that port.' },
  hook_failed: { number: 1521, retry: 'never', exit: 3, status: 502, means: 'A hook said no.' },
  hook_unreachable: { number: 1522, retry: 'later', exit: 3, status: 502, means: 'A hook gave no answer.' },
  fence_stale: {
    number: 1601,
    retry: 'never',
    exit: 1,
    status: 409,
    means: 'A newer intent has been seen; this one came too late.',
  },
  retire_refused: {
    number: 1602,
    retry: 'later',
    exit: 1,
    status: 409,
    means: 'The release still has traffic, so its instances stay.',
  },
  gateway_tripped: {
    number: 1603,
    retry: 'never',
    exit: 3,
    status: 409,
    means: 'The tripwire cut this rollout; it gets no more traffic.',
  },
  gateway_unreachable: {
    number: 1604,
    retry: 'later',
    exit: 7,
    status: 503,
    means: 'The gateway does not answer on its socket.',
  },
  route_unconfirmed: {
    number: 1605,
    retry: 'later',
    exit: 3,
    status: 502,
    means: 'The data plane does not show the route it was given.',
  },
  outcome_unknown: {
    number: 1606,
    retry: 'same',
    exit: 1,
    status: 504,
    means: 'It is not known whether the effect happened.',
  },
  gateway_running: {
    number: 1608,
    retry: 'never',
    exit: 5,
    status: 409,
    means: 'Another gateway already serves from this state directory.',
  },
  store_fenced: {
    number: 1701,
    retry: 'never',
    exit: 1,
    status: 409,
    means: 'Another writer has taken over; this one stops.',
  },
  store_full: {
    number: 1702,
    retry: 'later',
    exit: 1,
    status: 507,
    means: 'The disk is full: no new work, rollback still goes.',
  },
  store_failed: {
    number: 1703,
    retry: 'never',
    exit: 1,
    status: 500,
    means: 'The store could not write, and it is unknown whether it did.',
  },
  store_corrupt: { number: 1704, retry: 'never', exit: 1, status: 500, means: 'The state on disk is damaged.' },
  store_newer: {
    number: 1705,
    retry: 'never',
    exit: 1,
    status: 500,
    means: 'The state was written by a newer Sluice.',
  },
  ledger_broken: { number: 1706, retry: 'never', exit: 3, status: 409, means: 'The ledger does not verify.' },
  metric_absent: {
    number: 1921,
    retry: 'later',
    exit: 3,
    status: 502,
    means: 'The metric source has no number for a metric.',
  },
  metric_source_failed: {
    number: 1922,
    retry: 'later',
    exit: 3,
    status: 502,
    means: 'The metric source does not answer, or not with numbers.',
  },
  external_judge_failed: {
    number: 1923,
    retry: 'later',
    exit: 3,
    status: 502,
    means: 'The external judge does not answer, or not with a verdict.',
  },
  work_parked: {
    number: 1801,
    retry: 'never',
    exit: 3,
    status: 409,
    means: 'The work was set aside after it failed again and again.',
  },
  overloaded: { number: 1802, retry: 'later', exit: 1, status: 429, means: 'Too much is asked at once.' },
  host_refused: {
    number: 1106,
    retry: 'never',
    exit: 4,
    status: 421,
    means: 'The request names a host that this control plane does not answer for.',
  },
  forbidden: { number: 1111, retry: 'never', exit: 4, status: 403, means: 'Whoever asks may not do that there.' },
  sign_in_failed: { number: 1112, retry: 'never', exit: 4, status: 401, means: 'Signing in did not succeed.' },
  origin_refused: {
    number: 1113,
    retry: 'never',
    exit: 4,
    status: 403,
    means: 'Another web page has sent a request in the name of somebody who is signed in here.',
  },
  hook_refused: {
    number: 1115,
    retry: 'never',
    exit: 4,
    status: 401,
    means: 'A webhook is not signed by whom the config names.',
  },
  remote_unreachable: {
    number: 1541,
    retry: 'later',
    exit: 3,
    status: 502,
    means: 'The repository that commits come from cannot be asked.',
  },
  evidence_unreadable: {
    number: 1901,
    retry: 'never',
    exit: 3,
    status: 422,
    means: 'A report of tests, coverage or findings cannot be read.',
  },
} as const

// Each row has every field; said apart from the table, because `isolatedDeclarations` cannot see through `satisfies`.
errorTable satisfies Readonly<Record<string, Row>>

/** The name of a row of the table. */
export type ErrorCode = keyof typeof errorTable

/** The code as people see and search it. */
export const publicCode = (code: ErrorCode): string => `SLU-${errorTable[code].number}`

/** What an error says beyond its code. */
export type ErrorParts = {
  /** What happened, where, with which values. Never a secret. */
  readonly detail: string
  /** One thing to do next. */
  readonly hint?: string
  /** Last lines of the failing thing's log, or the lines of the config. */
  readonly evidence?: readonly string[]
  readonly cause?: unknown
  /** Overrides the table's advice where the caller knows better. */
  readonly retry?: Retry
}

/** A failure of the world or of the input. Ports throw only this; adapters convert foreign errors at their edge. */
export class SluiceError extends Error {
  readonly code: ErrorCode
  readonly retry: Retry
  readonly detail: string
  readonly hint: string | null
  readonly evidence: readonly string[]

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(parts.detail, parts.cause === undefined ? undefined : { cause: parts.cause })
    this.name = 'SluiceError'
    this.code = code
    this.detail = parts.detail
    this.retry = parts.retry ?? errorTable[code].retry
    this.hint = parts.hint ?? null
    this.evidence = parts.evidence ?? []
  }
}
