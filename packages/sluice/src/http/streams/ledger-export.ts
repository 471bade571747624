/** The answer of `ledger.export`: rows of the ledger as a file, which is written as it is read. */
import type { ApiContext, Call } from '../context.ts'
import { exportLines } from '../handlers/ledger-rows.ts'
import type { Incoming } from '../incoming.ts'

/** Opens the file. */
export const answerExport = async (
  context: ApiContext,
  { query, signal }: Call<'ledger.export'>,
  { request }: Incoming,
): Promise<Response> => {
  const lines = await exportLines(context, query)
  const headers = exportHeaders(query)
  if (request.method === 'HEAD') return new Response(null, { headers })
  const encoder = new TextEncoder()
  const stream = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { value, done } = signal.aborted ? { value: undefined, done: true } : await lines.next()
      if (value !== undefined) controller.enqueue(encoder.encode(value))
      if (done === true) controller.close()
    },
    cancel: async () => void (await lines.return(undefined)),
  })
  return new Response(stream, { headers })
}

const exportHeaders = ({ format }: Call<'ledger.export'>['query']): Readonly<Record<string, string>> =>
  format === 'csv'
    ? {
        'content-type': 'text/csv; charset=utf-8; header=present',
        'content-disposition': 'attachment; filename="ledger.csv"',
      }
    : { 'content-type': 'application/x-ndjson' }
