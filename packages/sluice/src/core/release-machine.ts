/**
 * A release as an aggregate: written once, never changed.
 *
 * | status | event       | next   |
 * |--------|-------------|--------|
 * | absent | release_cut | cut    |
 *
 * The same content cut again (another run of the same commit) is the same release; the first cut stays.
 */
import type { Machine } from './machine.ts'
import type { Release } from './model.ts'

/** A release that is not there, or is and stays. */
export type ReleaseState = { readonly status: 'absent' } | { readonly status: 'cut'; readonly release: Release }

/** What happens to a release. */
export type ReleaseEvent = { readonly type: 'release_cut'; readonly at: number; readonly release: Release }

/** Before the cut. */
export const absentRelease: ReleaseState = { status: 'absent' }

/** See the table above. */
export const releaseMachine: Machine<ReleaseState, ReleaseEvent, never> = {
  name: 'release',
  version: 1,
  decide: (state, event) =>
    state.status === 'absent'
      ? { state: { status: 'cut', release: event.release }, effects: [] }
      : { state, effects: [] },
  outstanding: () => [],
  nextAt: () => null,
  settled: () => true,
}
