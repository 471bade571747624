import type { Train } from '../../core/train/types.ts'
import type { ApiContext, Handlers } from '../context.ts'
import type { TrainView } from '../client/train-views.ts'
import { trainView } from '../present/trains.ts'
import { knownReleases, serviceOf } from './lookup.ts'

/** Answers about release trains, and everything that is asked of one. */
export const trainHandlers: Handlers<'trains.list' | 'trains.start' | 'trains.show' | 'trains.command'> = {
  'trains.list': async (context, { query }) => {
    const { limit, cursor } = query
    const page = await context.engine.reading.trains({
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
    })
    return { items: await Promise.all(page.items.map((train) => show(context, train))), next: page.next }
  },
  'trains.start': async (context, { body, caller, signal }) => {
    const own = body.members.every(({ service }) => typeof service === 'string') ? '' : await serviceOf(context, signal)
    const members = body.members.map(({ service, environment, release }) => ({
      service: service ?? own,
      environment,
      release: release ?? null,
    }))
    const command = { members, order: body.order ?? 'ordered' }
    return context.engine.startTrain(command, { ...caller, reason: body.reason ?? null })
  },
  'trains.show': async (context, { params }) => show(context, await context.engine.reading.train(params.train)),
  'trains.command': async (context, { params, body, caller }) => {
    const type = body.command === 'abort' ? 'abort_requested' : 'retry_requested'
    await context.engine.commandTrain(params.train, type, { ...caller, reason: body.reason ?? null })
    return show(context, await context.engine.reading.train(params.train))
  },
}

const show = async (context: ApiContext, train: Train): Promise<TrainView> =>
  trainView(
    train,
    await knownReleases(
      context,
      train.plan.members.map(({ release }) => release),
    ),
  )
