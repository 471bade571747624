/** What a person writes about an environment's traffic. The first sentence of each docstring is the prose of the schema; see `types.ts`. */
import type { Duration } from './types.ts'

/** How a client is kept on one side of a traffic split. */
export type StickyConfig =
  | 'none'
  /** Name of the cookie that the gateway issues. */
  | { readonly cookie: string }
  /** Name of the request header that identifies a client. */
  | { readonly header: string }
  | UserStickyConfig

/** By user: the same user is on the same side on every device. */
export type UserStickyConfig = {
  /** Where the id of a user is found; the same user is on the same side on every device. */
  readonly user:
    | {
        /** Name of the cookie that holds the user id. */
        readonly cookie: string
      }
    | {
        /** Name of the request header that holds the user id. */
        readonly header: string
      }
  /** Name of the cookie that the gateway issues to clients without a user id. */
  readonly cookie?: string
}

/** Traffic besides the split. */
export type RoutingConfig = {
  /** How testers choose a side for themselves; their requests are not judged. */
  readonly force?: ForceConfig
  /** Requests that go to one side whatever the split says, not judged; the first rule that holds decides. */
  readonly rules?: readonly RuleConfig[]
  /** Clients stay with the release that they started on while it is up; needs `sticky` by cookie or user. */
  readonly skew?: SkewConfig
  /** Beginnings of paths of files that the other release is asked for before a 404 is answered. */
  readonly assets?: readonly string[]
  /** Requests that pass through maintenance: one match, or a list of which all must hold. */
  readonly bypass?: MatchConfig | readonly MatchConfig[]
}

/** How testers choose a side. */
export type ForceConfig = {
  /** Header whose value names the side: stable, candidate or holdback. */
  readonly header?: string
  /** Cookie whose value names the side: stable, candidate or holdback. */
  readonly cookie?: string
}

/** Some requests go to one side. */
export type RuleConfig = {
  /** The side that these requests go to, while there is one and no tripwire has cut it. */
  readonly arm: 'stable' | 'candidate' | 'holdback'
  /** What must hold of a request: one match, or a list of which all must hold. */
  readonly when: MatchConfig | readonly MatchConfig[]
}

/** What a rule looks at. */
export type MatchConfig = ValueConfig &
  (
    | {
        /** Name of a request header. */
        readonly header: string
      }
    | {
        /** Name of a cookie. */
        readonly cookie: string
      }
  )

/** What a value must be. */
export type ValueConfig = {
  /** What its value must be; any value, when absent. */
  readonly equals?: string
  /** What its value must begin with. */
  readonly startsWith?: string
}

/** How long clients stay with their release. */
export type SkewConfig = {
  /** How long a client stays with the release that it started on, at most. */
  readonly maxAge?: Duration
  /** Name of the cookie that says which release a client started on. */
  readonly cookie?: string
}

/** When what lasts leaves an instance that drains. */
export type DrainConfig = {
  /** A WebSocket without a message, or an event stream without an event, for this long is closed. */
  readonly idle?: Duration
  /** Any of them is closed after this long; no less than this is waited for them. */
  readonly maxAge?: Duration
}
