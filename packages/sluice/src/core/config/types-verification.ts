/** What a person writes under `verify` of an environment; see `types.ts`. */
import type { Duration } from './types.ts'

/** A check of a release beside its traffic. */
export type CheckConfig =
  | HttpCheckConfig
  | CommandCheckConfig
  | TlsCheckConfig
  | DependenciesCheckConfig
  | ResponseTimeCheckConfig

/** Where a check looks: at the new instances directly, at the environment through its address, or at both. */
export type CheckScopeConfig = 'candidate' | 'environment' | 'both'

type NamedConfig = {
  /** What the check is called. */
  readonly name: string
}

type TimedConfig = {
  /** How long one attempt may take; an attempt that takes longer is no pass. */
  readonly timeout?: Duration
}

type RetriedConfig = TimedConfig & {
  /** How many more attempts a check has after the first. */
  readonly retries?: number
  /** Pause before each further attempt. */
  readonly retryDelay?: Duration
}

type ScopedConfig = {
  /** Where the check looks: at the new instances before they have traffic, at the environment through its address after, or both. */
  readonly scope?: CheckScopeConfig
}

type RequestConfig = {
  /** What is asked for: a path, with a query if need be. */
  readonly path: string
  /** Names and values of the request's headers. */
  readonly headers?: Readonly<Record<string, string>>
}

type OriginConfig = {
  /** Where to ask instead of the environment's own address, for what stands before it. */
  readonly origin?: string
}

/** One request, and what must come of it. */
export type HttpCheckConfig = NamedConfig &
  RetriedConfig &
  ScopedConfig &
  RequestConfig &
  OriginConfig & {
    readonly kind: 'http'
    /** Method of the request. */
    readonly method?: string
    /** What is sent: a text, or a value that is sent as JSON. */
    readonly body?: string | Readonly<Record<string, unknown>> | readonly unknown[]
    /** What the answer must be. */
    readonly expect?: HttpExpectConfig
  }

/** What an answer must be. */
export type HttpExpectConfig = {
  /** The status: a number, a class, or several of them. */
  readonly status?: StatusConfig | readonly StatusConfig[]
  /** How long the answer may take, until its last byte. */
  readonly within?: Duration
  /** What headers must say; a text must be the whole value. */
  readonly headers?: Readonly<Record<string, string | TextExpectConfig>>
  /** What the body must be; everything given must hold. */
  readonly body?: TextExpectConfig
  /** What a JSON body must hold: values, or what must be so of them, by their paths. */
  readonly json?: Readonly<Record<string, string | number | boolean | null | TextExpectConfig | ExistsConfig>>
}

/** Anything at all. */
export type ExistsConfig = {
  /** That there is a value, whatever it is. */
  readonly exists: true
}

/** A status, or a class of them. */
export type StatusConfig = number | `${1 | 2 | 3 | 4 | 5}xx`

/** What a text must be; everything given must hold. */
export type TextExpectConfig = {
  /** The whole text. */
  readonly equals?: string
  /** A part of the text. */
  readonly contains?: string
  /** A regular expression that matches somewhere in the text. */
  readonly matches?: string
}

/** A shell command that must exit with 0. */
export type CommandCheckConfig = NamedConfig &
  RetriedConfig &
  ScopedConfig & {
    readonly kind: 'command'
    /** Shell command; it runs in the artifact that instances start in, with what they get as environment variables and the address in `SLUICE_URL`. */
    readonly command: string
  }

/** The certificate that a host shows. */
export type TlsCheckConfig = NamedConfig &
  RetriedConfig & {
    readonly kind: 'tls'
    /** Host to connect to. */
    readonly host: string
    /** Port to connect to. */
    readonly port?: number
    /** Name that the certificate must be valid for, where it is not the host. */
    readonly serverName?: string
    /** How many days the certificate must still be valid. */
    readonly daysLeft?: number
    /** Certificates in PEM that are trusted instead of the system's authorities. */
    readonly authority?: string
  }

/** The dependencies that a readiness path lists. */
export type DependenciesCheckConfig = NamedConfig &
  RetriedConfig &
  ScopedConfig &
  RequestConfig &
  OriginConfig & {
    readonly kind: 'dependencies'
    /** Path to the list in the answer, where it is not `dependencies`, `components`, `checks` or `details`. */
    readonly list?: string
    /** What a dependency that is up says. */
    readonly up?: readonly string[]
    /** Names that must be in the list. */
    readonly required?: readonly string[]
    /** Names that may be down. */
    readonly optional?: readonly string[]
  }

/** How fast the new instances answer, against those of the release before. */
export type ResponseTimeCheckConfig = NamedConfig &
  RequestConfig &
  TimedConfig & {
    readonly kind: 'responseTime'
    /** Statuses of a good answer; any other counts as slower than all. */
    readonly status?: StatusConfig | readonly StatusConfig[]
    /** How many requests each of the two releases gets; it ends earlier when the new one is shown to be slower. */
    readonly requests?: number
    /** How many times as long as the release before the new one may take. */
    readonly tolerance?: number
    /** Differences below this are none. */
    readonly ignoreBelow?: Duration
    /** Highest probability that a release no slower than tolerated is refused. */
    readonly alpha?: number
  }
