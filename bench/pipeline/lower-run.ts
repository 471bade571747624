/** Lowers a workflow of 200 jobs in a new process, and takes it from what was kept; prints the milliseconds of the middle of some turns of each as JSON. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lowerWorkflow } from '../../packages/sluice/src/adapters/ci/github/lower.ts'
import { cachedLowering } from '../../packages/sluice/src/adapters/ci/github/lowering-cache.ts'
import { loweringRequest } from '../../packages/sluice/test/workflows/github/request.ts'
import { median } from '../lib/report.ts'

const rounds = 25
const jobs = Array.from(
  { length: 200 },
  (_, nth) =>
    `  job-${nth}:\n    runs-on: ubuntu-latest\n    needs: [${nth < 10 ? '' : `job-${nth - 10}, job-${nth - 9}`}]\n    env: { N: '${nth}' }\n    steps:\n      - uses: actions/checkout@v4\n      - run: echo \${{ env.N }} \${{ github.ref }}\n`,
)
const request = loweringRequest(`on: push\njobs:\n${jobs.join('')}`)

const medianMs = async (work: () => unknown): Promise<number> => {
  const taken: number[] = []
  for (let turn = 0; turn < rounds; turn += 1) {
    const from = performance.now()
    await work()
    taken.push(performance.now() - from)
  }
  return median(taken)
}

const directory = mkdtempSync(join(tmpdir(), 'sluice-lowering-'))
try {
  const cache = { directory, version: '1' }
  const lowered = await medianMs(() => lowerWorkflow(request))
  await cachedLowering(cache, request)
  const kept = await medianMs(() => cachedLowering(cache, request))
  process.stdout.write(`${JSON.stringify({ lowered, kept })}\n`)
} finally {
  rmSync(directory, { recursive: true, force: true })
}
