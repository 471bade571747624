/** Bodies from elsewhere, read up to a bound. */
import { SluiceError } from '../../core/errors.ts'

type Body = { readonly body: ReadableStream<Uint8Array> | null }

/** The chunks of a body as they come; `overloaded` once they are more than `bytesMax`. */
export async function* boundedChunks({ body }: Body, bytesMax: number): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new SluiceError('overloaded', { detail: `the body has more than ${bytesMax} bytes` })
    yield chunk
  }
}

/** The text of a body; `overloaded` when it is longer than `bytesMax`. */
export const boundedText = async (body: Body, bytesMax: number): Promise<string> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of boundedChunks(body, bytesMax)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
