/** Bodies from elsewhere, read up to a bound. */
import { SluiceError } from '../../core/errors.ts'

/** The text of a body; `overloaded` when it is longer than `bytesMax`. */
export const boundedText = async (
  { body }: { readonly body: ReadableStream<Uint8Array> | null },
  bytesMax: number,
): Promise<string> => {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new SluiceError('overloaded', { detail: `the text has more than ${bytesMax} bytes` })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
