/** Virtual time: callbacks in the order of their moments, and nothing happens between them. */

type Entry = { readonly at: number; readonly order: number; readonly run: () => void; isCancelled: boolean }

/** See the file's header. Times are true (monotonic) milliseconds. */
export class Timeline {
  now = 0
  readonly #heap: Entry[] = []
  readonly #advance: (now: number) => void
  #order = 0

  /** `advance` is told the time before each callback runs. */
  constructor(advance: (now: number) => void) {
    this.#advance = advance
  }

  /** Calls `run` in `ms`; gives how to call it off. Equal moments keep the order of asking. */
  after(ms: number, run: () => void): () => void {
    const entry: Entry = { at: this.now + Math.max(0, ms), order: this.#order, run, isCancelled: false }
    this.#order += 1
    this.#insert(entry)
    return () => {
      entry.isCancelled = true
    }
  }

  /** Runs the next callback; false when there is none. */
  step(): boolean {
    for (;;) {
      const entry = this.#remove()
      if (entry === undefined) return false
      if (entry.isCancelled) continue
      this.now = entry.at
      this.#advance(entry.at)
      entry.run()
      return true
    }
  }

  #insert(entry: Entry): void {
    const heap = this.#heap
    heap.push(entry)
    let index = heap.length - 1
    while (index > 0) {
      const above = (index - 1) >> 1
      const other = heap[above]
      if (other === undefined || !isBefore(entry, other)) break
      heap[index] = other
      index = above
    }
    heap[index] = entry
  }

  #remove(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || first === last) return first
    let index = 0
    for (;;) {
      let below = 2 * index + 1
      const left = heap[below]
      const right = heap[below + 1]
      if (left === undefined) break
      if (right !== undefined && isBefore(right, left)) below += 1
      const smaller = heap[below]
      if (smaller === undefined || !isBefore(smaller, last)) break
      heap[index] = smaller
      index = below
    }
    heap[index] = last
    return first
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
