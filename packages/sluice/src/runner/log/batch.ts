/** What waits to be written to a log: frames that were filled, in memory that logs hand on to each other. */
import { frameBytesMax } from './frames.ts'

/** Frames that are written together. */
export type Batch = {
  readonly memory: Buffer
  used: number
  /** Of these, without heads. */
  textBytes: number
  /** Lines of the log before the batch. */
  firstLine: number
  lines: number
}

/** A batch with nothing in it, for what comes after so many lines. */
export const emptyBatch = (firstLine: number): Batch => ({
  memory: free.pop() ?? Buffer.allocUnsafe(frameBytesMax),
  used: 0,
  textBytes: 0,
  firstLine,
  lines: 0,
})

/** Hands the memory of a batch on: hundreds of short jobs would each ask for more than they ever say. */
export const giveBack = ({ memory }: Batch): void => {
  if (free.length < freeMax) free.push(memory)
}

/** The bytes of batches. */
export const piecesOf = (batches: readonly Batch[]): readonly Buffer[] =>
  batches.map(({ memory, used }) => memory.subarray(0, used))

const free: Buffer[] = []
const freeMax = 32
