/** The text of a report's bytes. */
import { type ReportContext, unreadable } from '../../core/evidence/told.ts'

/**
 * Decodes a report: by its byte order mark, by what an XML declaration says, else as UTF-8. `evidence_unreadable` for bytes that the encoding does not have:
 * a report that was cut in the middle, or is something else.
 */
export const decodeReport = (bytes: Uint8Array, context: ReportContext): string => {
  const encoding = encodingOf(bytes)
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch (cause) {
    throw unreadable(context, `the file is not text in ${encoding}`, { cause })
  }
}

const encodingOf = (bytes: Uint8Array): string => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 200))
  const declared = /^<\?xml[^>]*\sencoding=["']([A-Za-z][\w.-]{0,30})["']/.exec(head)?.[1]
  // A UTF-16 declaration without its mark cannot be read as ASCII in the first place.
  return declared === undefined || /^utf-?16/i.test(declared) || !isEncoding(declared) ? 'utf-8' : declared
}

const isEncoding = (label: string): boolean => {
  try {
    return new TextDecoder(label).encoding !== ''
  } catch {
    return false
  }
}

/** Whether the bytes begin a ZIP archive. */
export const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04
