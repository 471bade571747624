/** Channels, each loaded with the first notice for one of its kind. */
import { SluiceError } from '../../core/errors.ts'
import { channelLimits } from '../../core/limits/channels.ts'
import { MaskSet, maskText } from '../../lib/mask.ts'
import type { Delivered, Delivery, Notifier } from '../../ports/notifier.ts'
import type { SecretSource } from '../../ports/secrets.ts'
import type { Tools } from './channel.ts'
import { later, refused } from './request.ts'
import { secretParts } from './secret-parts.ts'
import { bounded, oneLine } from './text.ts'

/** What a notifier is made of. */
export type NotifierOptions = {
  readonly secrets: SecretSource
  /** Of Sluice, for receivers that want to know who speaks. */
  readonly version: string
  /** How long one request may take, milliseconds. */
  readonly callDeadlineMs?: number
}

/**
 * A notifier for every kind of channel. No `detail` that it gives holds a secret of the channel in any form in which it may show up: every value that a channel asked for is masked in it, and of an
 * address each part that makes it one.
 */
export const openNotifier = (options: NotifierOptions): Notifier => ({
  send: async (delivery, signal) => {
    const masks = new MaskSet([])
    const tools: Tools = {
      version: options.version,
      callDeadlineMs: options.callDeadlineMs ?? channelLimits.callDeadlineMs,
      secret: async (name, until) => {
        const value = await secretValue(options.secrets, name, until)
        for (const part of secretParts(value)) masks.add(part)
        return value
      },
    }
    const delivered = await attempt(delivery, tools, signal)
    if (delivered.status === 'delivered') return delivered
    // Masked first: the beginning of a secret at the cut would not be recognized.
    return { ...delivered, detail: bounded(oneLine(maskText(masks, delivered.detail)), channelLimits.detailMax) }
  },
})

const secretValue = async (secrets: SecretSource, name: string, signal: AbortSignal): Promise<string> => {
  const values = await secrets.values(await secrets.versions([name], signal), signal)
  const value = values[name]
  if (value === undefined) throw new SluiceError('not_found', { detail: `there is no secret ${name}` })
  return value.trim()
}

/** A secret that cannot be had is told as the receiver's no is: somebody must set it, or it comes back by itself. */
const attempt = async (delivery: Delivery, tools: Tools, signal: AbortSignal): Promise<Delivered> => {
  try {
    return await sendTo(delivery, tools, signal)
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    const { detail, hint, retry } = error
    const sentence = hint === null ? detail : `${detail}: ${hint}`
    return retry === 'never' ? refused(sentence) : later(sentence)
  }
}

const sendTo = async (delivery: Delivery, tools: Tools, signal: AbortSignal): Promise<Delivered> => {
  const { channel } = delivery
  switch (channel.kind) {
    case 'slack':
      return (await import('./slack.ts')).sendSlack({ ...delivery, channel }, tools, signal)
    case 'slackWebhook':
      return (await import('./slack-webhook.ts')).sendSlackWebhook({ ...delivery, channel }, tools, signal)
    case 'teams':
      return (await import('./teams.ts')).sendTeams({ ...delivery, channel }, tools, signal)
    case 'discord':
      return (await import('./discord.ts')).sendDiscord({ ...delivery, channel }, tools, signal)
    case 'pagerduty':
      return (await import('./pagerduty.ts')).sendPagerduty({ ...delivery, channel }, tools, signal)
    case 'email':
      return (await import('./email.ts')).sendEmail({ ...delivery, channel }, tools, signal)
    case 'webhook':
      return (await import('./webhook.ts')).sendWebhook({ ...delivery, channel }, tools, signal)
    case 'cdevents':
      return (await import('./cdevents.ts')).sendCdevents({ ...delivery, channel }, tools, signal)
    case 'github':
      return (await import('./github/send.ts')).sendGithub({ ...delivery, channel }, tools, signal)
    case 'gitlab':
      return (await import('./gitlab/send.ts')).sendGitlab({ ...delivery, channel }, tools, signal)
  }
}
