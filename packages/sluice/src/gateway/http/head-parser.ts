/**
 * Reads the head of an HTTP/1.1 message from bytes, however they are split, and rejects everything that two parsers could read differently:
 * bare LF or CR, obs-fold, space before the colon, control bytes, empty names (RFC 9112, June 2022, sections 2–5 and 11.2). It allocates nothing per
 * head: the caller reads offsets (`marks`, relative to the head's first byte) before it parses the next one.
 *
 * A documented parser: `as number` on bytes within bounds that the loop has checked.
 */
import { hexValues, targetBytes, tokenBytes, valueBytes } from './characters.ts'
import { fieldNumber } from './field-names.ts'

/** Bounds of a head: bytes in all, bytes of the target, number of fields. */
export type HeadLimits = { readonly headBytesMax: number; readonly targetBytesMax: number; readonly fieldsMax: number }

/** Answer of `parse`: more bytes are needed. Anything above is the offset after the head. */
export const needMore = 0
/** Answer of `parse`: the head is not acceptable; `rejection` and `reason` say why. */
export const rejected = -1

const state = {
  start: 0,
  startLf: 1,
  method: 2,
  target: 3,
  version: 4,
  requestLf: 5,
  statusVersion: 6,
  status: 7,
  reason: 8,
  reasonLf: 9,
  fieldStart: 10,
  name: 11,
  valueStart: 12,
  value: 13,
  valueLf: 14,
  endLf: 15,
} as const

const httpPrefix = new TextEncoder().encode('HTTP/')
const CR = 13
const LF = 10
const SP = 32
const HTAB = 9
const COLON = 58

/** A parser of request or response heads; one for each connection, used again for each head. */
export class HeadParser {
  /** Name start, name end, value start, value end of each field, relative to the head's first byte. */
  marks: Int32Array = new Int32Array(4 * 24)
  /** Number in `field` of each field. */
  ids: Uint8Array = new Uint8Array(24)
  count = 0
  methodStart = 0
  methodEnd = 0
  targetStart = 0
  targetEnd = 0
  /** Minor version: 0 or 1. */
  minor = 1
  status = 0
  reasonStart = 0
  reasonEnd = 0
  /** Status with which a request is refused, and why. */
  rejection = 400
  reason = ''
  readonly isRequest: boolean
  readonly limits: HeadLimits
  private state: number
  private position = 0
  private lineStart = 0
  /** Where the head begins in the bytes of this call, and where its bytes end. */
  private start = 0
  private end = 0

  constructor(kind: 'request' | 'response', limits: HeadLimits) {
    this.isRequest = kind === 'request'
    this.limits = limits
    this.state = this.isRequest ? state.start : state.statusVersion
  }

  /** Makes ready for the next head. */
  reset(): void {
    this.state = this.isRequest ? state.start : state.statusVersion
    this.position = 0
    this.lineStart = 0
    this.count = 0
  }

  /** Whether a head has been begun. */
  get begun(): boolean {
    return this.position > 0
  }

  /**
   * Goes on reading the head that begins at `start`; `end` is where the bytes end. Called again with more bytes (the same head, `start` may
   * differ) after `needMore`. Gives the offset after the head (relative to `bytes`), `needMore` or `rejected`.
   */
  parse(bytes: Uint8Array, start: number, end: number): number {
    if (this.position === 0) this.reset()
    const limit = Math.min(end, start + this.limits.headBytesMax)
    this.start = start
    this.end = limit
    let at = start + this.position
    while (at < limit) {
      const next = this.state >= state.fieldStart ? this.readFields(bytes, at) : this.readFirstLine(bytes, at)
      if (next < 0) {
        if (next === -1) return rejected
        this.state = this.isRequest ? state.start : state.statusVersion
        return -next
      }
      at = next
    }
    this.position = at - start
    if (at < end || (limit === end && this.position >= this.limits.headBytesMax)) {
      return this.refuse(this.state <= state.target && this.isRequest ? 414 : 431, 'the head is too large')
    }
    return needMore
  }

  private refuse(status: number, reason: string): number {
    this.rejection = status
    this.reason = reason
    return rejected
  }

  private readFirstLine(bytes: Uint8Array, from: number): number {
    const { start, end } = this
    let at = from
    switch (this.state) {
      case state.start: {
        // An empty line before a request is skipped once (RFC 9112 section 2.2).
        this.methodStart = at - start
        this.state = bytes[at] === CR && at === start ? state.startLf : state.method
        return this.state === state.startLf ? at + 1 : at
      }
      case state.startLf: {
        if (bytes[at] !== LF) return this.refuse(400, 'a CR without LF before the request line')
        this.state = state.start
        return at + 1
      }
      case state.method: {
        while (at < end && tokenBytes[bytes[at] as number] === 1) at += 1
        if (at - start - this.methodStart > 32) return this.refuse(501, 'the method is too long')
        if (at === end) return at
        if (bytes[at] !== SP || at - start === this.methodStart)
          return this.refuse(400, 'a byte that no method may have')
        this.methodEnd = at - start
        this.targetStart = this.methodEnd + 1
        this.state = state.target
        return at + 1
      }
      case state.target: {
        while (at < end && targetBytes[bytes[at] as number] === 1) at += 1
        if (at - start - this.targetStart > this.limits.targetBytesMax)
          return this.refuse(414, 'the target is too long')
        if (at === end) return at
        if (bytes[at] !== SP || at - start === this.targetStart)
          return this.refuse(400, 'a byte that no target may have')
        this.targetEnd = at - start
        this.lineStart = this.targetEnd + 1
        this.state = state.version
        return at + 1
      }
      case state.version:
        return this.readVersion(bytes, at, state.requestLf)
      case state.requestLf: {
        if (bytes[at] === CR && at - start === this.lineStart + 8) return at + 1
        if (bytes[at] !== LF || at - start !== this.lineStart + 9)
          return this.refuse(400, 'the request line does not end in CR LF')
        this.state = state.fieldStart
        return at + 1
      }
      default:
        return this.readStatusLine(bytes, at)
    }
  }

