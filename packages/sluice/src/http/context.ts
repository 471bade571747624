/** What the API is made of, and what a handler is given. */
import type { Settings } from '../core/config/settings.ts'
import type { Principal } from '../core/identity/access.ts'
import type { AccessRules } from '../core/identity/rules.ts'
import type { Caller, Engine } from '../engine/engine.ts'
import type { ArtifactStore } from '../ports/artifacts.ts'
import type { Looking } from '../engine/keepers/source-keeper.ts'
import type { DeliveryRecorder } from '../engine/reading/delivery-recorder.ts'
import type { LedgerBook } from '../engine/reading/ledger-book.ts'
import type { Clock, Log } from '../ports/clock.ts'
import type { IdentityProvider } from '../ports/identity-provider.ts'
import type { HookVerifier } from '../ports/hook-verifier.ts'
import type { EvidenceStore } from '../ports/evidence.ts'
import type { Provenances } from '../ports/provenance.ts'
import type { JobRunner } from '../ports/runner.ts'
import type { SecretKeeper } from '../ports/secrets.ts'
import type { Source } from '../ports/source.ts'
import type { Sha256 } from '../core/model.ts'
import type { Contract, RouteInput } from './client/contract.ts'
import type { RouteId } from './client/paths.ts'
import type { EnvironmentsView } from './client/environment-views.ts'
import type { HookId } from './handlers/hooks.ts'
import type { HookKeys } from './hook-keys.ts'
import type { EventFeed } from './event-feed.ts'
import type { SharedAnswer } from './shared-answer.ts'
import type { SignInTickets } from './sign-in-tickets.ts'

/** The control plane as the API sees it. Built in `app.ts`. */
export type ApiContext = {
  readonly engine: Engine
  readonly clock: Clock
  readonly log: Log
  readonly sha256: Sha256
  /** What was delivered, up to now. */
  readonly deliveries: Pick<DeliveryRecorder, 'record'>
  /** Checkpoints and proofs of the ledger. */
  readonly book: Pick<LedgerBook, 'checkpoint' | 'inclusion' | 'consistency'>
  readonly artifacts: Pick<ArtifactStore, 'verify'>
  readonly provenances: Provenances
  readonly evidence: EvidenceStore
  readonly source: Pick<Source, 'bases' | 'commitsBetween'>
  readonly runner: Pick<JobRunner, 'logs' | 'searchLog' | 'logMarks'>
  /** Where secrets are written. */
  readonly secretKeeper: SecretKeeper
  /** Settings of the project's working tree; rejects as the config loader does. */
  readonly settings: (signal: AbortSignal) => Promise<Settings>
  /** Whoever vouches for people and jobs. */
  readonly provider: IdentityProvider
  /** What the config says about who may ask; the last that could be read, while it cannot be. */
  readonly access: () => Promise<AccessRules>
  /** What is handed between command lines and browsers. */
  readonly tickets: SignInTickets
  /** What webhooks are checked with. */
  readonly hookKeys: () => Promise<HookKeys>
  readonly hookVerifier: HookVerifier
  /** How looking at the remote goes. */
  readonly looking: () => Looking
  readonly server: {
    readonly version: string
    readonly pid: number
    readonly startedAt: number
    readonly projectDir: string
    readonly stateDir: string
  }
  /** Answers below `/v1/cache/`; the second is the API's token, null where there is no wire. */
  readonly cache: (request: Request, token: string | null) => Promise<Response>
  /** The newest rows, for every event stream. */
  readonly feed: EventFeed
  /** Every environment, for all who ask at the same time. */
  readonly overview: SharedAnswer<EnvironmentsView>
  /** Whether recovery is over. */
  readonly isStarted: () => boolean
  /** Falls when the server closes; open streams end. */
  readonly closing: AbortSignal
}

/** One call of a route, checked. */
export type Call<Id extends RouteId> = RouteInput<Id> & {
  readonly caller: Omit<Caller, 'reason'>
  /** Who asks. `caller` is what of it the engine is told. */
  readonly principal: Principal
  readonly signal: AbortSignal
}

/** Answers one route. */
export type Handler<Id extends RouteId> = (context: ApiContext, call: Call<Id>) => Promise<Contract[Id]['response']>

/** Routes that answer with a stream (made in `streams/`), and those that read what comes byte for byte (`handlers/hooks.ts`). */
export type StreamId = 'ledger.export' | 'events.stream' | 'runs.attachment' | 'metrics.show' | HookId

/** Handlers of some routes. */
export type Handlers<Id extends RouteId> = { readonly [One in Id]: Handler<One> }
