/**
 * The line: everything that goes forward, everywhere. Anybody who sees that something is wrong stops it, and nothing new enters any environment until somebody lets it go on; ways back pass.
 * There is one, with the id `all`.
 *
 * | status  | event        | next    |
 * |---------|--------------|---------|
 * | running | line_stopped | stopped |
 * | stopped | line_resumed | running |
 *
 * Of two stops the first stays.
 */
import type { AggregateKey } from './ledger/entry.ts'
import { type Machine, rememberingMachine } from './machine.ts'
import { unreachable } from './machine.ts'
import type { Actor } from './model.ts'

/** Whether anything may go forward. */
export type LineState =
  | { readonly status: 'running' }
  | { readonly status: 'stopped'; readonly by: Actor; readonly at: number; readonly reason: string }

/** What happens to the line. */
export type LineEvent =
  | { readonly type: 'line_stopped'; readonly at: number; readonly by: Actor; readonly reason: string }
  | { readonly type: 'line_resumed'; readonly at: number; readonly by: Actor; readonly reason: string | null }

/** The aggregate of the line. */
export const lineKey: AggregateKey & { readonly kind: 'line' } = { kind: 'line', id: 'all' }

/** Nobody has stopped it. */
export const runningLine: LineState = { status: 'running' }

const next = (state: LineState, event: LineEvent): LineState => {
  switch (event.type) {
    case 'line_stopped':
      return state.status === 'stopped'
        ? state
        : { status: 'stopped', by: event.by, at: event.at, reason: event.reason }
    case 'line_resumed':
      return state.status === 'running' ? state : runningLine
    default:
      return unreachable(event)
  }
}

/** See the table above. */
export const lineMachine: Machine<LineState, LineEvent, never> = rememberingMachine({ name: 'line', next })
