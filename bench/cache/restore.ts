/** Restoring outputs beside copying them with `cp -r` and with Node's own copy: the quicker of the two is the plain copy. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as rest } from 'node:timers/promises'
import { limits } from '../../packages/sluice/src/core/limits.ts'
import { cachedJob, makeCacheProject } from '../../packages/sluice/test/cache/project.ts'
import { median, progress } from '../lib/report.ts'

/** Outputs of one kind of job. */
export type OutputShape = { readonly name: string; readonly count: number; readonly bytes: number }

/** Many small files, as a bundler leaves them; some of medium size; few large ones, as binaries are. */
export const outputShapes: readonly OutputShape[] = [
  { name: 'Small', count: 3_000, bytes: 4_000 },
  { name: 'Medium', count: 400, bytes: 200_000 },
  { name: 'Large', count: 8, bytes: 20_000_000 },
]

/** Times in milliseconds, medians. `firstMs`: the first restoring, which hashes everything. */
export type RestoreTimes = { readonly restoreMs: number; readonly firstMs: number; readonly copyMs: number }

const signal = new AbortController().signal

/** Measures one shape, `runs` times each in turns. */
export const measureRestore = async (shape: OutputShape, runs: number): Promise<RestoreTimes> => {
  const project = makeCacheProject({ 'src/a.ts': 'a\n' })
  try {
    const made = join(project.root, 'made')
    for (let index = 0; index < shape.count; index += 1) {
      mkdirSync(join(made, 'dist', `d${index % 50}`), { recursive: true })
      writeFileSync(join(made, 'dist', `d${index % 50}`, `f${index}`), Buffer.alloc(shape.bytes, `${index} `))
    }
    const cache = project.open()
    const job = cachedJob()
    const plan = job.cache ?? fail('the job has a cache')
    const missed = await cache.lookup({ job, upstream: [], secrets: {} }, signal)
    if (missed.kind === 'hit') return fail('nothing was kept yet')
    await cache.store(missed, { plan, directory: made, outputs: {}, logPath: null, findings: null }, signal)
    const hit = await cache.lookup({ job, upstream: [], secrets: {} }, signal)
    if (hit.kind === 'miss') return fail('it is kept')
    const target = join(project.root, 'target')
    const restore = async (): Promise<number> => {
      rmSync(target, { recursive: true, force: true })
      mkdirSync(target)
      return timed(async () => {
        const outcome = await cache.restore(hit, { plan, directory: target, logPath: null }, signal)
        if (outcome !== 'restored') fail('it is restored')
      })
    }
    const copy = (way: (from: string, to: string) => void): Promise<number> => {
      rmSync(target, { recursive: true, force: true })
      return timed(() => way(join(made, 'dist'), target))
    }
    progress(`${runs} × ${shape.count} files of ${shape.bytes} bytes: restored, cp -r, Node's copy`)
    const firstMs = await restore()
    // From then on a blob counts as checked.
    await rest(limits.cacheNoteAgeMs + 100)
    await restore()
    const rounds: { restoreMs: number; toolMs: number; nodeMs: number }[] = []
    for (let left = runs; left > 0; left -= 1)
      rounds.push({
        restoreMs: await restore(),
        toolMs: await copy((from, to) => void execFileSync('cp', ['-r', from, to])),
        nodeMs: await copy((from, to) => cpSync(from, to, { recursive: true })),
      })
    const of = (name: 'restoreMs' | 'toolMs' | 'nodeMs'): number => median(rounds.map((round) => round[name]))
    return { restoreMs: of('restoreMs'), firstMs, copyMs: Math.min(of('toolMs'), of('nodeMs')) }
  } finally {
    project.remove()
  }
}

const timed = async (work: () => void | Promise<void>): Promise<number> => {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

const fail = (wanted: string): never => {
  throw new Error(`expected: ${wanted}`)
}
