/** Names of messages. They follow from what is told and where, so that a second look at the same row makes no second message. */
import type { Sha256 } from '../model.ts'
import { subjectText } from './turns.ts'
import type { Notice, NoticeSubject } from './types.ts'

const digits = 8

/** What the ids of all messages of a channel begin with. */
export const channelPrefix = (channel: string, sha256: Sha256): string => `msg_${sha256(channel).slice(0, digits)}`

/** What the ids of all messages about a subject in a channel begin with. Short, so that two subjects may share it: whoever reads looks at the subject too. */
export const subjectPrefix = (channel: string, subject: NoticeSubject, sha256: Sha256): string =>
  `${channelPrefix(channel, sha256)}${sha256(subjectText(subject)).slice(0, digits)}_`

/** The id of the message that tells a channel of a notice. */
export const messageId = (channel: string, { subject, id }: Pick<Notice, 'subject' | 'id'>, sha256: Sha256): string =>
  `${subjectPrefix(channel, subject, sha256)}${id}`
