import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { TrainView } from '../../http/client/train-views.ts'
import { createStyle } from './style.ts'
import { trainLines, trainNotice } from './train.ts'

const release = { id: 'rel_1', version: '1.1.0' }
const member = { environment: 'production', release, rollout: 'rol_1', detail: null } as const
const train: TrainView = {
  id: 'tra_1',
  status: 'parked',
  order: 'ordered',
  by: { kind: 'person', name: 'ada' },
  startedAt: 0,
  settledAt: null,
  cause: 'jobs/production: it does not start',
  members: [
    { ...member, service: 'api', status: 'returned', detail: 'taken back by rol_4' },
    { ...member, service: 'web', status: 'stranded', detail: 'before the point of no return' },
    { ...member, service: 'jobs', status: 'failed', rollout: 'rol_3', detail: 'it does not start' },
  ],
}
const plain = createStyle({ color: false, unicode: false })

test('a train that could not be taken back whole says which of it, why, and what to do', () => {
  strictEqual(
    trainNotice(train, plain).replace(/^\S+ /, ''),
    'train tra_1 could not be taken back whole (jobs/production: it does not start): web/production: before the point of no return   sluice train retry tra_1',
  )
  strictEqual(
    trainNotice({ ...train, status: 'returning' }, plain).replace(/^\S+ /, ''),
    'train tra_1 is returning: api/production returned, web/production stranded, jobs/production failed   sluice train show tra_1',
  )
})

test('what happened to a train is told below where its releases stand, with what to look at next', () => {
  const story = [{ seq: 1, at: 0, who: 'ada', text: 'started with 3 releases, one after the other' }]
  deepStrictEqual(trainLines({ ...train, story }, plain).slice(-4), [
    '',
    'what happened',
    '  1970-01-01T00:00:00Z  started with 3 releases, one after the other  ada',
    'Next  sluice train retry tra_1',
  ])
  strictEqual(trainLines({ ...train, status: 'rolled_back' }, plain).at(-1), 'Next  sluice why rol_3')
})