  /** `HTTP/1.0` or `HTTP/1.1`, eight bytes from `lineStart`. */
  private readVersion(bytes: Uint8Array, from: number, next: number): number {
    const first = this.start + this.lineStart
    let at = from
    for (; at < this.end; at += 1) {
      const index = at - first
      const byte = bytes[at] as number
      if (index < 5 && byte !== httpPrefix[index]) return this.refuse(400, 'the version is not HTTP')
      if (index === 5 && byte !== 49)
        return this.refuse((hexValues[byte] as number) < 10 ? 505 : 400, 'the version is not HTTP/1')
      if (index === 6 && byte !== 46) return this.refuse(400, 'the version is not HTTP/1.x')
      if (index < 7) continue
      if (byte !== 48 && byte !== 49)
        return this.refuse((hexValues[byte] as number) < 10 ? 505 : 400, 'the version is neither HTTP/1.0 nor HTTP/1.1')
      this.minor = byte - 48
      this.state = next
      return at + 1
    }
    return at
  }

  private readStatusLine(bytes: Uint8Array, from: number): number {
    const { start, end } = this
    let at = from
    switch (this.state) {
      case state.statusVersion:
        this.status = 0
        return this.readVersion(bytes, at, state.status)
      case state.status: {
        // SP, then three digits, then SP or CR.
        for (; at < end; at += 1) {
          const index = at - start - 8
          const byte = bytes[at] as number
          if (index === 0 && byte !== SP) return this.refuse(502, 'no space after the version')
          if (index === 0) continue
          if (index <= 3 && (byte < 48 || byte > 57)) return this.refuse(502, 'the status is not three digits')
          if (index <= 3) this.status = this.status * 10 + byte - 48
          if (index < 4) continue
          if ((byte !== SP && byte !== CR) || this.status < 100)
            return this.refuse(502, 'the status is not three digits')
          this.reasonStart = at - start + (byte === SP ? 1 : 0)
          this.state = state.reason
          return byte === SP ? at + 1 : at
        }
        return at
      }
      case state.reason: {
        while (at < end && valueBytes[bytes[at] as number] === 1) at += 1
        if (at === end) return at
        if (bytes[at] !== CR) return this.refuse(502, 'a byte that no reason may have')
        this.reasonEnd = at - start
        this.state = state.reasonLf
        return at + 1
      }
      default: {
        if (bytes[at] !== LF) return this.refuse(502, 'the status line does not end in CR LF')
        this.state = state.fieldStart
        return at + 1
      }
    }
  }

  /** Reads fields until the bytes or the head end. Gives the next offset, `rejected`, or minus the offset after the head. */
  private readFields(bytes: Uint8Array, from: number): number {
    const { start, end } = this
    let at = from
    while (at < end) {
      switch (this.state) {
        case state.fieldStart: {
          if (bytes[at] === CR) {
            this.state = state.endLf
            at += 1
            break
          }
          if (this.count >= this.limits.fieldsMax) return this.refuse(431, 'too many fields')
          if (this.count >= this.ids.length) this.grow()
          this.lineStart = at - start
          this.state = state.name
          break
        }
        case state.name: {
          while (at < end && tokenBytes[bytes[at] as number] === 1) at += 1
          if (at === end) return at
          const first = start + this.lineStart
          if (bytes[at] !== COLON || at === first) return this.refuse(400, 'a byte that no field name may have')
          const slot = this.count * 4
          this.ids[this.count] = fieldNumber(bytes, first, at)
          this.marks[slot] = this.lineStart
          this.marks[slot + 1] = at - start
          this.state = state.valueStart
          at += 1
          break
        }
        case state.valueStart: {
          while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at += 1
          if (at === end) return at
          this.marks[this.count * 4 + 2] = at - start
          this.state = state.value
          break
        }
        case state.value: {
          while (at < end && valueBytes[bytes[at] as number] === 1) at += 1
          if (at === end) return at
          if (bytes[at] !== CR) return this.refuse(400, 'a byte that no field value may have')
          this.closeValue(bytes, start, at)
          this.state = state.valueLf
          at += 1
          break
        }
        case state.valueLf: {
          if (bytes[at] !== LF) return this.refuse(400, 'a field does not end in CR LF')
          this.state = state.fieldStart
          at += 1
          break
        }
        default: {
          if (bytes[at] !== LF) return this.refuse(400, 'the head does not end in CR LF')
          this.position = 0
          return -(at + 1)
        }
      }
    }
    return at
  }

  /** Notes where the value ends without its trailing blanks. */
  private closeValue(bytes: Uint8Array, start: number, at: number): void {
    const slot = this.count * 4
    const first = start + (this.marks[slot + 2] as number)
    let end = at
    while (end > first && (bytes[end - 1] === SP || bytes[end - 1] === HTAB)) end -= 1
    this.marks[slot + 3] = end - start
    this.count += 1
  }

  private grow(): void {
    const ids = new Uint8Array(this.ids.length * 2)
    ids.set(this.ids)
    const marks = new Int32Array(this.marks.length * 2)
    marks.set(this.marks)
    this.ids = ids
    this.marks = marks
  }
}
