import type { Handlers } from '../context.ts'
import { overridesOf } from './environments.ts'
import { serviceOf } from './lookup.ts'
import { meantPage, pageOf } from './meant-page.ts'
import { trainFilter } from './list-filters.ts'
import { showTrain, tellTrain } from './trains-now.ts'

/** Answers about release trains, and everything that is asked of one. */
export const trainHandlers: Handlers<'trains.list' | 'trains.start' | 'trains.show' | 'trains.command'> = {
  'trains.list': async (context, { query }) => {
    const filter = trainFilter(query)
    const { reading } = context.engine
    const page = await meantPage((asked) => reading.trains({ ...asked, filter }), pageOf(query))
    return { items: await Promise.all(page.items.map((train) => showTrain(context, train))), next: page.next }
  },
  'trains.start': async (context, { body, caller, signal }) => {
    const own = body.members.every(({ service }) => typeof service === 'string') ? '' : await serviceOf(context, signal)
    const members = body.members.map(({ service, environment, release }) => ({
      service: service ?? own,
      environment,
      release: release ?? null,
    }))
    const command = { members, order: body.order ?? 'ordered', ...overridesOf(body.overrides) }
    return context.engine.startTrain(command, { ...caller, reason: body.reason ?? null })
  },
  'trains.show': async (context, { params }) => tellTrain(context, await context.engine.reading.train(params.train)),
  'trains.command': async (context, { params, body, caller }) => {
    const type = body.command === 'abort' ? 'abort_requested' : 'retry_requested'
    await context.engine.commandTrain(params.train, type, { ...caller, reason: body.reason ?? null })
    return tellTrain(context, await context.engine.reading.train(params.train))
  },
}
