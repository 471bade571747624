/** Checks of a release beside its traffic: before it has any, and of the environment after. */

/** What a check found. `broken`: it could not look, which is never a pass. */
export type CheckOutcome = 'passed' | 'failed' | 'broken'

/** One check's result, for people. `evidence`: what was seen (status, first bytes, last lines), masked and bounded. */
export type CheckResult = {
  readonly name: string
  readonly outcome: CheckOutcome
  readonly detail: string
  readonly durationMs: number
  readonly evidence: readonly string[]
}

/** Where the checks look: at the instances of one release directly, or at the environment as its users reach it. */
export type VerificationScope = 'candidate' | 'environment'

/** All results in the order of the config. Passed only if there is at least one and every one passed. */
export type VerificationReport = { readonly scope: VerificationScope; readonly results: readonly CheckResult[] }

/** What a text must be; every one of a list must hold. `matches`: an ECMAScript regular expression, with the flag `u`. */
export type TextExpectation = { readonly kind: 'equals' | 'contains' | 'matches'; readonly text: string }

/** What the values at a path of a JSON document must be: one of them at least, and each as the test says. */
export type JsonExpectation = {
  /** See `json-path.ts`. */
  readonly path: string
  readonly test:
    | { readonly kind: 'equals'; readonly value: string | number | boolean | null }
    | { readonly kind: 'exists' }
    | { readonly kind: 'text'; readonly all: readonly TextExpectation[] }
}

/** What an HTTP answer must be. Redirects are answers; they are not followed. */
export type HttpExpectation = {
  /** Inclusive. */
  readonly status: readonly { readonly from: number; readonly to: number }[]
  /** Until the last byte; null for no limit but the check's own. */
  readonly withinMs: number | null
  /** By name in lower case; an absent header is no match. */
  readonly headers: Readonly<Record<string, readonly TextExpectation[]>>
  readonly body: readonly TextExpectation[]
  readonly json: readonly JsonExpectation[]
}

/** An HTTP answer as a check sees it. */
export type HttpAnswer = {
  readonly status: number
  /** By name in lower case; several of a name are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** Null when it is too large to look at. */
  readonly body: string | null
  readonly durationMs: number
}

/** A request that a check sends. `origin`: where to, instead of the address that is verified; null for that address. */
export type CheckRequest = {
  readonly origin: string | null
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

type Common = {
  readonly name: string
  readonly scopes: readonly VerificationScope[]
  /** Of one attempt. */
  readonly timeoutMs: number
}

type Retried = {
  /** Attempts beyond the first. */
  readonly retries: number
  readonly retryDelayMs: number
}

/** One request and what must come of it. */
export type HttpCheck = Common &
  Retried & { readonly kind: 'http'; readonly request: CheckRequest; readonly expect: HttpExpectation }

/** A shell command that must exit with 0; it runs in the artifact that instances start in. */
export type CommandCheck = Common & Retried & { readonly kind: 'command'; readonly command: string }

/** The certificate that a host shows. */
export type TlsCheck = Common &
  Retried & {
    readonly kind: 'tls'
    readonly host: string
    readonly port: number
    /** The name that it must be valid for. */
    readonly serverName: string
    readonly daysLeftMin: number
    /** PEM of what is trusted instead of the system's authorities; null for those. */
    readonly authority: string | null
  }

/** The dependencies that a readiness path lists. */
export type DependenciesCheck = Common &
  Retried & {
    readonly kind: 'dependencies'
    readonly request: CheckRequest
    /** Where the list is; null for the usual places. */
    readonly list: string | null
    /** What a dependency that is up says, in lower case. */
    readonly up: readonly string[]
    /** Those that must be in the list. */
    readonly required: readonly string[]
    /** Those that may be down. */
    readonly optional: readonly string[]
  }

/** How fast a release answers, against the one before it; see `compare.ts`. */
export type ResponseTimeCheck = Common & {
  readonly kind: 'responseTime'
  readonly request: CheckRequest
  readonly status: HttpExpectation['status']
  /** Pairs of requests that are compared. */
  readonly requests: number
  readonly tolerance: number
  /** Differences below it are none. */
  readonly ignoreBelowMs: number
  readonly alpha: number
}

/** One check of an environment, as its release carries it. */
export type Check = HttpCheck | CommandCheck | TlsCheck | DependenciesCheck | ResponseTimeCheck
