/** Keeps and restores results without end, until it is killed: `node kill-worker.ts <cache folder> <work folder> <seed>`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FolderCache } from '../../src/adapters/cache/local.ts'
import { accessOf } from '../../src/core/pipeline/cache/scope.ts'
import { openTaskCache } from '../../src/runner/cache/task-cache.ts'
import { testSeal } from './opening.ts'
import { cachedJob } from './project.ts'

const [folder = '', work = '', seed = ''] = process.argv.slice(2)
const signal = new AbortController().signal
const local = new FolderCache({ folder, bytesMax: 20_000_000, now: Date.now, seal: testSeal })
const cache = openTaskCache({
  local,
  remotes: [],
  seal: testSeal,
  access: accessOf({ kind: 'protected' }),
  report: () => {},
  listing: () => Promise.resolve({ directory: work, files: new Map(), paths: [], algorithm: 'sha1' }),
  tools: (commands) => Promise.resolve(Object.fromEntries(commands.map((command) => [command, command]))),
  env: {},
  platform: 'linux-x64',
  now: Date.now,
  madeBy: seed,
})

process.stdout.write('started\n')
for (let count = 0; ; count += 1) {
  const number = (Number(seed) * 7 + count) % 40
  const job = cachedJob({ tools: [`tool ${number}`] }, { name: `job ${number % 5}` })
  const plan = job.cache
  const found = await cache.lookup({ job, upstream: [], secrets: {} }, signal)
  const directory = join(work, `w${count}`)
  mkdirSync(join(directory, 'dist'), { recursive: true })
  if (plan !== null && found.kind === 'hit') await cache.restore(found, { plan, directory, logPath: null }, signal)
  if (plan !== null && found.kind === 'miss') {
    // What lies in a file says which job and file it is of, to its last byte.
    for (const [name, bytes] of [
      ['small', 3_000],
      ['own', 300_000],
      ['large', 1_200_000],
    ] as const)
      writeFileSync(join(directory, 'dist', name), Buffer.alloc(bytes, `${number} ${name} `))
    await cache.store(found, { plan, directory, outputs: {}, logPath: null, findings: null }, signal)
  }
  if (count % 10 === 9) await local.sweep(signal)
  rmSync(directory, { recursive: true, force: true })
}
