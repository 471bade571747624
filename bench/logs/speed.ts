/** How fast a log is masked and stored, beside how fast the same bytes are only masked, and only written. */
import { rm } from 'node:fs/promises'
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { Masker, MaskSet } from '../../packages/sluice/src/lib/mask.ts'
import { indexPathOf } from '../../packages/sluice/src/runner/log/frames.ts'
import { JobLog } from '../../packages/sluice/src/runner/log/job-log.ts'
import { Prng } from '../../packages/sluice/test/sim/prng.ts'
import { secretOf, textOf } from './secrets.ts'

/** Megabytes (10⁶ bytes) per second by the clock and of processor time, and how much memory grew at most. */
export type Speed = { readonly mbPerSecond: number; readonly mbPerCpuSecond: number; readonly memoryMb: number }

/** Size of the pieces in which pipes hand bytes on. */
const chunkBytes = 65_536

/** The text of one loop, and the secrets in it. */
export type Material = {
  readonly secrets: readonly string[]
  readonly chunks: readonly Buffer[]
  readonly bytes: number
}

/** Some megabytes of what builds, tests and servers print; every hundredth line has a secret. */
export const materialOf = (): Material => {
  const prng = new Prng(7)
  const secrets = Array.from({ length: 50 }, () => secretOf(prng).value)
  const hex = '0123456789abcdef'
  const lines = Array.from({ length: 60_000 }, (_, line) => {
    if (line % 100 === 0) return `Authorization: Bearer ${secrets[prng.below(secrets.length)] ?? ''}`
    switch (prng.below(6)) {
      case 0:
        return `2026-01-31T12:${String(line % 60).padStart(2, '0')}:07.123Z INFO  worker-${line % 7} GET /api/v1/items/${prng.below(100_000)} 200 ${prng.below(900)} ms trace=${textOf(prng, hex, 32)}`
      case 1:
        return `  ✔ keeps item ${line} in its place, whatever comes before it (${prng.below(99)}.${prng.below(999)}ms)`
      case 2:
        return `npm http fetch GET 200 https://packages.example.com/some-package/-/some-package-${prng.below(9)}.${prng.below(20)}.tgz ${prng.below(900)}ms (cache miss)`
      case 3:
        return `    at processTicksAndRejections (node:internal/process/task_queues:${prng.below(200)}:${prng.below(40)})`
      case 4:
        return `dist/assets/index-${textOf(prng, hex, 8)}.js  ${prng.below(900)}.${prng.below(99)} kB │ gzip: ${prng.below(300)}.01 kB`
      default:
        return `"integrity": "sha512-${textOf(prng, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 86)}=="`
    }
  })
  const text = Buffer.from(`${lines.join('\n')}\n`)
  const chunks = Array.from({ length: Math.ceil(text.length / chunkBytes) }, (_, index) =>
    text.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  )
  return { secrets, chunks, bytes: text.length }
}

/** Through a `JobLog` into a file, as the runner does it. */
export const storeSpeed = async (
  { secrets, chunks, bytes }: Material,
  directory: string,
  bytesTotal: number,
): Promise<Speed> => {
  const path = join(directory, 'speed.log')
  const log = await JobLog.open({ path, secrets, now: Date.now, bytesMax: Number.POSITIVE_INFINITY })
  const speed = await measure(
    { bytesTotal, bytesEach: bytes },
    async () => {
      for (const chunk of chunks) if (!log.write('stdout', chunk)) await log.drained()
      // Pipes are read in turns of the loop.
      await turn()
    },
    () => log.close(),
  )
  await Promise.all([path, indexPathOf(path)].map((file) => rm(file, { force: true })))
  return speed
}

/** The masker alone. */
export const maskSpeed = ({ secrets, chunks, bytes }: Material, bytesTotal: number): Promise<Speed> => {
  const masker = new Masker(new MaskSet(secrets))
  return measure(
    { bytesTotal, bytesEach: bytes },
    async () => {
      for (const chunk of chunks) masker.push(chunk)
    },
    async () => void masker.end(),
  )
}

/** The same bytes, only written: the floor. */
export const copySpeed = async ({ chunks, bytes }: Material, directory: string, bytesTotal: number): Promise<Speed> => {
  const path = join(directory, 'copy.log')
  const file = createWriteStream(path, { highWaterMark: 2_097_152 })
  const speed = await measure(
    { bytesTotal, bytesEach: bytes },
    async () => {
      for (const chunk of chunks) if (!file.write(chunk)) await once(file, 'drain')
    },
    async () => {
      file.end()
      await once(file, 'close')
    },
  )
  await rm(path)
  return speed
}

const measure = async (
  { bytesTotal, bytesEach }: { readonly bytesTotal: number; readonly bytesEach: number },
  round: () => Promise<void>,
  end: () => Promise<unknown>,
): Promise<Speed> => {
  globalThis.gc?.()
  const memoryBefore = process.memoryUsage().rss
  let memoryMax = memoryBefore
  const cpu = process.cpuUsage()
  const began = performance.now()
  let bytes = 0
  for (; bytes < bytesTotal; bytes += bytesEach) {
    await round()
    memoryMax = Math.max(memoryMax, process.memoryUsage.rss())
  }
  await end()
  const seconds = (performance.now() - began) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  return {
    mbPerSecond: bytes / 1e6 / seconds,
    mbPerCpuSecond: bytes / (user + system),
    memoryMb: (memoryMax - memoryBefore) / 1e6,
  }
}
