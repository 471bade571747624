/** Bounds of what is told to channels. Each with its unit and reason, as in `limits.ts`; the bounds of others are what they document, read in November 2026. */
export const channelLimits = {
  /** One request, answer included, milliseconds; whoever takes longer is asked again later. No message makes more than three, and all of them fit into one attempt of the outbox. */
  callDeadlineMs: 8_000,
  /** One conversation with a mail server, milliseconds; some make unknown senders wait for their greeting. */
  mailDeadlineMs: 25_000,
  /** Answer of a receiver, bytes; all of them answer with a line or two. */
  answerBytesMax: 65_536,
  /** Characters of why a notice was not delivered. */
  detailMax: 300,
  /** How long a receiver may ask to be left alone, milliseconds; it must not put a message off until nobody cares. */
  retryAfterMsMax: 3_600_000,
  /** Characters of a title. */
  titleMax: 256,
  /** All of a Slack message as JSON, bytes: Slack refuses messages of about 11 kB, well below what the sizes of their parts allow. */
  slackBytesMax: 8_000,
  slackBlocksMax: 50,
  slackSectionMax: 3_000,
  slackHeaderMax: 150,
  /** All that is sent to Teams, bytes; it refuses more than 28 kB. */
  teamsBytesMax: 24_000,
  /** An embed of Discord, characters: all of it, and its parts. */
  discordEmbedMax: 6_000,
  discordTitleMax: 256,
  discordDescriptionMax: 4_096,
  discordFieldsMax: 25,
  discordFieldNameMax: 256,
  discordFieldValueMax: 1_024,
  discordFooterMax: 2_048,
  /** A summary of PagerDuty and a key of its alerts, characters; an event, bytes, of which it takes 512 kB. */
  pagerdutySummaryMax: 1_024,
  pagerdutyKeyMax: 255,
  pagerdutyBytesMax: 64_000,
  /** Subject of a mail, characters; mail programs show some 70. */
  mailSubjectMax: 150,
  /** Body of a mail as text, bytes. */
  mailBytesMax: 64_000,
  /** Body of a signed webhook and of a CDEvent, bytes; Standard Webhooks asks for less than 20 kB. */
  webhookBytesMax: 20_000,
} as const
