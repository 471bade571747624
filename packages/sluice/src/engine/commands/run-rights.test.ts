import { deepStrictEqual, doesNotThrow, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { jobPlan } from '../../../test/pipeline/jobs.ts'
import { assertMayDeliver, jobsAfter } from './run-rights.ts'

const jobs = [
  jobPlan('build'),
  jobPlan('gate', ['build']),
  jobPlan('docs', ['build']),
  jobPlan('ship', ['gate'], { work: { kind: 'promote', environment: 'production' } }),
]
const asking = { by: { kind: 'person', name: 'ada' }, reason: null, record: null } as const

test('a run that deploys is started by who may deploy there, and a job that waits is played by who may deploy where it leads', () => {
  const inStaging = { ...asking, mayDeploy: (environment: string) => environment === 'staging' }
  throws(() => assertMayDeliver(jobs, inStaging), { code: 'forbidden' })
  throws(() => assertMayDeliver(jobsAfter(jobs, 'gate'), inStaging), { code: 'forbidden' })
  doesNotThrow(() => assertMayDeliver(jobsAfter(jobs, 'docs'), inStaging))
  doesNotThrow(() => assertMayDeliver(jobs, { ...asking, mayDeploy: () => true }))
  doesNotThrow(() => assertMayDeliver(jobs, asking))
  deepStrictEqual(
    jobsAfter(jobs, 'gate').map(({ name }) => name),
    ['gate', 'ship'],
  )
})
