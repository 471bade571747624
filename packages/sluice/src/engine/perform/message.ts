/** Performs what a message asks for: one attempt, through the channel as the config has it now. */
import { assert, unreachable } from '../../core/machine.ts'
import type { MessageEffect, MessageResult, MessageState } from '../../core/notify/message.ts'
import type { Notifier, NotifyRules } from '../../ports/notifier.ts'

/** An attempt, and the message. */
export type MessageJob = { readonly message: MessageState; readonly effect: MessageEffect }

/** What became of it. A config that cannot be read is one that can be read again: it is tried later. */
export const performMessage = async (
  { notifier, notifyRules }: { readonly notifier: Notifier; readonly notifyRules: NotifyRules },
  { message, effect }: MessageJob,
  signal: AbortSignal,
): Promise<MessageResult> => {
  assert(message.status === 'pending', 'only a message that waits is sent')
  const read = await notifyRules.read('recent')
  if (read.status === 'unreadable') return { kind: 'later', detail: read.detail, retryAfterMs: null }
  const channel = read.settings?.channels.find(({ name }) => name === message.channel)
  if (channel === undefined) return { kind: 'refused', detail: `the config has no channel ${message.channel} any more` }
  const { previous } = effect.action
  const delivered = await notifier.send({ key: effect.key, channel, notice: message.notice, previous }, signal)
  switch (delivered.status) {
    case 'delivered':
      return { kind: 'delivered', receipt: delivered.receipt }
    case 'later':
      return { kind: 'later', detail: delivered.detail, retryAfterMs: delivered.retryAfterMs }
    case 'refused':
      return { kind: 'refused', detail: delivered.detail }
    default:
      return unreachable(delivered)
  }
}
