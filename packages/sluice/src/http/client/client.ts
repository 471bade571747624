/** The typed client of the HTTP API. Loads nothing but core: the command line starts with it. */
import { SluiceError } from '../../core/errors.ts'
import type { Contract, ParamsInput } from './contract.ts'
import type { LedgerExportInput } from './ledger-views.ts'
import { paths } from './paths.ts'
import type { RouteId } from './paths.ts'
import { errorOfProblem } from './problem.ts'
import { readEvents, type ServerEvent } from './sse.ts'

/** What is sent. */
export type Outgoing = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
  readonly signal: AbortSignal
}

/** How requests leave: over a socket (`wire.ts`), or into an API of the same process. Both arguments say the same; the first is what `fetch` takes. */
export type Transport = (request: Request, outgoing: Outgoing) => Promise<Response>

/** Whom to ask, and as whom. */
export type ClientOptions = {
  /** `http://127.0.0.1:7420`, without a path. */
  readonly url: string
  readonly token: string | null
  /** The name for the ledger. */
  readonly actor: string
  readonly transport: Transport
  /** Longest wait for an answer, milliseconds. */
  readonly timeoutMs: number
}

/** Members that may be left out when nothing in them is needed. */
type Part<Name extends string, Value> =
  Record<never, never> extends Value ? { readonly [Key in Name]?: Value } : { readonly [Key in Name]: Value }

/** What a call says: params, query and body of its route (those that have something in them), and how it is made. */
export type CallInput<Id extends RouteId> = Part<'params', ParamsInput<Id>> &
  Part<'query', Contract[Id]['query']> &
  Part<'body', Contract[Id]['body']> & {
    readonly signal?: AbortSignal
    /** Makes a repetition of the same write harmless. */
    readonly idempotencyKey?: string
    readonly timeoutMs?: number
  }

type Loose = {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: object
  readonly signal?: AbortSignal
  readonly idempotencyKey?: string
  readonly timeoutMs?: number
}

/** Asks a control plane. Every method rejects with SluiceError: the server's own, or `server_unreachable`. */
export type Client = {
  readonly url: string
  readonly call: <Id extends RouteId>(id: Id, input: CallInput<Id>) => Promise<Contract[Id]['response']>
  /** Events from a row on (or from now on, null), until the signal or the end of the stream. `gap`: too many rows are told as one `snapshot`. */
  readonly events: (
    query: { readonly after: number | null; readonly kind?: string; readonly id?: string; readonly gap?: 'snapshot' },
    signal: AbortSignal,
  ) => AsyncGenerator<ServerEvent, void, undefined>
  /** The ledger, or the rows of it that are meant, as pieces of text. */
  readonly exportLedger: (query: LedgerExportInput, signal: AbortSignal) => AsyncGenerator<string, void, undefined>
  /** A file that a report of a job names, in pieces; whoever keeps it holds it to the digest that it is listed with. */
  readonly attachment: (
    file: { readonly run: string; readonly job: string; readonly path: string },
    signal: AbortSignal,
  ) => AsyncGenerator<Uint8Array, void, undefined>
}

/** Makes a client. Asks nothing by itself. */
export const createClient = (options: ClientOptions): Client => ({
  url: options.url,
  call: async (id, input) => {
    // Trusted: the input's parts are texts and numbers by the types of the routes, and the answer is what the same table says.
    const response = await send(options, id, input as Loose)
    return (await jsonOf(response)) as never
  },
  events: async function* events({ after, kind, id, gap }, signal) {
    const query = {
      ...(after === null ? {} : { after }),
      ...(kind === undefined ? {} : { kind }),
      ...(id === undefined ? {} : { id }),
      ...(gap === undefined ? {} : { gap }),
    }
    const response = await send(options, 'events.stream', { query, signal, timeoutMs: 0 })
    if (response.body !== null) yield* readEvents(response.body, signal)
  },
  exportLedger: async function* exportLedger(query, signal) {
    const response = await send(options, 'ledger.export', { query, signal, timeoutMs: 0 })
    const decoder = new TextDecoder()
    const hint = 'ask again; an export without its last line is not whole'
    for await (const chunk of piecesOf(response, 'ledger', hint)) yield decoder.decode(chunk, { stream: true })
  },
  attachment: async function* attachment({ path, ...params }, signal) {
    const response = await send(options, 'runs.attachment', { params, query: { path }, signal, timeoutMs: 0 })
    yield* piecesOf(response, 'file', 'ask again; when it breaks off each time, the file is damaged there')
  },
})

