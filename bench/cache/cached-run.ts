/**
 * One run of the 200 jobs through the task cache, as a process of its own: lists the checkout, asks for the tool's version, makes 200 keys in the order of the graph,
 * finds 200 entries, gives back outputs and logs. What is not found is made and kept. Prints how many were found.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FolderCache } from '../../packages/sluice/src/adapters/cache/local.ts'
import { secretSeal } from '../../packages/sluice/src/adapters/cache/seal.ts'
import { accessOf } from '../../packages/sluice/src/core/pipeline/cache/scope.ts'
import type { JobPlan } from '../../packages/sluice/src/core/pipeline/job-plan.ts'
import { listCheckout } from '../../packages/sluice/src/runner/cache/listing.ts'
import { openTaskCache } from '../../packages/sluice/src/runner/cache/task-cache.ts'
import { toolVersions } from '../../packages/sluice/src/runner/cache/tools.ts'
import { cachedJob } from '../../packages/sluice/test/cache/project.ts'
import { needsOf, shape } from './repository.ts'

const [root = ''] = process.argv.slice(2)
const checkout = join(root, 'checkout')
const signal = new AbortController().signal
const env = { PATH: process.env['PATH'] ?? '' }
const seal = secretSeal(Buffer.alloc(32, 1))
const cache = openTaskCache({
  local: new FolderCache({ folder: join(root, 'cache'), now: Date.now, seal }),
  remotes: [],
  seal,
  access: accessOf({ kind: 'protected' }),
  report: ({ text }) => void process.stderr.write(`${text}\n`),
  listing: () => listCheckout(checkout, signal),
  tools: toolVersions({ directory: checkout, env }),
  env,
  platform: `${process.platform}-${process.arch}`,
  now: Date.now,
  madeBy: 'the benchmark',
})

const plan = (index: number): JobPlan =>
  cachedJob(
    {
      inputs: [`packages/p${index}/src/**`, `packages/p${index}/package.json`],
      outputs: [`packages/p${index}/dist/**`],
      tools: ['uname -sr'],
    },
    { name: `p${index}`, needs: needsOf(index).map((need) => `p${need}`), workingDirectory: `packages/p${index}` },
  )

type Done = { readonly digest: string; readonly found: boolean }

const done = new Map<number, Promise<Done>>()

const run = async (index: number): Promise<Done> => {
  const needs = needsOf(index)
  const results = await Promise.all(needs.flatMap((need) => done.get(need) ?? []))
  const upstream = needs.map((need, at) => ({
    name: `p${need}`,
    outputs: {},
    artifacts: { result: results[at]?.digest ?? '' },
  }))
  const job = plan(index)
  const logPath = join(root, 'logs', `p${index}`)
  const target = { plan: job.cache ?? missing(), directory: checkout, logPath }
  const found = await cache.lookup({ job, upstream, secrets: {} }, signal)
  if (found.kind === 'hit' && (await cache.restore(found, target, signal)) === 'restored')
    return { digest: found.entry.digest, found: true }
  if (found.kind === 'hit') throw new Error(`p${index} is damaged`)
  mkdirSync(join(checkout, 'packages', `p${index}`, 'dist'), { recursive: true })
  writeFileSync(join(checkout, 'packages', `p${index}`, 'dist', 'out.txt'), 'built\n')
  writeFileSync(logPath, `built p${index}\n`)
  const stored = await cache.store(found, { ...target, outputs: {}, findings: null }, signal)
  if (stored.kind !== 'stored') throw new Error(`p${index} is not kept: ${stored.because}`)
  return { digest: stored.digest, found: false }
}

const missing = (): never => {
  throw new Error('the job has a cache')
}

mkdirSync(join(root, 'logs'), { recursive: true })
for (let index = 0; index < shape.packages; index += 1) done.set(index, run(index))
const results = await Promise.all(done.values())
process.stdout.write(`${results.filter(({ found }) => found).length}\n`)
