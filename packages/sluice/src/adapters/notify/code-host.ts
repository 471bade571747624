/** What telling code hosts has in common: signing in, what a notice means there, and what an answer means for the message. */
import { type CommitReport, type RolloutReport, reportOf } from '../../core/notify/reports.ts'
import type { Receipt, SecretName } from '../../core/notify/types.ts'
import { type ApiAnswer, type ApiCall, callApi, headerSecret } from '../../lib/api-call.ts'
import type { Delivered } from '../../ports/notifier.ts'
import type { DeliveryTo, Tools } from './channel.ts'

type Kind = 'github' | 'gitlab'

/** A report for a code host, the way to ask there, and what it gave back for the last one. */
export type Telling<Host extends Kind, Report> = {
  readonly channel: DeliveryTo<Host>['channel']
  readonly ask: (call: ApiCall) => Promise<ApiAnswer>
  readonly report: Report
  readonly previous: Receipt | null
}

/** What is a code host's own. */
export type CodeHost<Host extends Kind> = {
  /** As people call it. */
  readonly name: string
  readonly headersOf: (token: string) => Readonly<Record<string, string>>
  /** Asks for what the token must let in to, and changes nothing. */
  readonly anything: (channel: DeliveryTo<Host>['channel']) => ApiCall
  readonly tellCommit: (telling: Telling<Host, CommitReport>) => Promise<Delivered>
  readonly tellRollout: (telling: Telling<Host, RolloutReport>) => Promise<Delivered>
}

type Sending<Host extends Kind> = {
  readonly delivery: DeliveryTo<Host>
  /** Names the token. */
  readonly token: SecretName
  readonly tools: Pick<Tools, 'secret'>
}

/** Attempts a delivery. Rejects with a `SluiceError` where its token cannot be had. */
export const sendToHost = async <Host extends Kind>(
  host: CodeHost<Host>,
  { delivery: { channel, notice, previous }, token: tokenName, tools }: Sending<Host>,
  signal: AbortSignal,
): Promise<Delivered> => {
  const report = reportOf(notice)
  if (report === null && notice.kind !== 'test') return { status: 'delivered', receipt: previous ?? {} }
  const token = headerSecret(await tools.secret(tokenName, signal))
  if (token === null) return noToken(host.name, tokenName)
  const place = { name: host.name, headers: host.headersOf(token), secret: token }
  const ask = (call: ApiCall): Promise<ApiAnswer> => callApi(place, call, signal)
  if (report === null) {
    const seen = await ask(host.anything(channel))
    return seen.kind === 'ok' ? { status: 'delivered', receipt: {} } : delivered(seen)
  }
  return report.kind === 'commit'
    ? host.tellCommit({ channel, ask, report, previous })
    : host.tellRollout({ channel, ask, report, previous })
}

/** An answer that is not the one that was hoped for. */
export type Told = Exclude<ApiAnswer, { readonly kind: 'ok' }>

/** What became of the message. */
export const delivered = (told: Told): Delivered =>
  told.kind === 'later'
    ? { status: 'later', detail: told.detail, retryAfterMs: told.retryAfterMs }
    : { status: 'refused', detail: told.detail }

/** An answer in a form that the service does not have: a proxy of somebody, or a service that is not the one it should be. */
export const notReadable = (name: string): Told => ({
  kind: 'later',
  detail: `${name}: an answer in another form than it should have`,
  retryAfterMs: null,
})

/** A token that is none; what it is must not be shown. */
const noToken = (name: string, secretName: SecretName): Delivered => ({
  status: 'refused',
  detail: `${name}: the secret ${secretName} holds what cannot be a token`,
})
