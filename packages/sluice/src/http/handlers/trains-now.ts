/** Trains as they stand now, for whoever shows them. */
import type { LedgerRow } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import type { Train } from '../../core/train/types.ts'
import type { TrainView } from '../client/train-views.ts'
import type { ApiContext } from '../context.ts'
import { trainStory } from '../present/train-story.ts'
import { trainView } from '../present/trains.ts'
import { knownReleases, ledgerPages } from './lookup.ts'

/** One train. */
export const showTrain = async (context: ApiContext, train: Train): Promise<TrainView> => {
  const releases = train.plan.members.map(({ release }) => release)
  const [known, now] = await Promise.all([knownReleases(context, releases), context.engine.standingOf(train)])
  return trainView(train, { known, now })
}

/** One train, with what happened to it. */
export const tellTrain = async (context: ApiContext, train: Train): Promise<TrainView> => {
  const rows: LedgerRow[] = []
  const key = { kind: 'train', id: train.id } as const
  for await (const page of ledgerPages(context.engine, { key, rowsMax: limits.storyRowsMax })) rows.push(...page)
  return { ...(await showTrain(context, train)), story: trainStory(rows) }
}

/** Those that are under way, or wait for somebody. */
export const trainsUnderWay = async (context: ApiContext): Promise<readonly TrainView[]> => {
  const open = await context.engine.trainsUnderWay()
  return Promise.all(open.map((train) => showTrain(context, train)))
}
