/** What the routes of people, tokens and sessions take and give, as types. Part of `contract.ts`. */
import type { Role } from '../../core/identity/permissions.ts'
import type { DoneView, None, PageInput, ReasonInput } from './contract.ts'
import type {
  PersonView,
  SessionStartedView,
  SessionView,
  SignInWaysView,
  TicketView,
  TokenIssuedView,
  TokenView,
  WhoView,
} from './identity-views.ts'
import type { PeopleInput, TokensInput } from './list-filters.ts'
import type { PageView } from './views.ts'

/** A role, where it counts, and of which service. */
export type GrantInput = {
  readonly role: Role
  readonly environments?: readonly string[] | null | undefined
  readonly service?: string | null | undefined
}

/** What a token is made with. */
export type TokenInput = {
  readonly label: string
  /** `personal` (the default): counts as who makes it. `service`: a program's own. */
  readonly kind?: 'personal' | 'service' | undefined
  readonly scope?: readonly GrantInput[] | null | undefined
  readonly expiresInMs?: number | null | undefined
}

/** Query, body and response of the routes of people, tokens and sessions. */
export type IdentityContract = {
  'session.show': { query: None; body: None; response: WhoView }
  'session.start': {
    query: None
    body: { readonly name: string; readonly password: string }
    response: SessionStartedView
  }
  'session.ways': { query: None; body: None; response: SignInWaysView }
  'session.ticket': { query: None; body: None; response: TicketView }
  'session.redeem': {
    query: None
    body: { readonly code: string; readonly verifier: string }
    response: SessionStartedView
  }
  'session.end': { query: None; body: None; response: DoneView }
  'sessions.list': { query: PageInput; body: None; response: PageView<SessionView> }
  'sessions.end': { query: None; body: ReasonInput; response: DoneView }
  'tokens.list': { query: TokensInput; body: None; response: PageView<TokenView> }
  'tokens.create': { query: None; body: TokenInput; response: TokenIssuedView }
  'tokens.exchange': { query: None; body: { readonly token: string }; response: TokenIssuedView }
  'tokens.revoke': { query: None; body: ReasonInput; response: DoneView }
  'people.list': { query: PeopleInput; body: None; response: PageView<PersonView> }
  'people.add': {
    query: None
    body: ReasonInput & {
      readonly name: string
      readonly password?: string | null | undefined
      /** A role to begin with. */
      readonly grant?: Omit<GrantInput, 'service'> | null | undefined
    }
    response: PersonView
  }
  'people.remove': { query: None; body: ReasonInput; response: DoneView }
  'people.grant': {
    query: None
    body: ReasonInput & { readonly environments?: readonly string[] | null | undefined }
    response: PersonView
  }
  'people.revoke': { query: None; body: ReasonInput; response: PersonView }
  'people.password': {
    query: None
    body: { readonly password: string; readonly current?: string | null | undefined }
    response: DoneView
  }
}
