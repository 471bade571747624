/** Bounds of what a rollout asks outside: checks and hooks. Each with its unit and reason, as in `limits.ts`. */
export const gateLimits = {
  /** Checks of one release before its traffic, milliseconds; each check has its own, shorter time. */
  verifyDeadlineMs: 300_000,
  /** One call of a hook over HTTP, milliseconds; one that takes longer says `in_progress`. */
  hookCallDeadlineMs: 30_000,
  /** How often checks can be made, and a hook over HTTP asked, in the time that they have at the least: a few answers may get lost. */
  asksMin: 4,
  /** Bounds of the pause after which a hook that is in progress is asked again, milliseconds: neither a busy loop nor a forgotten rollout. */
  hookRetryMsMin: 250,
  hookRetryMsMax: 300_000,
  /** When a hook that is in progress does not say when to ask again, milliseconds. */
  hookRetryMsDefault: 5_000,
  /** How long a way back, its traffic already where it belongs, tells each hook of it, milliseconds. */
  revertHookMsMax: 60_000,
  /** Answer of a hook, bytes; a sentence and some lines of evidence. */
  hookAnswerBytesMax: 65_536,
  /** Hooks of one environment: each is a step of every rollout. */
  hooksMax: 20,
} as const
