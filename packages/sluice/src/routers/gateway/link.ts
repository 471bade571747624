/**
 * The way to the gateway: one multiplexed connection that is made again when it breaks. Every command is safe to repeat (its fence makes a
 * repetition of it), so a command whose connection broke is sent again until its deadline; only then is its outcome unknown.
 */
import { existsSync } from 'node:fs'
import { errorTable, type ErrorCode, SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { GatewayAnswer, GatewayNotice } from '../../core/routing.ts'
import { type ControlConnection, openConnection, type Reply } from './connection.ts'
import { rest, settledBy, untilFirst } from './waiting.ts'
import { type AnyRequest, type GatewayRequest, helloRequest, parseHello } from './requests.ts'

/** Where the gateway is, and what to do when it is met. */
export type LinkOptions = {
  readonly socketFile: string
  /** Called after each connect, before anything else is asked on that connection. */
  readonly onConnect: (connection: ControlConnection, hello: GatewayAnswer['hello']) => Promise<void>
  readonly onNotice: (notice: GatewayNotice) => void
}

/** See the file's header. */
export class GatewayLink {
  readonly #options: LinkOptions
  readonly #closed = new AbortController()
  #connection: ControlConnection | null = null
  #connecting: Promise<ControlConnection | null> | null = null

  constructor(options: LinkOptions) {
    this.#options = options
  }

  /** Asks, again after each broken connection, until the deadline. Rejects with SluiceError only. */
  async ask<Kind extends keyof GatewayAnswer>(
    request: GatewayRequest<Kind>,
    signal: AbortSignal,
  ): Promise<GatewayAnswer[Kind]> {
    refuseLong(request)
    const until = untilFirst(request.deadlineMs, [signal, this.#closed.signal])
    try {
      return await this.#askUntil(request, until.signal)
    } finally {
      until.end()
    }
  }

  async #askUntil<Kind extends keyof GatewayAnswer>(
    request: GatewayRequest<Kind>,
    until: AbortSignal,
  ): Promise<GatewayAnswer[Kind]> {
    const start = performance.now()
    let sent = false
    for (let delayMs = 0; ; delayMs = nextDelayMs(delayMs)) {
      if (delayMs > 0) await rest(delayMs, until)
      if (until.aborted) throw this.#unanswered(request, sent)
      const connection = await this.#connect()
      if (connection === null) {
        // A gateway that died leaves its socket behind and is on its way back; where there is none, none was meant to be.
        const isAbsent = !existsSync(this.#options.socketFile) && performance.now() - start > request.absentMs
        if (isAbsent) throw this.#unanswered(request, sent)
        continue
      }
      if (connection.unanswered >= limits.controlRequestsMax) throw overloaded(connection.unanswered)
      sent = true
      const reply = await settledBy(connection.send(request.command), until)
      if (reply.kind === 'refused') throw refusal(reply.code, reply.detail)
      // Documented parser: the gateway is Sluice's own program and its protocol was agreed in `hello`.
      if (reply.kind === 'answered') return reply.answer as GatewayAnswer[Kind]
    }
  }

  /** Keeps the connection up until the signal, so that notices come in. */
  async hold(signal: AbortSignal): Promise<void> {
    const { signal: until, end } = untilFirst(null, [signal, this.#closed.signal])
    for (let delayMs = 0; !until.aborted; delayMs = nextDelayMs(delayMs)) {
      const connection = await this.#connect()
      if (connection !== null) {
        await settledBy(
          connection.closed.then((): Reply => ({ kind: 'lost' })),
          until,
        )
        delayMs = 0
      } else if (delayMs > 0) {
        await rest(delayMs, until)
      }
    }
    end()
  }

  /** Ends the connection for good; what is unanswered is told so. */
  close(): void {
    this.#closed.abort()
    this.#connection?.close()
  }

  /** The connection, made when there is none; null when nobody answers. Callers at the same time share one attempt. */
  async #connect(): Promise<ControlConnection | null> {
    if (this.#connection?.isOpen === true) return this.#connection
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = null
    })
    return this.#connecting
  }

  async #open(): Promise<ControlConnection | null> {
    if (this.#closed.signal.aborted) return null
    const connection = await openConnection(this.#options.socketFile, this.#options.onNotice)
    if (connection === null) return null
    const until = untilFirst(helloRequest.deadlineMs, [this.#closed.signal])
    const reply = await settledBy(connection.send(helloRequest.command), until.signal)
    until.end()
    const hello = reply.kind === 'answered' ? parseHello(reply.answer) : null
    if (hello === null || this.#closed.signal.aborted) {
      connection.close()
      return null
    }
    await this.#options.onConnect(connection, hello)
    this.#connection = connection
    return connection
  }

  #unanswered({ command, deadlineMs, effect }: AnyRequest, sent: boolean): SluiceError {
    const where = this.#options.socketFile
    if (sent && effect === 'change') {
      return new SluiceError('outcome_unknown', {
        detail: `the gateway at ${where} was sent ${command.kind}; its answer did not come (deadline ${deadlineMs} ms)`,
      })
    }
    return new SluiceError('gateway_unreachable', {
      detail: `the gateway at ${where} did not answer ${command.kind} (deadline ${deadlineMs} ms)`,
      hint: 'sluice up starts it; its log is gateway.log beside the socket',
    })
  }
}

/** A line beyond the limit would only make the gateway hang up. */
const refuseLong = ({ command }: AnyRequest): void => {
  const bytes = Buffer.byteLength(JSON.stringify(command)) + 32
  if (bytes <= limits.controlLineBytesMax) return
  throw new SluiceError('usage_invalid', {
    detail: `${command.kind} takes ${bytes} bytes on the gateway's control socket; ${limits.controlLineBytesMax} are allowed`,
    hint: 'use fewer instances in one environment',
  })
}

const overloaded = (unanswered: number): SluiceError =>
  new SluiceError('overloaded', { detail: `${unanswered} commands to the gateway are unanswered` })

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorTable, code)

const refusal = (code: string, detail: string): SluiceError =>
  isErrorCode(code)
    ? new SluiceError(code, { detail })
    : new SluiceError('unexpected', { detail: `${code}: ${detail}` })

const nextDelayMs = (delayMs: number): number => Math.min(limits.reconnectDelayMsMax, Math.max(2, delayMs * 2))
