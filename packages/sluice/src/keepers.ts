/** What a control plane does by itself beside deciding: starting runs by the clock, looking where commits come from, and keeping ledger, evidence and what was fetched in bounds. Part of the composition root. */
import { keptCheckpoints } from './adapters/store/checkpoint-key.ts'
import { fileSpool } from './adapters/source/spool.ts'
import { systemCron } from './adapters/system/cron.ts'
import { originOf } from './core/ledger/checkpoint.ts'
import { limits } from './core/limits.ts'
import { sluice } from './core/model.ts'
import type { Engine } from './engine/engine.ts'
import { EvidenceKeeper } from './engine/keepers/evidence-keeper.ts'
import { forgetArrivals } from './engine/keepers/old-arrivals.ts'
import { letGoOfFetched } from './engine/keepers/fetched-refs.ts'
import { LedgerBook } from './engine/reading/ledger-book.ts'
import type { Ports } from './engine/ports.ts'
import { RetentionKeeper } from './engine/keepers/retention-keeper.ts'
import { Scheduler } from './engine/keepers/scheduler.ts'
import { type Looking, SourceKeeper } from './engine/keepers/source-keeper.ts'
import { sha256Bytes } from './lib/hash-bytes.ts'

/** Where keepers work. `signal` calls off what they have begun. */
export type KeepersPlace = {
  readonly engine: Engine
  readonly projectDir: string
  readonly stateDir: string
  readonly signal: AbortSignal
}

/** The keepers of a control plane, not yet started. */
export type Keepers = {
  readonly book: LedgerBook
  /** How looking at the remote goes. */
  readonly looking: () => Looking
  readonly start: () => void
  /** For a process that ends with its command: what keepers would have done later. */
  readonly sweep: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Makes them of the ports. */
export const openKeepers = (ports: Ports, place: KeepersPlace): Keepers => {
  const book = bookOf(ports, place)
  const scheduler = schedulerOf(ports, place)
  const retention = retentionOf(ports, book, place)
  const fetched = fetchedOf(ports, place)
  const arrivals = arrivalsOf(ports)
  const evidence = evidenceOf(ports, place)
  const source = new SourceKeeper({ ...ports, spool: fileSpool(place.stateDir), sources: place.engine.sources })
  return {
    book,
    looking: () => source.looking,
    start: () => {
      scheduler.start()
      evidence.start()
      retention.start()
      fetched.start()
      arrivals.start()
      source.start()
    },
    sweep: () => evidence.look(),
    stop: async () => {
      scheduler.stop()
      await source.stop()
      await evidence.stop()
      await retention.stop()
      await fetched.stop()
      await arrivals.stop()
    },
  }
}

const retentionOf = (
  { clock, log, config }: Ports,
  book: LedgerBook,
  { engine, projectDir, signal }: KeepersPlace,
): RetentionKeeper =>
  new RetentionKeeper({
    clock,
    log,
    keepMs: async () => (await config.load(projectDir, signal)).ledger?.keepMs ?? null,
    prune: async (before) => {
      const pruned = await engine.prune({ before, book }, { by: sluice, reason: null, idempotencyKey: null })
      return pruned.rows === 0 ? null : pruned
    },
    events: { pruned: 'ledger_pruned', failed: 'ledger_not_pruned' },
  })

/** What was fetched is kept for a while, not for ever. */
const fetchedOf = (
  { clock, log, config, remote }: Ports,
  { engine, projectDir, signal }: KeepersPlace,
): RetentionKeeper =>
  new RetentionKeeper({
    clock,
    log,
    keepMs: async () => ((await config.load(projectDir, signal)).source === undefined ? null : limits.fetchedKeepMs),
    prune: async (before) => {
      const refs = await letGoOfFetched({ reading: engine.reading, remote }, before, signal)
      return refs === 0 ? null : { refs }
    },
    events: { pruned: 'fetched_refs_pruned', failed: 'fetched_refs_not_pruned' },
  })

/** Arrivals are forgotten, and not their rows: what was told once is never taken for new. */
const arrivalsOf = ({ clock, log, store }: Ports): RetentionKeeper =>
  new RetentionKeeper({
    clock,
    log,
    keepMs: async () => limits.arrivalsKeepMs + limits.retentionLookMs,
    prune: async (before) => {
      const arrivals = await forgetArrivals(store, before)
      return arrivals === 0 ? null : { arrivals }
    },
    events: { pruned: 'arrivals_forgotten', failed: 'arrivals_not_forgotten' },
  })

/** The ledger is named after its service, once: its key has the name from then on. */
const bookOf = ({ store, config, source }: Ports, { engine, projectDir, stateDir, signal }: KeepersPlace): LedgerBook =>
  new LedgerBook({
    store,
    sha256Bytes,
    checkpoints: keptCheckpoints(stateDir),
    origin: async () => {
      const newest = (await engine.reading.releases({ limit: 1 })).items[0]?.content.service
      if (newest !== undefined) return originOf(newest)
      return originOf(
        await config.load(projectDir, signal).then(
          ({ service }) => service,
          () => source.name,
        ),
      )
    },
  })

const schedulerOf = ({ clock, log, config }: Ports, { engine, projectDir, signal }: KeepersPlace): Scheduler =>
  new Scheduler({
    clock,
    log,
    cron: systemCron(),
    expressions: async () => (await config.load(projectDir, signal)).pipeline.on.schedule,
    start: (command, caller) => engine.startRun(command, caller, signal),
  })

const evidenceOf = (
  { clock, log, config, evidence }: Ports,
  { engine, projectDir, signal }: KeepersPlace,
): EvidenceKeeper =>
  new EvidenceKeeper({
    clock,
    log,
    evidence,
    reading: engine.reading,
    settings: async () => (await config.load(projectDir, signal)).pipeline.evidence,
  })
