/** The writer's thread: everything that has arrived by the time it looks goes into one transaction. */
import { parentPort, receiveMessageOnPort } from 'node:worker_threads'
import { limits } from '../../../core/limits.ts'
import { assert } from '../../../core/machine.ts'
import { createBallast } from './ballast.ts'
import { failureError } from './failures.ts'
import { databasePath } from './files.ts'
import { prepareDatabase } from './prepare.ts'
import { sqliteTexts } from './texts.ts'
import { Writer, failedOf } from './writer.ts'
import type { MessagePort } from 'node:worker_threads'
import type { Ballast } from './ballast.ts'
import type { FromWriter, ToWriter, WriterStart } from './messages.ts'

type Parts = { readonly close: () => void; readonly ballast: Ballast; readonly writer: Writer }
type Write = Extract<ToWriter, { kind: 'write' }>

const run = (port: MessagePort): void => {
  const send = (line: FromWriter): void => port.postMessage(line)
  // The first message says that the directory is ours, and which it is.
  port.once('message', (start: WriterStart) => {
    const parts = begin(start, send)
    if (parts === null) return
    port.on('message', (first: ToWriter) => {
      serve(parts, [first, ...arrived(port)], send)
      parts.writer.maintain()
    })
    parts.ballast.keep()
    send({ kind: 'ready' })
  })
}

/** Opens the database; a full disk gives its ballast up first, so that a start on a full disk still reads and rolls back. */
const begin = (start: WriterStart, send: (line: FromWriter) => void): Parts | null => {
  const { directory, synchronous, checkpointPages } = start
  const ballast = createBallast(directory, start.ballastBytes)
  const open = (): Parts => {
    const { connection, close } = prepareDatabase({ directory, synchronous, schema: sqliteTexts.schema })
    return {
      close,
      ballast,
      writer: new Writer({ directory, connection, ballast, statements: sqliteTexts.write, checkpointPages }),
    }
  }
  const failed = (error: unknown) => failedOf(failureError(error, 'opened', databasePath(directory)))
  try {
    return open()
  } catch (first) {
    if (failed(first).code !== 'store_full' || !ballast.release())
      return (send({ kind: 'refused', failed: failed(first) }), null)
    try {
      return open()
    } catch (second) {
      return (send({ kind: 'refused', failed: failed(second) }), null)
    }
  }
}

const arrived = (port: MessagePort): readonly ToWriter[] => {
  const lines: ToWriter[] = []
  while (lines.length < limits.commitGroupMax - 1) {
    const next: { readonly message: ToWriter } | undefined = receiveMessageOnPort(port)
    if (next === undefined) break
    lines.push(next.message)
  }
  return lines
}

const serve = (parts: Parts, lines: readonly ToWriter[], send: (line: FromWriter) => void): void => {
  let group: Write[] = []
  const flush = (): void => {
    if (group.length === 0) return
    const outcomes = parts.writer.write(group.map(({ request }) => request))
    send({
      kind: 'outcomes',
      outcomes: group.flatMap(({ id }, index) => {
        const outcome = outcomes[index]
        return outcome === undefined ? [] : [{ id, outcome }]
      }),
    })
    group = []
  }
  for (const line of lines) {
    if (line.kind === 'write') {
      group.push(line)
      continue
    }
    flush()
    if (line.kind === 'release_ballast') parts.ballast.release()
    else parts.close()
    send({ kind: 'done', id: line.id })
  }
  flush()
}

assert(parentPort !== null, 'the writer runs in a thread of its own')
run(parentPort)
