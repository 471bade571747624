/** Bounds of who may ask: tokens, sessions, sign-ins. Each with its unit and reason, as in `limits.ts`. */
export const identityLimits = {
  /** How long a token lives unless told otherwise, milliseconds: a month, so that one that is forgotten ends. */
  tokenLifetimeMsDefault: 2_592_000_000,
  /** The longest that a token may live, milliseconds: a year. */
  tokenLifetimeMsMax: 31_536_000_000,
  /** The shortest, milliseconds. */
  tokenLifetimeMsMin: 60_000,
  /** How long a token from an exchange lives, milliseconds; a job of a CI service is over by then, or asks again. */
  workloadTokenMs: 900_000,
  /** How far the clocks of a provider and of this machine may be apart, milliseconds. */
  workloadClockSkewMs: 60_000,
  /** The oldest token of a provider that is exchanged, milliseconds since it was issued. */
  workloadAssertionAgeMsMax: 600_000,
  /** How long a sign-in lasts, milliseconds, and how long it may lie idle. */
  sessionMs: 86_400_000,
  sessionIdleMs: 28_800_000,
  /** How often the use of a token or a session goes on record, milliseconds: who still uses it is known to within an hour, and the ledger does not fill up with it. */
  lastUseEveryMs: 3_600_000,
  /** How often a stream asks whether its reader may still read, milliseconds; what is revoked in this control plane ends it at once. */
  reauthoriseEveryMs: 60_000,
  /** How long the access part of the config counts before it is read again, milliseconds. */
  accessConfigMs: 30_000,
  /** Tokens, sessions and persons whose state is kept at hand. */
  identitiesHeldMax: 10_000,
  /** Roles that a token names, at most. */
  grantsMax: 20,
  /** Groups of a person that are kept, at most; directories have large ones. */
  groupsMax: 200,
  /** Characters of a password: what NIST SP 800-63B asks for at the least, and what may be hashed at the most. */
  passwordCharactersMin: 12,
  passwordCharactersMax: 256,
  /** Passwords that wait to be checked at the same time; one more is refused. Each takes some 32 MB and a tenth of a second. */
  passwordChecksMax: 8,
  /** After so many wrong passwords for one name in a row each further try waits, milliseconds, doubling to the longest. */
  signInFailuresFree: 5,
  signInDelayMs: 1_000,
  signInDelayMsMax: 60_000,
  /** How long a sign-in at a provider may take, milliseconds, and how many may be under way. */
  oidcFlowMs: 600_000,
  oidcFlowsMax: 1_000,
  /** How long an address for signing in by one click is good, milliseconds, and how many are kept: a minute for a browser to start, and for a person who reads where it was printed. */
  signInTicketMs: 120_000,
  signInTicketsMax: 1_000,
  /** Answers of an identity provider, bytes, and how long one may take, milliseconds. */
  providerAnswerBytesMax: 1_048_576,
  providerTimeoutMs: 10_000,
} as const
