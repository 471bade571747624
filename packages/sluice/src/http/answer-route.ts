/** The answer of one route of the table: read, allowed, handled; as JSON, or as the stream that some routes answer with (`streams/`). */
import { authorize } from './authorize.ts'
import type { RouteId } from './client/paths.ts'
import type { ApiContext, Call } from './context.ts'
import { handlers } from './handlers/all.ts'
import { isHook, takeHook } from './handlers/hooks.ts'
import { metricsText } from './handlers/metrics.ts'
import type { Incoming } from './incoming.ts'
import { expositionType } from './metrics/exposition.ts'
import { readCall, whereOf } from './read-call.ts'
import { routes } from './routes/table.ts'
import { answerAttachment } from './streams/attachment.ts'
import { answerEvents } from './streams/events.ts'
import { answerExport } from './streams/ledger-export.ts'

/** Answers; throws what is to be told as a problem. Its casts are trusted: the call was read by the schemas of the route, which are those of its handler's type; types cannot walk two tables together. */
export const answerRoute = async (context: ApiContext, id: RouteId, incoming: Incoming): Promise<Response> => {
  if (isHook(id)) {
    const { request, from } = incoming
    return Response.json(await takeHook(context, id, { ...incoming, where: whereOf(request, from) }), { status: 202 })
  }
  const call = await readCall(id, incoming)
  await authorize(context, call.principal, { ...call, needs: routes[id].needs })
  if (id === 'events.stream') return answerEvents(context, call as Call<'events.stream'>, incoming)
  if (id === 'ledger.export') return answerExport(context, call as Call<'ledger.export'>, incoming)
  if (id === 'metrics.show') {
    const text = await metricsText(context, { tally: incoming.tally, eventStreams: incoming.streams.open })
    return new Response(text, { headers: { 'content-type': expositionType } })
  }
  if (id === 'runs.attachment') return answerAttachment(context, call as Call<'runs.attachment'>)
  const handle = handlers[id] as (context: ApiContext, call: Call<RouteId>) => Promise<unknown>
  return Response.json(await handle(context, call))
}
