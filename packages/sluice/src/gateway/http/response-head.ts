/** What a proxy must know of a response, and the head it gives to the client. */
import type { FramingKind } from './body-framing.ts'
import { field } from './field-names.ts'
import type { HeadParser } from './head-parser.ts'

/** A response head as the data path uses it. */
export type ResponseHead = {
  readonly status: number
  readonly framing: FramingKind
  readonly contentLength: number
  /** The upstream would keep the connection. */
  readonly keepAlive: boolean
  /** Seconds that the upstream says it keeps an idle connection; null when it does not say. */
  readonly keepAliveSeconds: number | null
  /** Status line and fields without the hop-by-hop ones, without the empty line at the end. */
  readonly text: string
  /** `text` keeps its Transfer-Encoding, which an HTTP/1.0 client must not get. */
  readonly chunked: boolean
}

/** Reads the response head that `parser` has just parsed; a string says why it is not acceptable. */
export const readResponse = (parser: HeadParser, text: string, method: string): ResponseHead | string => {
  const firstField = parser.count > 0 ? (parser.marks[0] ?? 0) : text.length - 2
  const switching = parser.status === 101
  let kept = ''
  let keptFrom = firstField
  let connection = ''
  let keepAliveSeconds: number | null = null
  let length: string | null = null
  let encoding: string | null = null
  for (let index = 0; index < parser.count; index += 1) {
    const id = parser.ids[index] ?? 0
    if (id === field.other) continue
    const value = text.slice(parser.marks[index * 4 + 2], parser.marks[index * 4 + 3])
    if (id === field.contentLength) {
      if (length !== null) return 'more than one Content-Length'
      length = value
      continue
    }
    if (id === field.transferEncoding) {
      if (encoding !== null) return 'more than one Transfer-Encoding'
      encoding = value.toLowerCase()
      continue
    }
    if (id === field.connection)
      connection = connection === '' ? value.toLowerCase() : `${connection}, ${value.toLowerCase()}`
    else if (id === field.keepAlive) keepAliveSeconds = secondsOf(value)
    else if (id !== field.proxyConnection && (id !== field.upgrade || switching)) continue
    const start = parser.marks[index * 4] ?? 0
    if (start > keptFrom) kept += text.slice(keptFrom, start)
    keptFrom = index + 1 < parser.count ? (parser.marks[index * 4 + 4] ?? 0) : text.length - 2
  }
  if (encoding !== null && length !== null) return 'both Content-Length and Transfer-Encoding'
  if (encoding !== null && encoding !== 'chunked') return 'a Transfer-Encoding other than chunked'
  if (length !== null && !/^\d{1,15}$/.test(length)) return 'the Content-Length is not a number'
  kept += text.slice(keptFrom, text.length - 2)
  const bodiless = method === 'HEAD' || parser.status < 200 || parser.status === 204 || parser.status === 304
  const close = connection !== '' && connection !== 'keep-alive' && connection.includes('close')
  return {
    status: parser.status,
    framing: framingOf(bodiless, encoding, length),
    contentLength: length === null ? 0 : Number(length),
    keepAlive: parser.minor === 1 ? !close : connection.includes('keep-alive'),
    keepAliveSeconds,
    chunked: encoding !== null,
    text: `HTTP/1.1 ${parser.status} ${text.slice(parser.reasonStart, parser.reasonEnd)}\r\n${kept}`,
  }
}

const framingOf = (bodiless: boolean, encoding: string | null, length: string | null): FramingKind => {
  if (bodiless) return 'none'
  if (encoding !== null) return 'chunked'
  return length === null ? 'close' : 'length'
}

const secondsOf = (value: string): number | null => {
  const timeout = /timeout=(\d{1,6})/i.exec(value)
  return timeout?.[1] === undefined ? null : Number(timeout[1])
}