const send = async (options: ClientOptions, id: RouteId, input: Loose): Promise<Response> => {
  const timeoutMs = input.timeoutMs ?? options.timeoutMs
  const signals = [input.signal, timeoutMs === 0 ? undefined : AbortSignal.timeout(timeoutMs)]
  const signal = AbortSignal.any(signals.filter((one) => one !== undefined))
  const address = addressOf(options.url, id, input)
  const outgoing: Outgoing = { ...messageOf(options, id, input), signal }
  const ask = (): Promise<Response> => options.transport(new Request(address, outgoing), outgoing)
  const isRepeatable = paths[id].method === 'get' || input.idempotencyKey !== undefined
  const response = await ask()
    .catch((cause: unknown) => {
      // A kept-alive connection may be closed by the other side in the moment that it is used.
      if (isRepeatable && !signal.aborted && closedCodes.has(codeOf(cause))) return ask()
      throw cause
    })
    .catch((cause: unknown) => {
      throw unreachable(options, { cause, isAborted: input.signal?.aborted === true, timeoutMs })
    })
  if (response.ok) return response
  throw errorOfProblem(await response.json().catch(() => null), response.status)
}

const closedCodes = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/** The system's code of an error: its own (`node:http`), or its cause's (`fetch`). */
const codeOf = (error: unknown): string => {
  const codes = [error, error instanceof Error ? error.cause : null].map((one) =>
    one instanceof Error && 'code' in one && typeof one.code === 'string' ? one.code : '',
  )
  return codes.find((code) => code !== '') ?? ''
}

const messageOf = ({ token, actor }: ClientOptions, id: RouteId, input: Loose): Omit<Outgoing, 'signal'> => {
  const { method } = paths[id]
  return {
    method: method.toUpperCase(),
    headers: {
      accept: 'application/json',
      'x-sluice-actor': encodeURIComponent(actor),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(input.idempotencyKey === undefined ? {} : { 'idempotency-key': input.idempotencyKey }),
      ...(method === 'get' ? {} : { 'content-type': 'application/json' }),
    },
    body: method === 'get' ? null : JSON.stringify(input.body ?? {}),
  }
}

/** The address of a route with its parameters and query filled in. */
export const addressOf = (
  url: string,
  id: RouteId,
  { params = {}, query = {} }: Pick<Loose, 'params' | 'query'>,
): string => {
  const path = paths[id].path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const entries = Object.entries(query).filter(([, value]) => value !== undefined)
  const search = new URLSearchParams(entries.map(([name, value]): [string, string] => [name, String(value)])).toString()
  return `${url}${path}${search === '' ? '' : `?${search}`}`
}

async function* piecesOf({ body }: Response, what: string, hint: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body ?? []
  } catch (cause) {
    throw new SluiceError('server_unreachable', {
      detail: `the control plane broke off in the middle of the ${what}`,
      hint,
      retry: 'same',
      cause,
    })
  }
}

const jsonOf = async (response: Response): Promise<unknown> => {
  try {
    return await response.json()
  } catch (cause) {
    throw new SluiceError('server_unreachable', {
      detail: 'the control plane went away in the middle of its answer',
      hint: 'sluice status',
      retry: 'same',
      cause,
    })
  }
}

type Failure = { readonly cause: unknown; readonly isAborted: boolean; readonly timeoutMs: number }

const unreachable = ({ url }: ClientOptions, { cause, isAborted, timeoutMs }: Failure): unknown => {
  if (isAborted) return cause
  if (cause instanceof SluiceError) return cause
  const isLate = isTimeout(cause) || (cause instanceof Error && isTimeout(cause.cause))
  return new SluiceError('server_unreachable', {
    detail: isLate
      ? `the control plane at ${url} did not answer within ${timeoutMs / 1_000} s`
      : `no control plane answers at ${url}: ${reasonOf(cause)}`,
    hint: 'sluice up -d   starts one; sluice doctor   looks at what is there',
    retry: 'same',
    cause,
  })
}

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError'

const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  if (codeOf(cause) !== '') return codeOf(cause)
  return cause.cause instanceof Error ? cause.cause.message : cause.message
}
