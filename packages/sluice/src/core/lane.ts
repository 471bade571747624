/** What a machine awaits that does one thing at a time: the outcome of an effect, or a time. */

type Performed = { readonly sequence: number; readonly deadlineMs: number }

/** See the file's header. `deadlineAt`, `at`: epoch ms. */
export type Lane<Effect extends Performed> =
  | { readonly kind: 'performing'; readonly effect: Effect; readonly deadlineAt: number }
  | { readonly kind: 'due'; readonly at: number }

/** The lane of an effect that is issued now. */
export const performing = <Effect extends Performed>(effect: Effect, at: number): Lane<Effect> => ({
  kind: 'performing',
  effect,
  deadlineAt: at + effect.deadlineMs,
})

/** Whether the outcome with this sequence is the one that is awaited (law 2). */
export const isAwaited = <Effect extends Performed>(lane: Lane<Effect>, sequence: number): boolean =>
  lane.kind === 'performing' && lane.effect.sequence === sequence

/** When time next matters, epoch ms. */
export const laneAt = <Effect extends Performed>(lane: Lane<Effect>): number =>
  lane.kind === 'performing' ? lane.deadlineAt : lane.at

/**
 * The same lane with its time within its own span of now; the same object when it is. A clock that was set back would stop the machine for as long.
 * `pauseMs`: the longest that this machine waits where nothing is performed.
 */
export const nearLane = <Effect extends Performed>(lane: Lane<Effect>, pauseMs: number, at: number): Lane<Effect> => {
  if (lane.kind === 'due') return lane.at > at + pauseMs ? { kind: 'due', at: at + pauseMs } : lane
  return lane.deadlineAt > at + lane.effect.deadlineMs ? performing(lane.effect, at) : lane
}
