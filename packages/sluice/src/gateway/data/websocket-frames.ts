/** Follows WebSocket frames (RFC 6455 section 5, December 2011) in one direction of a tunnel, so that something can be said between two messages. */

const final = 0x80
/** RSV2 and RSV3: no extension in use has a meaning for them. RSV1 is compression's. */
const reserved = 0x30
const masked = 0x80

/** Knows where frames and messages end. What turns out not to be frames is `opaque` from then on. */
export class WebSocketFrames {
  /** These bytes are no WebSocket frames; nothing may be put between them. */
  opaque = false
  private readonly head: Uint8Array = new Uint8Array(14)
  private headBytes = 0
  private headLength = 2
  /** Bytes of the frame's payload still to come. */
  private remaining = 0
  /** A message of several frames is not at its end. */
  private fragmented = false
  private isData = false

  /** Whether a frame could begin here. */
  get betweenFrames(): boolean {
    return !this.opaque && this.headBytes === 0 && this.remaining === 0
  }

  /** Whether a message could begin here. */
  get betweenMessages(): boolean {
    return this.betweenFrames && !this.fragmented
  }

  /** Takes the next bytes; true when some of them are a message's. Pings, pongs and closes are none: they only keep a connection open. */
  follow(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start
    let data = false
    while (at < end) {
      if (this.opaque) return true
      if (this.remaining > 0) {
        const taken = Math.min(this.remaining, end - at)
        this.remaining -= taken
        at += taken
        data ||= this.isData
        continue
      }
      this.head[this.headBytes] = bytes[at] ?? 0
      this.headBytes += 1
      at += 1
      if (this.headBytes === 2) this.headLength = lengthOfHead(this.head[1] ?? 0)
      if (this.headBytes < this.headLength) continue
      this.begin()
      data ||= this.isData
    }
    return data
  }

  /** A head is complete. */
  private begin(): void {
    const [first = 0, second = 0] = this.head
    const code = first & 0x0f
    const isControl = code >= 8
    if ((first & reserved) !== 0 || (code > 2 && code < 8) || code > 10) this.opaque = true
    if (isControl && ((first & final) === 0 || (second & 0x7f) > 125)) this.opaque = true
    this.isData = !isControl
    if (!isControl) this.fragmented = (first & final) === 0
    this.remaining = lengthIn(this.head)
    this.headBytes = 0
    this.headLength = 2
  }
}

const lengthOfHead = (second: number): number => {
  const short = second & 0x7f
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + ((second & masked) === 0 ? 0 : 4)
}

const lengthIn = (head: Uint8Array): number => {
  const short = (head[1] ?? 0) & 0x7f
  if (short < 126) return short
  let length = 0
  for (let index = 2; index < (short === 126 ? 4 : 10); index += 1) length = length * 256 + (head[index] ?? 0)
  return length
}

/** "Going away" (1001, RFC 6455 section 7.4.1) as a server says it. */
export const goingAway: Buffer = Buffer.from([0x88, 0x02, 0x03, 0xe9])
/** The same as a client says it: masked, as all of a client's frames are. */
export const goingAwayMasked: Buffer = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9])
