/** What a proxy must know of a request, and the head it sends on: hop-by-hop fields left out (RFC 9110 section 7.6.1), forwarding fields added. */
import type { FramingKind } from './body-framing.ts'
import { field } from './field-names.ts'
import type { HeadParser } from './head-parser.ts'

/** A request head as the data path uses it. */
export type RequestHead = {
  readonly method: string
  readonly minor: number
  readonly framing: FramingKind
  readonly contentLength: number
  /** The client would keep the connection. */
  readonly keepAlive: boolean
  /** A protocol switch is asked for and may go on. */
  readonly upgrade: boolean
  /** The whole head to send upstream. */
  readonly upstreamText: string
  readonly requestId: string
  /** Value of the sticky cookie or header; empty when there is none. */
  readonly stickyKey: string
}

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/** Whether a request may be sent again: no body, and a method that may be repeated (RFC 9110 section 9.2.2). */
export const isRepeatable = ({ framing, method }: RequestHead): boolean => framing === 'none' && idempotent.has(method)

/** A refusal, with the status the client gets. */
export type Refusal = { readonly status: number; readonly reason: string }

/** What reading a head needs beyond the head. */
export type RequestContext = {
  /** `x-forwarded-for` and `x-forwarded-proto` lines for this client, when it is not trusted to say so itself. */
  readonly clientAddress: string
  /** Keep the forwarding fields that came, and append to them. */
  readonly trustForwarded: boolean
  readonly stickyCookie: string | null
  /** Lower case. */
  readonly stickyHeader: string | null
  readonly makeRequestId: () => string
  readonly bodyBytesMax: number
}

