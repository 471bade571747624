/** The answer of `runs.attachment`: a file that a report of a run names, as it was kept. */
import type { ApiContext, Call } from '../context.ts'
import { type AttachmentStream, openAttachment } from '../handlers/attachments.ts'

/** Opens the file. `not_found`, `artifact_missing`, `artifact_mismatch`. */
export const answerAttachment = async (context: ApiContext, call: Call<'runs.attachment'>): Promise<Response> => {
  const { attachment, pieces } = await openAttachment(context, call)
  const rest = pieces[Symbol.asyncIterator]()
  // Read before the answer begins: what is damaged and fits into one piece is an error, not an answer that breaks off.
  let next = await rest.next()
  const stream = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (next.done === true || call.signal.aborted) return controller.close()
      controller.enqueue(next.value)
      next = await rest.next().catch((error: unknown) => {
        context.log.warn('attachment_broken_off', { ...call.params, path: attachment.path, error: String(error) })
        throw error
      })
      if (next.done === true) controller.close()
    },
    cancel: async () => void (await rest.return?.()),
  })
  return new Response(stream, { headers: fileHeaders(attachment) })
}

const fileHeaders = ({ path, mediaType, kept }: AttachmentStream['attachment']): Readonly<Record<string, string>> => {
  const name = path.slice(path.lastIndexOf('/') + 1).replaceAll(/[^\p{L}\p{N}._ -]/gu, '_')
  return {
    'content-type': mediaType,
    'content-length': String(kept.bytes),
    // RFC 6266 and 8187; the plain name is for those who do not read the other one.
    'content-disposition': `attachment; filename="${name.replaceAll(/[^\w. -]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(name)}`,
    // A page that a job made must not run as one of this address, whatever opens it.
    'content-security-policy': "default-src 'none'; sandbox",
  }
}
