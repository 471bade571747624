/**
 * Finds many patterns in a stream of bytes. An automaton (Aho, Corasick, CACM 18(6), 1975) goes byte by byte where a pattern may have begun; in front of it
 * a table of 4-grams passes over the rest in strides: a pattern of `stride + 3` bytes or more has one of its first 4-grams at every place of a stride, so
 * that one look for each stride is enough. (Wu and Manber, TR-94-17, 1994, move by what the last look found; a fixed stride needs no such chain, and is
 * four times as fast here.) Memory is some 14 bytes a state, a state for each byte of a pattern; the time is linear in the text whatever the patterns are.
 */

/** An automaton. States are numbered so that the first child of a state comes right after it; 0 is the root. */
export type Automaton = {
  /** Bytes from one look at the table of 4-grams to the next. */
  readonly stride: number
  /** By hash: 1 for each 4-gram that begins in the first `stride` bytes of a pattern. */
  readonly grams: Uint8Array
  /** The hash is the top `32 - gramShift` bits of a product. */
  readonly gramShift: number
  /** The byte by which the state after this one is its child; -1 for none. */
  readonly firstByte: Int16Array
  /** First of the other children in `branches`; 0 for none. */
  readonly branchOf: Int32Array
  /** Triples: byte, child, next triple. */
  readonly branches: Int32Array
  /** Children of the root and of its children, by byte: rows of 256. A row of 0 stands for none; row 0 is the root's. */
  readonly rows: Int32Array
  readonly rowOf: Int32Array
  /** The state for the longest proper suffix that begins a pattern. */
  readonly fallback: Int32Array
  /** Bytes since the pattern began that may go furthest. */
  readonly depth: Uint16Array
  /** Length of the longest pattern that ends here; 0 for none. */
  readonly matched: Uint16Array
}

const gramLength = 4
const strideMax = 13
const rowLength = 256
const hashFactor = 0x9e_37_79_b1
/** Places of the table for each 4-gram in it: one in 32 looks at other text is for nothing. */
const placesEach = 32
const gramBitsMin = 14
const gramBitsMax = 20

/**
 * The first place from `from` on at which a pattern may begin. When it is nearer to the end of the text than a pattern is long, what follows is unknown, not
 * free. `view` is on the text.
 */
export const skip = ({ stride, grams, gramShift }: Automaton, view: DataView, from: number): number => {
  const last = view.byteLength - gramLength
  let at = from + stride - 1
  while (at <= last && grams[Math.imul(view.getInt32(at, true), hashFactor) >>> gramShift] === 0) at += stride
  return at - stride + 1
}

/** The state after one more byte. */
export const step = (automaton: Automaton, from: number, byte: number): number => {
  const { firstByte, fallback } = automaton
  let state = from
  for (;;) {
    if (firstByte[state] === byte) return state + 1
    const child = otherChild(automaton, state, byte)
    if (child !== 0 || state === 0) return child
    state = fallback[state] ?? 0
  }
}

/** A child other than the first; 0 for none. */
const otherChild = ({ rowOf, rows, branchOf, branches }: Automaton, state: number, byte: number): number => {
  const row = rowOf[state] ?? 0
  if (row !== 0 || state === 0) return rows[row + byte] ?? 0
  let at = branchOf[state] ?? 0
  while (at !== 0) {
    if (branches[at] === byte) return branches[at + 1] ?? 0
    at = branches[at + 2] ?? 0
  }
  return 0
}

/** Builds the automaton of some patterns, each of 4 to 65,535 bytes. */
export const buildAutomaton = (patterns: readonly Uint8Array[]): Automaton => {
  const sorted = patterns.toSorted((a, b) => Buffer.compare(a, b))
  const trie = createTrie(sorted)
  const statesCount = plant(trie, sorted)
  fallBack(trie, statesCount)
  return { ...trie.automaton, ...gramTable(sorted) }
}

type Trie = {
  readonly automaton: Automaton
  readonly parents: Int32Array
  readonly bytes: Uint8Array
}

