/** Keeps secrets out of a stream: every usual form of a value becomes `***` before the bytes reach disk or screen, also across chunk borders. */

/** What a secret is replaced by. */
export const mask = '***'

/** Shorter values and lines are not masked: they would blank out ordinary text without hiding anything. */
const lengthMin = 4
const lineLengthMin = 6

/** The forms in which a value may show up: as it is, line by line, JSON, URL, base64 at the three offsets, hex. */
export const formsOf = (secret: string): readonly string[] => {
  if (secret.length < lengthMin) return []
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= lineLengthMin)
  const bytes = Buffer.from(secret, 'utf8')
  const forms = [
    secret,
    ...lines,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    encodeURIComponent(secret).replaceAll('%20', '+'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...base64Forms(bytes),
  ]
  return [...new Set(forms)].filter((form) => form.length >= lengthMin)
}

/** Base64 of the value at each of the three byte offsets it may have in a longer text, without the characters that its neighbours decide. */
const base64Forms = (bytes: Buffer): readonly string[] =>
  [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replaceAll('=', '')
    const head = offset === 0 ? 0 : offset + 1
    const tail = (offset + bytes.length) % 3 === 0 ? 0 : 1
    const inner = padded.slice(head, padded.length - tail)
    return inner.length < 8 ? [] : [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
  })

type Node = { readonly next: Map<number, Node>; fail: Node | null; depth: number; longest: number }

const node = (depth: number): Node => ({ next: new Map(), fail: null, depth, longest: 0 })

/** An Aho–Corasick automaton over UTF-16 units. Source: Aho, Corasick, CACM 18(6), 1975. */
const build = (patterns: readonly string[]): Node => {
  const root = node(0)
  for (const pattern of patterns) {
    let at = root
    for (let index = 0; index < pattern.length; index += 1) {
      const unit = pattern.charCodeAt(index)
      const next = at.next.get(unit) ?? node(index + 1)
      at.next.set(unit, next)
      at = next
    }
    at.longest = pattern.length
  }
  const queue = [...root.next.values()]
  for (const child of queue) child.fail = root
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const [unit, child] of at.next) {
      let fail = at.fail
      while (fail !== null && !fail.next.has(unit)) fail = fail.fail
      child.fail = fail?.next.get(unit) ?? root
      child.longest = Math.max(child.longest, child.fail.longest)
      queue.push(child)
    }
  }
  return root
}

/** Masks a text that comes in pieces. `push` gives what is certain so far, `end` the rest. */
export class Masker {
  readonly #root: Node
  readonly #isEmpty: boolean
  #held = ''
  #at: Node
  /** Units at the beginning of `#held` that are part of a match seen already. */
  #covered = 0

  constructor(secrets: readonly string[]) {
    const patterns = [...new Set(secrets.flatMap(formsOf))]
    this.#isEmpty = patterns.length === 0
    this.#root = build(patterns)
    this.#at = this.#root
  }

  push(text: string): string {
    if (this.#isEmpty) return text
    let out = ''
    for (let index = 0; index < text.length; index += 1) out += this.#take(text.charCodeAt(index))
    return out
  }

  /** What is still held back; the masker may be used again after it. */
  end(): string {
    const rest = this.#covered > 0 ? mask + this.#held.slice(this.#covered) : this.#held
    this.#held = ''
    this.#covered = 0
    this.#at = this.#root
    return rest
  }

  /** Takes one unit. What can no longer be part of a match is let go; a match is kept until it cannot grow. */
  #take(unit: number): string {
    let at: Node | null = this.#at
    while (at !== null && !at.next.has(unit)) at = at.fail
    this.#at = at?.next.get(unit) ?? this.#root
    this.#held += String.fromCharCode(unit)
    const { depth, longest } = this.#at
    if (longest > 0) {
      const start = this.#held.length - longest
      const out = start >= this.#covered ? this.#release(start) : ''
      this.#covered = this.#held.length
      return out
    }
    const free = this.#held.length - depth
    return free > 0 && free >= this.#covered ? this.#release(free) : ''
  }

  /** Lets go of the first `count` units, with what was covered among them as one mask. */
  #release(count: number): string {
    const out = this.#covered > 0 ? mask + this.#held.slice(this.#covered, count) : this.#held.slice(0, count)
    this.#held = this.#held.slice(count)
    this.#covered = 0
    return out
  }
}
