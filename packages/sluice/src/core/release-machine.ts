/**
 * A release as an aggregate: its content is written once and never changed; a hold comes and goes.
 *
 * | status | event          | next                 |
 * |--------|----------------|----------------------|
 * | absent | release_cut    | cut                  |
 * | cut    | release_held   | cut, held            |
 * | cut    | release_unheld | cut, no longer held  |
 *
 * The same content cut again (another run of the same commit) is the same release; the first cut stays. Of two holds the first stays.
 */
import type { Hold } from './hold.ts'
import { type Machine, rememberingMachine } from './machine.ts'
import { unreachable } from './machine.ts'
import type { Actor, Release } from './model.ts'

/** A release that is not there, or is and stays. */
export type ReleaseState =
  | { readonly status: 'absent' }
  | {
      readonly status: 'cut'
      readonly release: Release
      /** Absent while nothing holds it. */
      readonly hold?: Hold
    }

/** What happens to a release. */
export type ReleaseEvent =
  | { readonly type: 'release_cut'; readonly at: number; readonly release: Release }
  | { readonly type: 'release_held'; readonly at: number; readonly hold: Hold }
  | { readonly type: 'release_unheld'; readonly at: number; readonly by: Actor; readonly reason: string | null }

/** Before the cut. */
export const absentRelease: ReleaseState = { status: 'absent' }

/** What holds a release; null when nothing does, or there is no such release. */
export const holdOf = (state: ReleaseState): Hold | null => (state.status === 'cut' ? (state.hold ?? null) : null)

const next = (state: ReleaseState, event: ReleaseEvent): ReleaseState => {
  if (state.status === 'absent') return event.type === 'release_cut' ? { status: 'cut', release: event.release } : state
  switch (event.type) {
    case 'release_cut':
      return state
    case 'release_held':
      return state.hold === undefined ? { ...state, hold: event.hold } : state
    case 'release_unheld':
      return state.hold === undefined ? state : { status: 'cut', release: state.release }
    default:
      return unreachable(event)
  }
}

/** See the table above. */
export const releaseMachine: Machine<ReleaseState, ReleaseEvent, never> = rememberingMachine({ name: 'release', next })