const createTrie = (patterns: readonly Uint8Array[]): Trie => {
  const statesMax = 1 + patterns.reduce((sum, { length }) => sum + length, 0)
  const beginnings = new Set(patterns.map(([first]) => first)).size
  return {
    automaton: {
      stride: 1,
      grams: new Uint8Array(0),
      gramShift: 0,
      firstByte: new Int16Array(statesMax).fill(-1),
      branchOf: new Int32Array(statesMax),
      branches: new Int32Array(3 * (patterns.length + 1)),
      rows: new Int32Array(rowLength * (beginnings + 1)),
      rowOf: new Int32Array(statesMax),
      fallback: new Int32Array(statesMax),
      depth: new Uint16Array(statesMax),
      matched: new Uint16Array(statesMax),
    },
    parents: new Int32Array(statesMax),
    bytes: new Uint8Array(statesMax),
  }
}

/** Adds the patterns, which are sorted, and gives the number of states. */
const plant = ({ automaton, parents, bytes }: Trie, patterns: readonly Uint8Array[]): number => {
  const { firstByte, branchOf, branches, rows, rowOf, depth, matched } = automaton
  const path = [0]
  let states = 1
  let triples = 0
  let rowsUsed = 1
  let previous: Uint8Array = new Uint8Array(0)
  for (const pattern of patterns) {
    for (let index = commonLength(previous, pattern); index < pattern.length; index += 1) {
      const parent = path[index] ?? 0
      const byte = pattern[index] ?? 0
      const child = states++
      if (index === 1 && rowOf[parent] === 0) rowOf[parent] = rowLength * rowsUsed++
      if (child === parent + 1) firstByte[parent] = byte
      if (index <= 1) rows[(rowOf[parent] ?? 0) + byte] = child
      else if (child !== parent + 1) {
        triples += 3
        branches.set([byte, child, branchOf[parent] ?? 0], triples)
        branchOf[parent] = triples
      }
      parents[child] = parent
      bytes[child] = byte
      depth[child] = index + 1
      path[index + 1] = child
    }
    matched[path[pattern.length] ?? 0] = pattern.length
    previous = pattern
  }
  return states
}

const commonLength = (a: Uint8Array, b: Uint8Array): number => {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1
  return length
}

/** Links each state to its longest suffix, the shallow ones first, because the deep ones need theirs. */
const fallBack = ({ automaton, parents, bytes }: Trie, states: number): void => {
  const { fallback, depth, matched } = automaton
  for (const state of byDepth(depth, states)) {
    const parent = parents[state] ?? 0
    const suffix = parent === 0 ? 0 : step(automaton, fallback[parent] ?? 0, bytes[state] ?? 0)
    fallback[state] = suffix
    if (matched[state] === 0) matched[state] = matched[suffix] ?? 0
  }
}

/** All states but the root, by counting. */
const byDepth = (depth: Uint16Array, states: number): Int32Array => {
  const places = new Int32Array(depth.reduce((max, one) => Math.max(max, one), 0) + 2)
  for (let state = 1; state < states; state += 1) add(places, (depth[state] ?? 0) + 1, 1)
  for (let level = 1; level < places.length; level += 1) add(places, level, places[level - 1] ?? 0)
  const order = new Int32Array(states - 1)
  for (let state = 1; state < states; state += 1) order[add(places, depth[state] ?? 0, 1)] = state
  return order
}

/** Adds to a number of a list, and gives what it was. */
const add = (list: Int32Array, at: number, amount: number): number => {
  const was = list[at] ?? 0
  list[at] = was + amount
  return was
}

const gramTable = (patterns: readonly Uint8Array[]): Pick<Automaton, 'stride' | 'grams' | 'gramShift'> => {
  const stride = Math.min(strideMax, ...patterns.map(({ length }) => length - gramLength + 1))
  const bits = Math.ceil(Math.log2(placesEach * patterns.length * stride))
  const gramShift = 32 - Math.max(gramBitsMin, Math.min(gramBitsMax, bits))
  const grams = new Uint8Array(2 ** (32 - gramShift))
  for (const pattern of patterns) {
    const view = new DataView(pattern.buffer, pattern.byteOffset, pattern.length)
    for (let index = 0; index < stride; index += 1)
      grams[Math.imul(view.getInt32(index, true), hashFactor) >>> gramShift] = 1
  }
  return { stride, grams, gramShift }
}
