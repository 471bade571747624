/**
 * One call of a JSON API over HTTP, with a deadline and a bound on what is read, and what its answer asks for: it is there, come back later, or no.
 * RFC 9110 (Retry-After), and the headers by which GitHub (`x-ratelimit-*`) and GitLab (`ratelimit-*`) say when they listen again (their pages on rate limits; read 2026-11).
 *
 * The hosts' own clients (`@octokit/core`: 23 packages, `@gitbeaker/rest`: 28) would not save it: what is asked is ten calls, and limits, refusals, redirects, the bound and the secret in an error are judged
 * here either way.
 */
import { reportLimits } from '../core/limits/report.ts'

/** A call as data. */
export type ApiCall = {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Whole, with its query. */
  readonly url: string
  /** Sent as JSON; null for none. */
  readonly body: Readonly<Record<string, unknown>> | null
}

/** What a call came to. `detail` is one line for people, in the words of the service, without the secret that was sent. */
export type ApiAnswer =
  | { readonly kind: 'ok'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'later'; readonly detail: string; readonly retryAfterMs: number | null }
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string }

/** Who is called, and as whom. */
export type ApiPlace = {
  /** As people call the service: `GitHub`. */
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  /** What must not come back in any sentence. */
  readonly secret: string
}

/** Calls once. Rejects for nothing that the other end does; redirects are not followed, because another address must not get the secret. */
export const callApi = async (place: ApiPlace, call: ApiCall, signal: AbortSignal): Promise<ApiAnswer> => {
  const deadline = AbortSignal.timeout(reportLimits.reportCallMs)
  try {
    const response = await fetch(call.url, {
      method: call.method,
      headers: {
        accept: 'application/json',
        'user-agent': 'sluice',
        ...(call.body === null ? {} : { 'content-type': 'application/json' }),
        ...place.headers,
      },
      ...(call.body === null ? {} : { body: JSON.stringify(call.body) }),
      redirect: 'manual',
      signal: AbortSignal.any([signal, deadline]),
    })
    const body = await boundedJson(response)
    return answerOf(place, { status: response.status, headers: response.headers, body })
  } catch (error) {
    const why = deadline.aborted ? `no answer in ${reportLimits.reportCallMs} ms` : reasonOf(error)
    return { kind: 'later', detail: withoutSecret(place, `${place.name}: ${why}`), retryAfterMs: null }
  }
}

type Heard = { readonly status: number; readonly headers: Headers; readonly body: unknown }

const answerOf = (place: ApiPlace, { status, headers, body }: Heard): ApiAnswer => {
  if (status >= 200 && status < 300)
    return body === unreadable
      ? { kind: 'later', detail: `${place.name}: status ${status}, and an answer that is no JSON`, retryAfterMs: null }
      : { kind: 'ok', status, body }
  const words = withoutSecret(place, wordsOf(body)).slice(0, reportLimits.reportWordsMax)
  const detail = `${place.name}: ${status}${words === '' ? '' : ` ${words}`}`
  if (status >= 300 && status < 400)
    return { kind: 'refused', status, detail: `${detail} (it has moved: name it as it is called now)` }
  if (status === 408 || status === 429 || status >= 500 || isLimited(status, { headers, words }))
    return { kind: 'later', detail, retryAfterMs: retryAfterMs(headers) }
  return { kind: 'refused', status, detail }
}

/** GitHub says 403 to who asks too much, of either limit. */
const isLimited = (
  status: number,
  { headers, words }: { readonly headers: Headers; readonly words: string },
): boolean =>
  status === 403 &&
  (headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0' || /rate limit/i.test(words))

/** When the service listens again, milliseconds from when it answered, by its own clock; null when it does not say. */
const retryAfterMs = (headers: Headers): number | null => {
  const after = headers.get('retry-after')
  if (after !== null && /^\d{1,6}$/.test(after)) return Number(after) * 1_000
  const saidAt = Date.parse(headers.get('date') ?? '')
  const at = after === null ? resetOf(headers) : Date.parse(after)
  const waitMs = at - saidAt
  return Number.isSafeInteger(waitMs) ? Math.max(0, waitMs) : null
}

/** When a limit that is used up is lifted, epoch ms; NaN when nothing is used up. */
const resetOf = (headers: Headers): number => {
  if (headers.get('x-ratelimit-remaining') === '0') return Number(headers.get('x-ratelimit-reset') ?? 'none') * 1_000
  return headers.get('ratelimit-remaining') === '0'
    ? Number(headers.get('ratelimit-reset') ?? 'none') * 1_000
    : Number.NaN
}

/** What an answer says of itself: GitHub has `message` and `errors`, GitLab `message` (a text, a list, or lists by field) or `error`. */
const wordsOf = (body: unknown): string => {
  const { message, error, error_description: description, errors } = fieldsOf(body)
  return [message, error, description, errors].flatMap(textsOf).join('; ').replaceAll(/\s+/g, ' ')
}

const textsOf = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsOf)
  const { field, code, message, ...others } = fieldsOf(value)
  if (typeof message === 'string') return [message]
  if (typeof code === 'string') return [typeof field === 'string' ? `${field} ${code}` : code]
  return Object.entries(others).flatMap(([name, inner]) => textsOf(inner).map((text) => `${name} ${text}`))
}

const unreadable = Symbol('unreadable')

/** The body as JSON; null for none. Rejects for one that is too large. */
const boundedJson = async (response: Response): Promise<unknown> => {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength
    if (bytes > reportLimits.reportAnswerBytesMax)
      throw new Error(`an answer of more than ${reportLimits.reportAnswerBytesMax} bytes`)
    pieces.push(piece)
  }
  if (bytes === 0) return null
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8'))
  } catch {
    return unreadable
  }
}

const withoutSecret = ({ secret }: ApiPlace, text: string): string => text.replaceAll(secret, '[secret]')

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof Error && cause.message !== '' ? cause.message : String(cause)
}

/** The fields of a JSON object; none where it is none. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}

/** A secret as a header may carry it; null for what cannot be one: a header with a line break in it would show it in an error. */
export const headerSecret = (value: string): string | null => {
  const trimmed = value.trim()
  return /^[\x21-\x7E]+$/.test(trimmed) ? trimmed : null
}
