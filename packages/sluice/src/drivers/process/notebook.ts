/** The file of one environment: read, and written whole. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from '../../lib/files.ts'
import { decodeRecord, encodeRecord, recordFileName } from './records.ts'
import type { EnvironmentRecord } from './records.ts'

/** Reads and writes one environment's record. */
export type Notebook = {
  /** The record on disk, null when there is none; `changed` when it is not what was last read or written here. */
  readonly read: () => Promise<{ readonly record: EnvironmentRecord | null; readonly changed: boolean }>
  /** Durable when it resolves; nothing is written when it is what stands there. */
  readonly write: (record: EnvironmentRecord) => Promise<void>
}

/** The notebook of an environment under `folder`. */
export const openNotebook = (
  folder: string,
  { service, environment }: { readonly service: string; readonly environment: string },
): Notebook => {
  const file = join(folder, recordFileName(service, environment))
  // Undefined until it was read for the first time.
  let known: string | null | undefined
  return {
    read: async () => {
      const text = await readFile(file, 'utf8').catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
        throw error
      })
      const record = text === null ? null : decodeRecord(text, file)
      const changed = text !== known
      known = text
      return { record, changed }
    },
    write: async (record) => {
      const text = encodeRecord(record)
      if (text === known) return
      await writeWhole(file, text)
      known = text
    },
  }
}
