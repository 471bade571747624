/** How long lowering takes: the limits that keep a large workflow from being felt. */
import { ok } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cachedLowering } from '../../../src/adapters/ci/github/lowering-cache.ts'
import { lowerWorkflow, type LoweringRequest } from '../../../src/adapters/ci/github/lower.ts'

const jobs = Array.from(
  { length: 200 },
  (_, nth) =>
    `  job-${nth}:\n    runs-on: ubuntu-latest\n    needs: [${nth < 10 ? '' : `job-${nth - 10}, job-${nth - 9}`}]\n    env: { N: '${nth}' }\n    steps:\n      - uses: actions/checkout@v4\n      - run: echo \${{ env.N }} \${{ github.ref }}\n`,
)

const request: LoweringRequest = {
  file: '.github/workflows/ci.yml',
  text: `on: push\njobs:\n${jobs.join('')}`,
  filters: 'enforce',
  vars: {},
  event: {
    name: 'push',
    action: null,
    ref: 'refs/heads/main',
    sha: 'a'.repeat(40),
    before: null,
    headRef: null,
    baseRef: null,
    repository: 'octo/shop',
    actor: 'ada',
    defaultBranch: 'main',
    changedFiles: null,
    inputs: {},
    cron: null,
    payload: null,
  },
  read: () => null,
  rules: {
    runners: {},
    containers: 'refuse',
  },
  actions: {
    available: [],
    skipped: [],
  },
}

/** Milliseconds of the quickest of some calls: what the work takes where nothing else runs. */
const leastMs = async (work: () => unknown): Promise<number> => {
  const taken: number[] = []
  for (let turn = 0; turn < 25; turn += 1) {
    const from = performance.now()
    await work()
    taken.push(performance.now() - from)
  }
  return Math.min(...taken)
}

test('a workflow of 200 jobs is lowered within 150 ms, and taken from what was kept within 10 ms', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-lowering-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  const cache = { directory, version: '1' }
  ok(lowerWorkflow(request).jobs.length === 200)
  const whole = await leastMs(() => lowerWorkflow(request))
  await cachedLowering(cache, request)
  const kept = await leastMs(() => cachedLowering(cache, request))
  context.diagnostic(`${whole.toFixed(1)} ms, from what was kept ${kept.toFixed(1)} ms`)
  ok(whole <= 150, `lowering took ${whole.toFixed(1)} ms`)
  ok(kept <= 10, `taking it from what was kept took ${kept.toFixed(1)} ms`)
})
