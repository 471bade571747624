/**
 * Finds where a message's body ends (RFC 9112 sections 6 and 7, June 2022). Chunked framing is checked byte by byte and passed on as it is,
 * so a chunk size that two parsers could read differently never gets through: no bare LF, no blanks, no `0x`, at most 13 hex digits.
 */
import { hexValues, tokenBytes, valueBytes } from './characters.ts'

/** How the end of a body is known. */
export type FramingKind = 'none' | 'length' | 'chunked' | 'close'

/** Answer of `consume` when the framing is broken. */
export const broken = -1

/** Receives the runs of body data inside the framing. */
export type DataSink = (bytes: Uint8Array, start: number, end: number) => void

const chunk = {
  size: 0,
  extension: 1,
  sizeLf: 2,
  data: 3,
  dataCr: 4,
  dataLf: 5,
  trailer: 6,
  trailerLf: 7,
  endLf: 8,
} as const
const CR = 13
const LF = 10
const SEMICOLON = 59
const COLON = 58
/** Chunk extensions and trailers have no use here; beyond this many bytes they are an attack. */
const overheadBytesMax = 8_192
const sizeDigitsMax = 13

/** Follows the framing of one body. */
export class BodyFraming {
  /** Gets the body data, framing left out; null when nobody wants it by itself. */
  sink: DataSink | null = null
  kind: FramingKind = 'none'
  done = true
  /** Bytes of body data seen, framing not counted. */
  dataBytes = 0
  private remaining = 0
  private state: number = chunk.size
  private digits = 0
  private overhead = 0
  /** Whether the trailer line being read has had its colon: 0 empty line so far, 1 in the name, 2 in the value. */
  private trailerPart = 0

  /** Begins a body; `length` counts for `length` only. */
  begin(kind: FramingKind, length: number): void {
    this.kind = kind
    this.remaining = length
    this.done = kind === 'none' || (kind === 'length' && length === 0)
    this.dataBytes = 0
    this.state = chunk.size
    this.digits = 0
    this.overhead = 0
    this.trailerPart = 0
  }

  /** Whether a chunk could begin here. */
  get betweenChunks(): boolean {
    return this.kind === 'chunked' && !this.done && this.state === chunk.size && this.digits === 0
  }

  /** Takes the bytes of this body from `start`; gives the offset after them, or `broken`. `done` says whether the body is complete. */
  consume(bytes: Uint8Array, start: number, end: number): number {
    if (this.done) return start
    if (this.kind === 'chunked') return this.consumeChunks(bytes, start, end)
    const stop = this.kind === 'close' ? end : Math.min(end, start + this.remaining)
    this.remaining -= stop - start
    this.dataBytes += stop - start
    this.done = this.kind === 'length' && this.remaining === 0
    if (stop > start) this.sink?.(bytes, start, stop)
    return stop
  }

  private consumeChunks(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end) {
      if (this.state === chunk.data) {
        const stop = Math.min(end, at + this.remaining)
        this.sink?.(bytes, at, stop)
        this.dataBytes += stop - at
        this.remaining -= stop - at
        at = stop
        if (this.remaining === 0) this.state = chunk.dataCr
        continue
      }
      if (!this.step(bytes[at] ?? 0)) return broken
      at += 1
      if (this.done) return at
    }
    return at
  }

  /** One byte of framing; false when it breaks it. */
  private step(byte: number): boolean {
    switch (this.state) {
      case chunk.size:
        return this.stepSize(byte)
      case chunk.extension:
        this.overhead += 1
        if (byte === CR) this.state = chunk.sizeLf
        return (byte === CR || valueBytes[byte] === 1) && this.overhead <= overheadBytesMax
      case chunk.sizeLf:
        this.state = this.remaining === 0 ? chunk.trailer : chunk.data
        this.digits = 0
        return byte === LF
      case chunk.dataCr:
        this.state = chunk.dataLf
        return byte === CR
      case chunk.dataLf:
        this.state = chunk.size
        return byte === LF
      case chunk.trailer:
        return this.stepTrailer(byte)
      case chunk.trailerLf:
        this.state = chunk.trailer
        this.trailerPart = 0
        return byte === LF
      default:
        this.done = byte === LF
        return this.done
    }
  }

  private stepSize(byte: number): boolean {
    const digit = hexValues[byte] ?? 255
    if (digit < 16) {
      this.remaining = (this.digits === 0 ? 0 : this.remaining) * 16 + digit
      this.digits += 1
      return this.digits <= sizeDigitsMax
    }
    this.state = byte === CR ? chunk.sizeLf : chunk.extension
    return this.digits > 0 && (byte === CR || byte === SEMICOLON)
  }

  private stepTrailer(byte: number): boolean {
    this.overhead += 1
    if (this.overhead > overheadBytesMax) return false
    if (byte === CR) {
      this.state = this.trailerPart === 0 ? chunk.endLf : chunk.trailerLf
      return this.trailerPart !== 1
    }
    if (this.trailerPart === 2) return valueBytes[byte] === 1
    if (byte === COLON && this.trailerPart === 1) {
      this.trailerPart = 2
      return true
    }
    this.trailerPart = 1
    return tokenBytes[byte] === 1
  }
}
