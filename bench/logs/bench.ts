/**
 * `npm run bench:logs [-- --quick] [--json]`: how fast a job's log is masked for 50 secrets and stored, how much memory that takes, and whether any secret is
 * found in what was stored, over random values, encodings and ways to cut the stream.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeMachine } from '../lib/machine.ts'
import { median, progress, report } from '../lib/report.ts'
import { atLeast, atMost, judge, onThisMachine, readOptions } from '../lib/targets.ts'
import { findLeaks } from './leaks.ts'
import { copySpeed, maskSpeed, materialOf, type Speed, storeSpeed } from './speed.ts'

const { quick, json } = readOptions(process.argv.slice(2))
const machine = describeMachine()
const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-logs-'))
const rounds = quick ? 3 : 7
const bytesTotal = quick ? 100_000_000 : 500_000_000

try {
  const material = materialOf()
  const series = { store: [] as Speed[], mask: [] as Speed[], copy: [] as Speed[] }
  for (let round = 1; round <= rounds; round += 1) {
    progress(`speed, round ${round} of ${rounds}`)
    series.store.push(await storeSpeed(material, directory, bytesTotal))
    series.mask.push(await maskSpeed(material, bytesTotal))
    series.copy.push(await copySpeed(material, directory, bytesTotal))
  }
  progress('leaks')
  const leaks = await findLeaks(directory, quick ? 4_000 : 30_000)
  const middle = (speeds: readonly Speed[], key: keyof Speed): number =>
    Math.round(median(speeds.map((speed) => speed[key])))
  const { figures, missed, exitCode } = judge(
    [
      onThisMachine(
        atLeast({ name: 'logs.mbPerSecond', value: middle(series.store, 'mbPerSecond'), unit: 'MB/s' }, 200),
      ),
      { name: 'logs.mbPerCpuSecond', value: middle(series.store, 'mbPerCpuSecond'), unit: 'MB per s of processor' },
      { name: 'logs.maskMbPerSecond', value: middle(series.mask, 'mbPerSecond'), unit: 'MB/s' },
      { name: 'logs.copyMbPerSecond', value: middle(series.copy, 'mbPerSecond'), unit: 'MB/s' },
      onThisMachine(
        atMost(
          {
            name: 'logs.memoryMb',
            value: Math.max(...series.store.map(({ memoryMb }) => Math.round(memoryMb))),
            unit: 'MB',
          },
          100,
        ),
      ),
      { name: 'logs.cases', value: leaks.cases, unit: 'cases' },
      atMost({ name: 'logs.leaks', value: leaks.found.length, unit: 'leaks' }, 0),
    ],
    { quick },
  )
  report({
    command: 'bench:logs',
    machine,
    figures,
    json,
    notes: [
      `${bytesTotal / 1e6} MB a round, ${rounds} rounds in turn, medians; memory: the largest growth of a round`,
      ...leaks.found.slice(0, 10).map((leak) => `LEAK: ${leak}`),
      ...missed,
    ],
  })
  process.exitCode = exitCode
} finally {
  await rm(directory, { recursive: true, force: true })
}
