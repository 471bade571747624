import { createRequire } from 'node:module'
import type { Logger, pino as Pino } from 'pino'
import type { Log } from '../../ports/clock.ts'

/** Where records go: a file (made with mode 0600, appended to), or a file descriptor such as 2 for stderr. */
export type LogOptions = { readonly to: string | number }

/** Structured records as NDJSON, one a line, written before the call returns: the last words of a process that dies are the ones that matter. */
export const systemLog = (options: LogOptions): Log => {
  let known: Logger | null = null
  const logger = (): Logger => (known ??= open(options))
  return {
    info: (event, fields) => logger().info({ event, ...fields }),
    warn: (event, fields) => logger().warn({ event, ...fields }),
    error: (event, fields) => logger().error({ event, ...fields }),
  }
}

/** A log whose warnings of one event are told as well: to a person at a terminal, who does not read logs. Each text once. */
export const telling = (
  log: Log,
  { event: told, tell }: { readonly event: string; readonly tell: (text: string) => void },
): Log => {
  const said = new Set<string>()
  return {
    info: (event, fields) => log.info(event, fields),
    error: (event, fields) => log.error(event, fields),
    warn: (event, fields) => {
      log.warn(event, fields)
      const text = String(fields['text'])
      if (event !== told || said.has(text)) return
      said.add(text)
      tell(text)
    },
  }
}

/** Records that wait for a disk that has no room, bytes; later ones are lost. */
const waitingBytesMax = 1_048_576

/** Loaded with the first record, and at once: a command that goes well writes none, and a last word cannot wait for a promise. */
const open = ({ to }: LogOptions): Logger => {
  const pino: typeof Pino = createRequire(import.meta.url)('pino')
  const destination = pino.destination({ dest: to, sync: true, append: true, mode: 0o600, maxLength: waitingBytesMax })
  // A full disk takes records, and ends nobody for it: what was not written waits for the next, up to that bound.
  destination.on('error', () => {})
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } },
    destination,
  )
}
