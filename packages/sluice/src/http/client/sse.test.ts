import { deepStrictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { readEvents, type ServerEvent } from './sse.ts'

const read = async (pieces: readonly string[]): Promise<readonly ServerEvent[]> => {
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece))
      controller.close()
    },
  })
  return Array.fromAsync(readEvents(stream, new AbortController().signal))
}

test('events are read however the network cuts them', async () => {
  const text =
    'retry: 1000\n\n: still here\n\nid: 7\nevent: ledger_row\ndata: {"a":1}\n\nid: 8\r\ndata: x\r\ndata: y\r\n\r\n'
  const events: readonly ServerEvent[] = [
    { id: null, event: 'comment', data: '' },
    { id: 7, event: 'ledger_row', data: '{"a":1}' },
    { id: 8, event: 'message', data: 'x\ny' },
  ]
  deepStrictEqual(await read([text]), events)
  deepStrictEqual(await read([...text]), events)
})

test('an event that was cut short is not told', async () => {
  deepStrictEqual(await read(['id: 7\ndata: half']), [])
})

test('a stream that is silent ends when the reader has had enough', async () => {
  const enough = new AbortController()
  const cancelled = Promise.withResolvers<void>()
  const stream = new ReadableStream<Uint8Array>({ cancel: () => cancelled.resolve() })
  const reading = Array.fromAsync(readEvents(stream, enough.signal))
  enough.abort()
  deepStrictEqual(await reading, [])
  await cancelled.promise
})
