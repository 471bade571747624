/** Release trains as the API tells them. */
import type { Actor } from '../../core/model.ts'
import type { ReleaseRef } from './views.ts'

/** One release of a train, and where it stands. */
export type TrainMemberView = {
  readonly service: string
  readonly environment: string
  readonly release: ReleaseRef
  readonly status: 'waiting' | 'moving' | 'arrived' | 'failed' | 'stopping' | 'returning' | 'returned' | 'stranded'
  /** Its rollout, once that is known. */
  readonly rollout: string | null
  /** What is waited for, or what became of it. */
  readonly detail: string | null
}

/** A train: all of it arrives, or all of it comes back. */
export type TrainView = {
  readonly id: string
  readonly status: 'advancing' | 'returning' | 'parked' | 'succeeded' | 'rolled_back'
  readonly order: 'ordered' | 'parallel'
  readonly by: Actor
  readonly startedAt: number
  readonly settledAt: number | null
  /** Why it went back. */
  readonly cause: string | null
  readonly members: readonly TrainMemberView[]
  /** Ledger rows that tell the story, in order; absent where several trains are shown. */
  readonly story?:
    | readonly { readonly seq: number; readonly at: number; readonly who: string; readonly text: string }[]
    | undefined
}

/** A train that a request started. */
export type TrainStartedView = { readonly train: string }
