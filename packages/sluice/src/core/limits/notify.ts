/** Bounds of what is told to people and to other systems. Each with its unit and reason, as in `limits.ts`. */
export const notifyLimits = {
  /** One attempt to deliver a message, milliseconds: a receiver that takes longer is asked again later. */
  messageDeadlineMs: 30_000,
  /** The first pause after an attempt that failed, and the longest, milliseconds; between them each is twice the one before. */
  messageBackoffMs: 5_000,
  messageBackoffMsMax: 600_000,
  /** The longest that a receiver may ask to be left alone (`Retry-After`), milliseconds. */
  messageRetryAfterMsMax: 3_600_000,
  /** How long it is tried to deliver a message, milliseconds: who was not told for a day has heard it elsewhere. */
  messageLifeMs: 86_400_000,
  /** Attempts of a message that are kept with their words, the newest; the ledger has them all. */
  messageAttemptsKept: 5,
  /** Messages of one channel that wait; what comes beyond is set aside at once, and shown. */
  messageBacklogMax: 1_000,
  /** Attempts in a row after which a channel counts as failing, and others are told. */
  channelFailingAfter: 3,
  /** How long what the config says about notifications counts before it is read again, milliseconds. */
  notifyConfigMs: 30_000,
  /** Rows of the ledger that are looked over at once for what is to be told, and after how many the place is kept again. */
  noticePortionRows: 500,
  noticeKeptRows: 500,
  /** Runs, rollouts and others whose state is kept at hand to see what the next row changes; of others it is folded anew. */
  noticeStatesHeldMax: 256,
  /** Pages of messages that are looked at for those that are meant, in one answer; the answer says where to go on. */
  messagePagesMax: 100,
  /** Messages that one request tries again. */
  messagesRetriedMax: 1_000,
  /** Rows of one run or rollout that are looked over to say why somebody was told, or not. */
  noticeExplainRowsMax: 5_000,
  /** Channels and routes that a config may have. */
  channelsMax: 50,
  routesMax: 100,
  /** Longest title of a notice, text below it and value of a fact, characters. */
  noticeTitleCharactersMax: 256,
  noticeTextCharactersMax: 2_000,
  noticeFactCharactersMax: 500,
  /** Stretches of the ledger that are remembered as told to nobody, the newest; consecutive commands without a control plane are one. */
  untoldSpansMax: 100,
} as const
