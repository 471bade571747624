/** Tries a channel: a notice of the kind `test`, sent now and past the outbox, so that what came back is the answer. */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { type Actor, sluice } from '../../core/model.ts'
import type { NotifySettings } from '../../core/notify/rules.ts'
import { applyTemplate } from '../../core/notify/template.ts'
import type { Channel, Notice } from '../../core/notify/types.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Delivered, Notifier, NotifyRules } from '../../ports/notifier.ts'

/** What came of a test. */
export type Tested = { readonly channel: Channel; readonly delivered: Delivered }

/** What it is sent with. */
export type ChannelTestParts = {
  readonly clock: Clock
  readonly notifier: Notifier
  readonly notifyRules: NotifyRules
}

/** Which channel is tried, null for all, and by whom. */
export type ChannelTest = { readonly name: string | null; readonly by: Actor }

/** Sends it to one channel or all of the config as it stands. `config_invalid`, `not_found`. */
export const testChannels = async (
  { clock, notifier, notifyRules }: ChannelTestParts,
  { name, by }: ChannelTest,
  signal: AbortSignal,
): Promise<readonly Tested[]> => {
  const read = await notifyRules.read('now')
  if (read.status === 'unreadable')
    throw new SluiceError('config_invalid', { detail: read.detail, hint: 'sluice validate' })
  const all = read.settings?.channels ?? []
  const channels = name === null ? all : all.filter((channel) => channel.name === name)
  if (channels.length === 0) throw noChannel(name, all)
  const notice = testNotice({ at: clock.now(), by, service: read.service, settings: read.settings })
  const deadline = new AbortController()
  const cancel = clock.after(limits.messageDeadlineMs, () => deadline.abort())
  const bounded = AbortSignal.any([signal, deadline.signal])
  try {
    return await Promise.all(
      channels.map(async (channel) => {
        const key = `msg_test_${notice.at}_${channel.name}`
        const sent = notifier.send({ key, channel, notice, previous: null }, bounded)
        return { channel, delivered: await sent.catch(asRefused) }
      }),
    )
  } finally {
    cancel()
  }
}

const noChannel = (name: string | null, all: readonly Channel[]): SluiceError =>
  new SluiceError('not_found', {
    detail: name === null ? 'the config has no channels' : `the config has no channel ${JSON.stringify(name)}`,
    hint:
      all.length === 0
        ? "notify: { channels: { ops: { webhook: { url: 'https://…', secret: 'HOOK_SECRET' } } } } in sluice.config.ts"
        : `channels: ${all.map((channel) => channel.name).join(', ')}`,
  })

/** A notifier does not reject for what a receiver does; what it rejects for is in the way here (a secret that is not there). */
const asRefused = (error: unknown): Delivered => ({
  status: 'refused',
  detail: error instanceof SluiceError ? error.detail : String(error),
})

type TestNotice = {
  readonly at: number
  readonly by: Actor
  readonly service: string
  readonly settings: NotifySettings | null
}

const testNotice = ({ at, by, service, settings }: TestNotice): Notice => {
  const publicUrl = settings?.publicUrl ?? null
  const notice: Notice = {
    id: String(at),
    kind: 'test',
    severity: 'low',
    at,
    subject: { kind: 'test', id: String(at) },
    outcome: null,
    service,
    environment: null,
    isProduction: false,
    title: `${by.name} tests this channel of ${service}`,
    facts: [{ name: 'from', value: sluice.name }],
    reason: null,
    actor: by,
    release: null,
    stable: null,
    commit: null,
    url: publicUrl === null ? null : `${publicUrl.replace(/\/+$/, '')}/notifications`,
  }
  return applyTemplate(notice, settings?.templates.test ?? null)
}