const requestIdForm = /^[\w.:/+=@-]{1,128}$/
const hostForm = /^[\w.~!$&'()*+,;=%-]*(:\d{0,5})?$|^\[[\da-fA-F:.]+\](:\d{0,5})?$/
const stickyKeyCharactersMax = 512

/** A mutable working set of one reading; never leaves this file. */
type Reading = {
  host: string | null
  connection: string
  upgrade: string
  length: string | null
  encoding: string | null
  requestId: string
  forwardedFor: string
  forwardedHost: string
  forwardedProto: string
  stickyKey: string
  refusal: Refusal | null
  kept: string
  keptFrom: number
}

const refuse = (reading: Reading, status: number, reason: string): void => {
  reading.refusal ??= { status, reason }
}

/** Reads the head that `parser` has just parsed; `text` is its latin1 text. */
export const readRequest = (parser: HeadParser, text: string, context: RequestContext): RequestHead | Refusal => {
  const method = text.slice(parser.methodStart, parser.methodEnd)
  const firstField = parser.count > 0 ? (parser.marks[0] ?? 0) : text.length - 2
  const reading: Reading = {
    host: null,
    connection: '',
    upgrade: '',
    length: null,
    encoding: null,
    requestId: '',
    forwardedFor: '',
    forwardedHost: '',
    forwardedProto: '',
    stickyKey: '',
    refusal: null,
    kept: '',
    keptFrom: firstField,
  }
  for (let index = 0; index < parser.count; index += 1) readField(reading, { parser, text, index, context })
  let kept = reading.kept + text.slice(reading.keptFrom, text.length - 2)
  if (reading.connection !== '' && !plainConnection(reading.connection)) kept = dropNominated(reading, kept)
  const target = readTarget(method, text.slice(parser.targetStart, parser.targetEnd), reading)
  const framing = readFraming(reading, parser.minor, context.bodyBytesMax)
  if (parser.minor === 1 && reading.host === null) refuse(reading, 400, 'no Host')
  if (reading.host !== null && !hostForm.test(reading.host)) refuse(reading, 400, 'the Host is not one')
  if (reading.refusal) return reading.refusal
  // HTTP/1.0 may come without Host; HTTP/1.1 may not go on without it.
  if (reading.host === null) kept += 'host: localhost\r\n'
  const tokens = reading.connection
  const upgrade =
    parser.minor === 1 &&
    framing.kind === 'none' &&
    reading.upgrade !== '' &&
    hasToken(tokens, 'upgrade') &&
    !/h2c/i.test(reading.upgrade)
  const requestId = requestIdForm.test(reading.requestId) ? reading.requestId : context.makeRequestId()
  return {
    method,
    minor: parser.minor,
    framing: framing.kind,
    contentLength: framing.length,
    keepAlive: parser.minor === 1 ? !hasToken(tokens, 'close') : hasToken(tokens, 'keep-alive'),
    upgrade,
    requestId,
    stickyKey: reading.stickyKey,
    upstreamText: `${method} ${target} HTTP/1.1\r\n${kept}${forwardingLines(reading, context)}x-request-id: ${requestId}\r\n${
      upgrade ? `connection: upgrade\r\nupgrade: ${reading.upgrade}\r\n` : ''
    }\r\n`,
  }
}

type Place = {
  readonly parser: HeadParser
  readonly text: string
  readonly index: number
  readonly context: RequestContext
}

const valueAt = (place: Place): string =>
  place.text.slice(place.parser.marks[place.index * 4 + 2], place.parser.marks[place.index * 4 + 3])

/** Leaves field `index` out of what is sent on. */
const drop = (reading: Reading, place: Place): void => {
  const { parser, text, index } = place
  const start = parser.marks[index * 4] ?? 0
  const next = index + 1 < parser.count ? (parser.marks[index * 4 + 4] ?? 0) : text.length - 2
  if (start > reading.keptFrom) reading.kept += text.slice(reading.keptFrom, start)
  reading.keptFrom = next
}

const join = (before: string, value: string): string => (before === '' ? value : `${before}, ${value}`)

const readField = (reading: Reading, place: Place): void => {
  const id = place.parser.ids[place.index] ?? 0
  switch (id) {
    case field.other: {
      if (place.context.stickyHeader !== null) readStickyHeader(reading, place, place.context.stickyHeader)
      return
    }
    case field.host:
      if (reading.host !== null) refuse(reading, 400, 'more than one Host')
      reading.host = valueAt(place)
      return
    case field.cookie:
      if (place.context.stickyCookie !== null && reading.stickyKey === '') {
        reading.stickyKey = cookieValue(valueAt(place), place.context.stickyCookie)
      }
      return
    case field.contentLength:
      if (reading.length !== null) refuse(reading, 400, 'more than one Content-Length')
      reading.length = valueAt(place)
      return
    case field.transferEncoding:
      if (reading.encoding !== null) refuse(reading, 400, 'more than one Transfer-Encoding')
      reading.encoding = valueAt(place)
      return
    case field.connection:
      reading.connection = join(reading.connection, valueAt(place).toLowerCase())
      return drop(reading, place)
    case field.upgrade:
      reading.upgrade = join(reading.upgrade, valueAt(place))
      return drop(reading, place)
    case field.requestId:
      reading.requestId = valueAt(place)
      return drop(reading, place)
    case field.forwardedFor:
      reading.forwardedFor = join(reading.forwardedFor, valueAt(place))
      return drop(reading, place)
    case field.forwardedHost:
      reading.forwardedHost = valueAt(place)
      return drop(reading, place)
    case field.forwardedProto:
      reading.forwardedProto = valueAt(place)
      return drop(reading, place)
    case field.forwarded:
      return place.context.trustForwarded ? undefined : drop(reading, place)
    case field.expect:
      if (valueAt(place).toLowerCase() !== '100-continue')
        refuse(reading, 417, 'an expectation other than 100-continue')
      return
    case field.te:
      return drop(reading, place)
    default:
      // keep-alive, proxy-connection, http2-settings, x-sluice-mirror: this hop's business.
      return drop(reading, place)
  }
}

const readStickyHeader = (reading: Reading, place: Place, name: string): void => {
  const { parser, text, index } = place
  const start = parser.marks[index * 4] ?? 0
  const end = parser.marks[index * 4 + 1] ?? 0
  if (reading.stickyKey !== '' || end - start !== name.length) return
  if (text.slice(start, end).toLowerCase() === name) reading.stickyKey = valueAt(place).slice(0, stickyKeyCharactersMax)
}

/** The value of the first cookie of that name; empty when there is none. Names are case-sensitive (RFC 6265 section 4.1). */
export const cookieValue = (cookies: string, name: string): string => {
  let at = cookies.indexOf(`${name}=`)
  while (at > 0 && cookies.charCodeAt(at - 1) !== 32 && cookies.charCodeAt(at - 1) !== 59)
    at = cookies.indexOf(`${name}=`, at + 1)
  if (at < 0) return ''
  const end = cookies.indexOf(';', at)
  return cookies.slice(at + name.length + 1, end < 0 ? undefined : end).slice(0, stickyKeyCharactersMax)
}

const plainConnection = (tokens: string): boolean =>
  tokens === 'keep-alive' || tokens === 'close' || tokens === 'upgrade'

const hasToken = (tokens: string, token: string): boolean =>
  tokens === token || (tokens.includes(token) && tokens.split(',').some((each) => each.trim() === token))

/** Removes the fields that Connection names; naming one that frames or routes the message is an attack (refused). */
const dropNominated = (reading: Reading, kept: string): string => {
  const ordinary = new Set(['keep-alive', 'close', 'upgrade', 'te', ''])
  const named = new Set(
    reading.connection
      .split(',')
      .map((token) => token.trim())
      .filter((token) => !ordinary.has(token)),
  )
  if (named.has('content-length') || named.has('transfer-encoding') || named.has('host')) {
    refuse(reading, 400, 'Connection names a field that frames the message')
  }
  if (named.size === 0) return kept
  return kept
    .split('\r\n')
    .filter((line) => !named.has(line.slice(0, Math.max(0, line.indexOf(':'))).toLowerCase()))
    .join('\r\n')
}

/** The target in origin form; an absolute form gives its authority to Host (RFC 9112 section 3.2.2). */
const readTarget = (method: string, target: string, reading: Reading): string => {
  if (target.charCodeAt(0) === 47) return target
  if (target === '*' && method === 'OPTIONS') return target
  const absolute = /^https?:\/\/([^/?#@]+)(.*)$/i.exec(target)
  if (method === 'CONNECT') refuse(reading, 501, 'CONNECT is not offered')
  if (!absolute) {
    refuse(reading, 400, 'the target is neither a path nor a URL')
    return target
  }
  const [, authority = '', rest = ''] = absolute
  if (reading.host !== null && reading.host.toLowerCase() !== authority.toLowerCase()) {
    refuse(reading, 400, 'the target and Host name different hosts')
  }
  return rest.startsWith('/') ? rest : `/${rest}`
}

type Framing = { readonly kind: FramingKind; readonly length: number }

/** RFC 9112 section 6.3, with everything doubtful refused. */
const readFraming = (reading: Reading, minor: number, bodyBytesMax: number): Framing => {
  if (reading.encoding !== null) {
    if (reading.length !== null) refuse(reading, 400, 'both Content-Length and Transfer-Encoding')
    if (minor === 0) refuse(reading, 400, 'Transfer-Encoding in HTTP/1.0')
    if (reading.encoding.toLowerCase() !== 'chunked') refuse(reading, 400, 'a Transfer-Encoding other than chunked')
    return { kind: 'chunked', length: 0 }
  }
  if (reading.length === null) return { kind: 'none', length: 0 }
  if (!/^\d{1,15}$/.test(reading.length)) refuse(reading, 400, 'the Content-Length is not a number')
  const length = Number(reading.length)
  if (length > bodyBytesMax) refuse(reading, 413, `a body of more than ${bodyBytesMax} bytes`)
  return { kind: 'length', length }
}

const forwardingLines = (reading: Reading, context: RequestContext): string => {
  const host = reading.host ?? ''
  if (!context.trustForwarded) {
    return `x-forwarded-for: ${context.clientAddress}\r\nx-forwarded-proto: http\r\nx-forwarded-host: ${host}\r\n`
  }
  const chain = join(reading.forwardedFor, context.clientAddress)
  return `x-forwarded-for: ${chain}\r\nx-forwarded-proto: ${reading.forwardedProto || 'http'}\r\nx-forwarded-host: ${reading.forwardedHost || host}\r\n`
}
