/**
 * One bounded request to a receiver, and what its answer means.
 *
 * Where requests go is named by the config, which is reviewed as code is, or by a secret; never by a notice. So receivers on the inside are allowed (that is where many are), but nobody is led
 * elsewhere: redirects are not followed, and an answer is read up to a bound and shown as one masked line at most. An address that is a secret, or a request that carries one, goes over TLS, or
 * stays on this machine. What the platform says of a connection that failed names addresses; only its code is told.
 */
import { channelLimits } from '../../core/limits/channels.ts'
import type { Delivered } from '../../ports/notifier.ts'

/** A request. */
export type Request = {
  /** Who is asked, as it is called in a failure. */
  readonly receiver: string
  readonly url: URL
  readonly method: 'POST' | 'PATCH'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly deadlineMs: number
}

/** Why a notice did not arrive. */
export type Undelivered = Exclude<Delivered, { readonly status: 'delivered' }>

/** What came back: an answer with its body as text and, where it is such, as JSON; or none. */
export type Answer =
  | {
      readonly status: 'answered'
      readonly code: number
      readonly text: string
      readonly json: Readonly<Record<string, unknown>>
      readonly retryAfterMs: number | null
    }
  | Undelivered

/** What was answered. */
export type Answered = Extract<Answer, { readonly status: 'answered' }>

/** Asks once. Rejects for nothing that the receiver does. */
export const ask = async (request: Request, signal: AbortSignal): Promise<Answer> => {
  const { receiver, url, method, headers, body, deadlineMs } = request
  const deadline = AbortSignal.timeout(deadlineMs)
  try {
    const response = await fetch(url, {
      method,
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, deadline]),
    })
    const text = await boundedText(response)
    const retryAfterMs = retryAfterOf(response.headers.get('retry-after'))
    return { status: 'answered', code: response.status, text, json: fieldsOf(text), retryAfterMs }
  } catch (error) {
    if (signal.aborted) return later(`${receiver}: it was called off`)
    return later(`${receiver} ${deadline.aborted ? `did not answer within ${deadlineMs} ms` : reasonOf(error)}`)
  }
}

/** What an answer's status means: null for 2xx; later for one that asks to come back (408, 429, 5xx); refused for all others. */
export const judgeStatus = (receiver: string, answer: Answered): Undelivered | null => {
  const { code, text, retryAfterMs } = answer
  if (code >= 200 && code <= 299) return null
  if (code >= 300 && code <= 399) return refused(`${receiver} answers ${code}: it is elsewhere, and nobody is followed`)
  const detail = `${receiver} answers ${code}${text.trim() === '' ? '' : `: ${text}`}`
  return code === 408 || code === 429 || code >= 500 ? later(detail, retryAfterMs) : refused(detail)
}

/** No answer, or one that asks to come back. */
export const later = (detail: string, retryAfterMs: number | null = null): Undelivered => ({
  status: 'later',
  detail,
  retryAfterMs,
})

/** No, and again no when asked again. */
export const refused = (detail: string): Undelivered => ({ status: 'refused', detail })

/** How what is sent is guarded: `secret`, TLS or this machine only; `open`, also in plain HTTP. */
export type Guard = 'secret' | 'open'

/** An address that may be asked, without what it is in a failure: it may be a secret. */
export const addressOf = (receiver: string, text: string, guard: Guard): URL | Undelivered => {
  const url = URL.parse(text.trim())
  if (url === null || !/^https?:$/.test(url.protocol))
    return refused(`the address of ${receiver} is none that begins with https://`)
  if (url.username !== '' || url.password !== '')
    return refused(`the address of ${receiver} names who signs in; it may not`)
  if (guard === 'secret' && url.protocol === 'http:' && !isHere(url.hostname))
    return refused(
      `the address of ${receiver} begins with http://, and what is sent there is for nobody else: https://`,
    )
  return url
}

/** Whether a host is this machine. */
export const isHere = (host: string): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|::1)$/.test(host)

/** RFC 9110, Retry-After: seconds, also with a fraction, or a date. Null for none. */
export const retryAfterOf = (header: string | null): number | null => {
  if (header === null) return null
  const seconds = /^\d{1,9}(?:\.\d+)?$/.test(header.trim()) ? Number(header) * 1_000 : null
  const date = seconds === null ? Date.parse(header) - Date.now() : seconds
  return Number.isNaN(date) ? null : Math.min(Math.max(Math.ceil(date), 0), channelLimits.retryAfterMsMax)
}

const boundedText = async (response: Response): Promise<string> => {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body ?? []) {
    pieces.push(piece)
    bytes += piece.byteLength
    if (bytes >= channelLimits.answerBytesMax) break
  }
  return Buffer.concat(pieces).subarray(0, channelLimits.answerBytesMax).toString('utf8')
}

/** The fields of a JSON object; none where the text is none. */
const fieldsOf = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** The code of a connection's failure, of however many it was tried with; its message would name the address. */
const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause
  const code = first instanceof Error && 'code' in first && typeof first.code === 'string' ? first.code : null
  return code === null ? 'cannot be reached' : `cannot be reached (${code})`
}
