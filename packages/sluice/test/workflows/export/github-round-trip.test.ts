import { deepStrictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { exportGithub } from '../../../src/adapters/ci/export/export-github.ts'
import { githubOrigin } from '../../../src/adapters/ci/export/github-origin.ts'
import { writtenJobs } from '../../../src/adapters/ci/export/pipeline-shape.ts'
import { lowerWorkflow } from '../../../src/adapters/ci/github/lower.ts'
import type { JobPlan } from '../../../src/core/pipeline/job-plan.ts'
import { loweringRequest } from '../github/request.ts'
import { options, sample } from './sample.ts'

/** What GitHub has a word for. Steps that an export adds are left out, loops that it makes of retries are opened; an artifact carries its id and its list of digests. */
const essence = (jobs: readonly JobPlan[]): readonly unknown[] =>
  writtenJobs(jobs).map((one) => {
    const plan = jobs.find(({ name }) => name === one.name)
    const origin = plan === undefined ? null : githubOrigin(plan)
    const steps =
      origin?.steps.flatMap((step) => (step.kind === 'run' ? [step.run] : [])) ??
      one.steps.map(({ lines }) => lines.join('\n'))
    return {
      name: one.name,
      needs: one.needs,
      // `success` behind a job that may be skipped is an expression there.
      condition: one.condition === 'resolve' ? 'success' : one.condition,
      steps,
      timeoutMs: one.timeoutMs,
      // Some exit codes only: the step decides there.
      mayFail: one.mayFail === null || one.mayFail.exitCodes.length > 0 ? null : one.mayFail,
      concurrency: one.concurrency,
      environment: one.environment,
      secrets: one.secrets.filter((name) => !options.identity.replaces.includes(name)),
      services: one.services.map(({ name, image, ports }) => ({ name, image, ports })),
    }
  })

test('a pipeline that was exported to GitHub and read back is the same', () => {
  const { text } = exportGithub(sample, options)
  const { jobs, notes } = lowerWorkflow(loweringRequest(text))
  deepStrictEqual(
    notes.filter(({ level }) => level === 'error'),
    [],
  )
  deepStrictEqual(essence(jobs), essence(sample))
})
