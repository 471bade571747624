/** A notice before the releases that it speaks of are known: what a row of the ledger, and the states around it, say. */
import type { DrillState } from '../drill/types.ts'
import type { EnvironmentEvent } from '../environment.ts'
import type { IncidentState } from '../incident.ts'
import type { LedgerRow } from '../ledger/entry.ts'
import type { LineEvent } from '../line.ts'
import type { Actor, Commit, ReleaseId } from '../model.ts'
import type { RunState } from '../pipeline/types.ts'
import type { ReleaseEvent } from '../release-machine.ts'
import type { RolloutState } from '../rollout/types.ts'
import type { TrainState } from '../train/types.ts'
import type { MessageState } from './message.ts'
import type { Notice, NoticeKind, NoticeSeverity, NoticeSubject } from './types.ts'

type Around<Kind extends string, State> = {
  readonly kind: Kind
  readonly row: LedgerRow
  readonly before: State
  readonly after: State
}

type Said<Kind extends string, Event> = { readonly kind: Kind; readonly row: LedgerRow; readonly event: Event }

/** A row, with the states around it where its event alone does not say what it means. */
export type Moment =
  | Around<'run', RunState>
  | Around<'rollout', RolloutState>
  | Around<'incident', IncidentState>
  | Around<'drill', DrillState>
  | Around<'train', TrainState>
  | Around<'message', MessageState>
  | Said<'environment', EnvironmentEvent>
  | Said<'release', ReleaseEvent>
  | Said<'line', LineEvent>

/** A moment of one kind. */
export type MomentOf<Kind extends Moment['kind']> = Extract<Moment, { kind: Kind }>

/** What a release is called in a sentence: its version, or the beginning of its id. */
export type Say = (release: ReleaseId | null) => string

/** See the file's header. */
export type Draft = {
  readonly kind: NoticeKind
  readonly subject: NoticeSubject
  readonly outcome: Notice['outcome']
  /** Null where the release, or else the config, says it. */
  readonly service: string | null
  readonly environment: string | null
  readonly title: (say: Say) => string
  readonly facts: (say: Say) => Notice['facts']
  readonly reason: string | null
  readonly actor: Actor
  readonly release: ReleaseId | null
  readonly stable: ReleaseId | null
  readonly commit: Commit | null
  /** Where the dashboard shows it, from its root. */
  readonly path: string
  /** Absent: that of its kind. */
  readonly severity?: NoticeSeverity
  /** It is one only if an environment that comes after this one (null: the first) asks for approvals of the release; that is the environment it is about. */
  readonly asksAfter?: string | null
}

/** What most drafts leave as it is. */
export const plainDraft: Pick<Draft, 'facts' | 'reason' | 'release' | 'stable' | 'commit' | 'environment' | 'service'> =
  {
    facts: () => [],
    reason: null,
    release: null,
    stable: null,
    commit: null,
    environment: null,
    service: null,
  }

/** A fact, or none where there is nothing to say. */
export const fact = (name: string, value: string | null): Notice['facts'] => (value === null ? [] : [{ name, value }])
