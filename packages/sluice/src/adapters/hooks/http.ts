/** Hooks behind an address: the question with POST as JSON, the answer as JSON or as a status alone. */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { gateLimits } from '../../core/limits/gates.ts'
import type { HookAnswer } from '../../core/rollout/types.ts'
import type { HookCall } from '../../ports/hooks.ts'

/** Asks once. Redirects are not followed: who answers is who the config names. */
export const askHttp = async (url: string, call: HookCall, signal: AbortSignal): Promise<HookAnswer> => {
  const headers = { 'content-type': 'application/json', accept: 'application/json', 'idempotency-key': call.key }
  const body = JSON.stringify(call)
  const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal }).catch(
    (error: unknown) => {
      throw unreachable(call, signal.aborted ? 'it was called off' : reasonOf(error), error)
    },
  )
  const text = await boundedText(answer).catch((error: unknown) => {
    throw unreachable(call, 'its answer broke off', error)
  })
  return answerOf({ status: answer.status, retryAfter: answer.headers.get('retry-after'), text }, call)
}

type Heard = { readonly status: number; readonly retryAfter: string | null; readonly text: string }

/** What an answer means. Statuses that ask to come back (408, 429, 5xx) are no answer; all others but 2xx are a no, and so is what cannot be read. */
const answerOf = ({ status, retryAfter, text }: Heard, call: HookCall): HookAnswer => {
  if (status === 408 || status === 429 || status >= 500) throw unreachable(call, `status ${status}`, null)
  const failed = (detail: string): HookAnswer => ({ status: 'failed', detail, evidence: linesOf(text) })
  if (status < 200 || status > 299) return failed(`status ${status}`)
  if (text.trim() === '')
    return status === 202
      ? { status: 'in_progress', detail: 'accepted', retryAfterMs: retryMs(retryAfter) }
      : { status: 'succeeded', detail: `status ${status}` }
  const said = fieldsOf(text)
  const detail = typeof said['detail'] === 'string' ? said['detail'].slice(0, detailMax) : null
  switch (said['status']) {
    case 'succeeded':
      return { status: 'succeeded', detail: detail ?? 'succeeded' }
    case 'in_progress': {
      const own = said['retryAfterMs']
      const retryAfterMs = typeof own === 'number' && own >= 0 ? own : retryMs(retryAfter)
      return { status: 'in_progress', detail: detail ?? 'in progress', retryAfterMs }
    }
    case 'failed': {
      const evidence = Array.isArray(said['evidence']) ? said['evidence'].map(String).flatMap(linesOf) : []
      return { status: 'failed', detail: detail ?? 'failed', evidence: evidence.slice(0, limits.evidenceLinesMax) }
    }
    default:
      return failed(`status ${status}, and a body that says neither yes nor no`)
  }
}

/** Characters of what a hook says about itself; it becomes part of the ledger. */
const detailMax = 1_000

/** The fields of a JSON object; none where the text is none. */
const fieldsOf = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-limits.evidenceLinesMax)
    .map((line) => line.slice(0, detailMax))

/** RFC 9110, Retry-After, in seconds; a date is not looked at. */
const retryMs = (header: string | null): number => {
  const seconds = header === null || !/^\d{1,6}$/.test(header) ? null : Number(header)
  return seconds === null ? gateLimits.hookRetryMsDefault : seconds * 1_000
}

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof Error ? cause.message : String(cause)
}

const unreachable = ({ name }: HookCall, why: string, cause: unknown): SluiceError =>
  new SluiceError('hook_unreachable', { detail: `hook ${name} gave no answer: ${why}`, cause })

const boundedText = async (answer: Response): Promise<string> => {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > gateLimits.hookAnswerBytesMax) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
