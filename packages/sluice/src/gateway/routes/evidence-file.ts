/**
 * Counts and evidence across the death of the gateway: written a few times a second while they change, without fsync. What is lost is what
 * came since the last writing; power loss may lose more, never the trip itself (that is in the route's file).
 */
import fs from 'node:fs'
import path from 'node:path'
import { latencyBucketsMs } from '../../core/routing.ts'
import type { ReleaseId, RolloutId } from '../../core/model.ts'
import type { LiveRoute } from './live-route.ts'
import { routeFileName } from './route-file.ts'
import type { KeptMetric as LiveMetric } from './metric-watch.ts'
import type { Tally } from './tally.ts'
import type { Side } from './tripwire.ts'
import { armedWatch } from './tripwire.ts'
import { UnitMarks, UnitSketch } from './units.ts'

type KeptSide = { readonly requests: number; readonly keyless: number; readonly keys: string }
type KeptTally = KeptSide & {
  readonly release: ReleaseId
  readonly bad: number
  readonly badUnits: number
  readonly latency: readonly number[]
}
type KeptMetric = Omit<LiveMetric, 'marks'> & { readonly marks: string }
type Kept = {
  readonly format: 2
  readonly rollout: RolloutId | null
  readonly since: number
  readonly candidate: KeptSide
  readonly stable: KeptSide
  readonly alone: KeptSide
  readonly metrics: readonly KeptMetric[]
  readonly tallies: readonly KeptTally[]
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
const bytes = (kept: string): Uint8Array => new Uint8Array(Buffer.from(kept, 'base64'))

const keepSide = (side: Side | Tally): KeptSide => ({
  requests: side.requests,
  keyless: side.keyless,
  keys: text(side.keys.registers),
})
const side = (kept: KeptSide): Side => ({
  requests: kept.requests,
  keyless: kept.keyless,
  keys: new UnitSketch(bytes(kept.keys)),
})

const fileOf = (folder: string, live: LiveRoute): string =>
  path.join(folder, `${routeFileName(live.route.service, live.route.environment)}.evidence`)

const encode = (live: LiveRoute): string => {
  const { watch } = live
  const kept: Kept = {
    format: 2,
    rollout: watch.tripwire?.rollout ?? null,
    since: watch.since,
    candidate: keepSide(watch.candidate),
    stable: keepSide(watch.stable),
    alone: keepSide(watch.alone),
    metrics: watch.all.map(({ kept: metric }) => ({ ...metric, marks: text(metric.marks.bits) })),
    tallies: [...live.tallies.values()].map((tally) => ({
      ...keepSide(tally),
      release: tally.release,
      bad: tally.bad,
      badUnits: tally.badUnits,
      latency: tally.latency,
    })),
  }
  return JSON.stringify(kept)
}

/** Writes what changed; atomic, not fsynced. A later writing, or the removal, goes before one that is under way. */
export const writeEvidence = async (folder: string, live: LiveRoute): Promise<void> => {
  live.changed = false
  live.writing += 1
  const { writing } = live
  const file = fileOf(folder, live)
  await fs.promises.writeFile(`${file}.new`, encode(live), { mode: 0o600 })
  if (live.writing === writing) fs.renameSync(`${file}.new`, file)
}

/** As `writeEvidence`, before it returns: the last writing before the process ends. */
export const writeEvidenceNow = (folder: string, live: LiveRoute): void => {
  live.changed = false
  live.writing += 1
  const file = fileOf(folder, live)
  fs.writeFileSync(`${file}.last`, encode(live), { mode: 0o600 })
  fs.renameSync(`${file}.last`, file)
}

/** Forgets a removed route's counts. */
export const removeEvidence = (folder: string, live: LiveRoute): void => {
  live.writing += 1
  fs.rmSync(fileOf(folder, live), { force: true })
}

/** Gives the route back what was counted before. A missing or damaged file means counting anew; false then. */
export const restoreEvidence = (folder: string, live: LiveRoute): boolean => {
  try {
    // Documented parser: the file was written by `encode`; whatever else it holds makes the reading fail as a whole.
    const kept = JSON.parse(fs.readFileSync(fileOf(folder, live), 'utf8')) as Kept
    if (kept.format !== 2) return false
    const tallies = kept.tallies.map((each) => ({
      ...each,
      keys: new UnitSketch(bytes(each.keys)),
      latency: [...each.latency],
    }))
    for (const tally of tallies) {
      const target = live.tallies.get(tally.release)
      if (target && tally.latency.length === latencyBucketsMs.length + 1) Object.assign(target, tally)
    }
    if (kept.rollout !== (live.watch.tripwire?.rollout ?? null)) return true
    const { since, candidate, stable, alone } = kept
    const counted = { since, candidate: side(candidate), stable: side(stable), alone: side(alone) }
    const metrics = kept.metrics.map((one) => ({ ...one, marks: new UnitMarks(bytes(one.marks)) }))
    const byName = new Map(metrics.map((one) => [one.statistics.metric, one]))
    live.watch = armedWatch(live.watch.tripwire, counted, byName)
    return true
  } catch {
    return false
  }
}
