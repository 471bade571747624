/** One bounded request for JSON, with its failures as Sluice's. */
import { type ErrorCode, SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'

/** A request. */
export type JsonRequest = {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly body: string | null
  readonly contentType: string
  /** Value of the Authorization header; null for none. */
  readonly authorization: string | null
  readonly timeoutMs: number
  /** What a failure is called. */
  readonly code: Extract<ErrorCode, 'metric_source_failed' | 'external_judge_failed'>
}

/** What came back: the status, and the body as JSON; null for a body that is none. */
export type JsonAnswer = { readonly status: number; readonly body: unknown }

/** Asks once. Rejects with the request's code when nothing came, too late, too much, or by way of another address. */
export const askJson = async (request: JsonRequest, signal: AbortSignal): Promise<JsonAnswer> => {
  const { url, method, body, contentType, authorization, timeoutMs, code } = request
  const deadline = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      method,
      ...(body === null ? {} : { body }),
      headers: {
        accept: 'application/json',
        ...(body === null ? {} : { 'content-type': contentType }),
        ...(authorization === null ? {} : { authorization }),
      },
      // Another address is another judge, and must not get the header.
      redirect: 'error',
      signal: AbortSignal.any([signal, deadline]),
    })
    return { status: response.status, body: parsed(await boundedText(response, code)) }
  } catch (error) {
    if (error instanceof SluiceError) throw error
    const what = deadline.aborted ? `no answer in ${timeoutMs} ms` : reasonOf(error)
    throw new SluiceError(code, { detail: `${placeOf(url)}: ${what}`, cause: error })
  }
}

/** Where a request went, without what may be secret in its query. */
export const placeOf = (url: string): string => {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

const boundedText = async (response: Response, code: JsonRequest['code']): Promise<string> => {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength
    if (bytes > limits.sourceAnswerBytesMax)
      throw new SluiceError(code, {
        detail: `${placeOf(response.url)}: an answer of more than ${limits.sourceAnswerBytesMax} bytes`,
      })
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message
}
