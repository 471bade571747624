/** The answer of `events.stream`: rows of the ledger as they come, for as long as whoever asked may see them. */
import { SluiceError } from '../../core/errors.ts'
import { aggregateKinds } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { authorizeAtAll } from '../authorize.ts'
import type { ApiContext, Call } from '../context.ts'
import { overview } from '../handlers/environments.ts'
import type { Incoming } from '../incoming.ts'
import { routes } from '../routes/table.ts'
import { stillAllowed } from '../still-allowed.ts'
import { type EventQuery, eventStream, type Snapshot } from './event-stream.ts'

/** Opens the stream. `overloaded` when too many are open, `usage_invalid`. */
export const answerEvents = (context: ApiContext, call: Call<'events.stream'>, incoming: Incoming): Response => {
  const { query, signal } = call
  const { streams, request, recognise } = incoming
  if (streams.open >= limits.eventStreamsMax) {
    throw new SluiceError('overloaded', {
      detail: `${limits.eventStreamsMax} event streams are open already`,
      hint: 'close one, or ask the routes instead',
    })
  }
  const key = keyOf(query)
  const after = lastEventId(request.headers.get('last-event-id')) ?? query.after ?? null
  const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }
  // The router asks this for a HEAD, too, and drops the body without ending it: a stream would be open for ever.
  if (request.method === 'HEAD') return new Response(null, { headers })
  streams.open += 1
  const { needs } = routes['events.stream']
  const allowed = stillAllowed(context, async () => authorizeAtAll(await recognise(request), needs))
  const onClose = (): void => {
    streams.open -= 1
    allowed.stop()
  }
  const ended = AbortSignal.any([signal, context.closing, allowed.signal])
  const source = { feed: context.feed, clock: context.clock, head: () => context.engine.reading.head() }
  const snapshot = query.gap === 'snapshot' ? () => snapshotOf(context) : null
  const stream = eventStream(source, { after, key, snapshot }, { ended, onClose })
  return new Response(stream, { headers })
}

/** The aggregate that is meant; null for all. */
const keyOf = ({ kind: name, id }: Call<'events.stream'>['query']): EventQuery['key'] => {
  const kind = aggregateKinds.find((one) => one === name)
  if ((name === undefined) !== (id === undefined) || (name !== undefined && kind === undefined)) {
    throw new SluiceError('usage_invalid', {
      detail: `kind (${aggregateKinds.join(', ')}) and id name an aggregate together`,
      hint: 'give both or none',
    })
  }
  return kind === undefined || id === undefined ? null : { kind, id }
}

/** Every environment, and the newest row before it was looked at: a row that came meanwhile is told again rather than missed. */
const snapshotOf = async (context: ApiContext): Promise<Snapshot> => {
  const seq = await context.engine.reading.head()
  return { seq, text: JSON.stringify(await overview(context)) }
}

const lastEventId = (header: string | null): number | null =>
  header !== null && /^\d{1,15}$/.test(header) ? Number(header) : null
