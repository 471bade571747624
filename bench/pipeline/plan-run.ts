/** Plans a run of 10,000 jobs in layers in a new process, from settings to the state whose first jobs are to start; prints the milliseconds of the middle of some runs. */
import { parseConfig } from '../../packages/sluice/src/core/config/parse.ts'
import { commitId, runId } from '../../packages/sluice/src/core/model.ts'
import { runMachine } from '../../packages/sluice/src/core/pipeline/machine.ts'
import { planRun } from '../../packages/sluice/src/core/pipeline/plan.ts'
import { median } from '../lib/report.ts'
import { configOf, layers } from './project.ts'

const rounds = 5
const count = 10_000

const settings = parseConfig(configOf(layers(count, 100), 'none'), {
  file: 'sluice.config.ts',
  text: '',
  distance: () => 1,
})
const commit = { id: commitId('0'.repeat(40)), subject: 'all', author: 'Bench', committedAt: 0 }

const once = (): number => {
  const startedAt = performance.now()
  const plan = planRun({ settings, commit, version: '1.0.0', secretVersions: {}, cores: 2 })
  const by = { kind: 'person', name: 'bench' } as const
  const { effects } = runMachine.decide(
    { status: 'absent' },
    { type: 'run_planned', at: 0, id: runId('run_1'), token: 1, plan, by, carried: [] },
  )
  if (plan.jobs.length !== count || effects.length === 0) throw new Error('the run was not planned')
  return performance.now() - startedAt
}

process.stdout.write(`${median(Array.from({ length: rounds }, once))}\n`)
