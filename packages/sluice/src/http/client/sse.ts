/** Reads server-sent events (WHATWG HTML, section 9.2.6). */

/** One event. `id` is the ledger number, null where it has none. */
export type ServerEvent = { readonly id: number | null; readonly event: string; readonly data: string }

/** Longest text kept while waiting for the end of an event, characters: a ledger row is bounded far below. */
const pendingMax = 8_388_608

/** Events of a body, in order, until it ends or the signal falls. A comment (heartbeat) gives an event named `comment`, so that the reader knows that the stream lives. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent, void, undefined> {
  const reader = body.getReader()
  const stop = (): void => void reader.cancel().catch(() => {})
  signal.addEventListener('abort', stop, { once: true })
  try {
    yield* eventsOf(reader)
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

async function* eventsOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<ServerEvent, void, undefined> {
  const decoder = new TextDecoder()
  let pending = ''
  for (;;) {
    const { value: chunk, done } = await reader.read()
    if (done) return
    // A CR at the end may be half of a CRLF, so it stays until what follows it is known.
    pending = `${pending}${decoder.decode(chunk, { stream: true })}`.replace(/\r\n|\r(?!$)/g, '\n')
    const blocks = pending.split('\n\n')
    pending = blocks.pop() ?? ''
    if (pending.length > pendingMax) return
    for (const block of blocks) {
      const event = parseEvent(block)
      if (event !== null) yield event
    }
  }
}

/** Parser of one block of lines; null for a block that says nothing to a reader. */
const parseEvent = (block: string): ServerEvent | null => {
  const lines = block.split('\n')
  const field = (name: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ''))
  const data = field('data')
  if (data.length === 0)
    return lines.some((line) => line.startsWith(':')) ? { id: null, event: 'comment', data: '' } : null
  const id = field('id').at(-1)
  return { id: id === undefined ? null : Number(id), event: field('event').at(-1) ?? 'message', data: data.join('\n') }
}
