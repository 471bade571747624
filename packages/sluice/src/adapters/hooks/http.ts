/** Hooks behind an address: the question with POST as JSON, the answer as JSON or as a status alone. */
import { z } from 'zod'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { HookAnswer } from '../../core/rollout/types.ts'
import type { HookCall } from '../../ports/hooks.ts'

/** What a body may say; what it leaves out is filled in, and anything else in it is not looked at. */
const said = z.object({
  status: z.enum(['succeeded', 'failed', 'in_progress']),
  detail: z.string().optional(),
  evidence: z.array(z.string()).optional(),
  retryAfterMs: z.number().nonnegative().optional(),
})

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
  const read = said.safeParse(parsed(text))
  if (!read.success) return failed(`status ${status}, and a body that says neither yes nor no`)
  const { status: word, detail = word, evidence = [], retryAfterMs } = read.data
  if (word === 'in_progress')
    return { status: word, detail: detail.slice(0, detailMax), retryAfterMs: retryAfterMs ?? retryMs(retryAfter) }
  if (word === 'succeeded') return { status: word, detail: detail.slice(0, detailMax) }
  return {
    status: word,
    detail: detail.slice(0, detailMax),
    evidence: evidence.flatMap(linesOf).slice(0, limits.evidenceLinesMax),
  }
}

/** Characters of what a hook says about itself; it becomes part of the ledger. */
const detailMax = 1_000

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
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
  return seconds === null ? limits.hookRetryMsDefault : seconds * 1_000
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
    if (bytes > limits.hookAnswerBytesMax) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
