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
import type { Side } from './tripwire.ts'
import { UnitMarks, UnitSketch } from './units.ts'

type KeptSide = { readonly keyless: number; readonly keys: string; readonly badUnits: number }
type KeptTally = KeptSide & {
  readonly release: ReleaseId
  readonly requests: number
  readonly bad: number
  readonly latency: readonly number[]
}
type Kept = {
  readonly format: 1
  readonly rollout: RolloutId | null
  readonly evidence: readonly number[]
  readonly marks: string
  readonly candidate: KeptSide
  readonly stable: KeptSide
  readonly tallies: readonly KeptTally[]
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
const bytes = (kept: string): Uint8Array => new Uint8Array(Buffer.from(kept, 'base64'))

const keepSide = (side: Side): KeptSide => ({
  keyless: side.keyless,
  keys: text(side.keys.registers),
  badUnits: side.badUnits,
})
const side = (kept: KeptSide): Side => ({
  keyless: kept.keyless,
  keys: new UnitSketch(bytes(kept.keys)),
  badUnits: kept.badUnits,
})

const fileOf = (folder: string, live: LiveRoute): string =>
  path.join(folder, `${routeFileName(live.route.service, live.route.environment)}.evidence`)

const encode = (live: LiveRoute): string => {
  const { watch } = live
  const kept: Kept = {
    format: 1,
    rollout: watch.tripwire?.rollout ?? null,
    evidence: watch.evidence,
    marks: text(watch.marks.bits),
    candidate: keepSide(watch.candidate),
    stable: keepSide(watch.stable),
    tallies: [...live.tallies.values()].map((tally) => ({
      ...keepSide(tally),
      release: tally.release,
      requests: tally.requests,
      bad: tally.bad,
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
    if (kept.format !== 1) return false
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
    live.watch = {
      tripwire: live.watch.tripwire,
      evidence: kept.evidence.map(Number),
      marks: new UnitMarks(bytes(kept.marks)),
      candidate: side(kept.candidate),
      stable: side(kept.stable),
    }
    return true
  } catch {
    return false
  }
}
