/**
 * The load, in a process of its own so that what it measures is not its neighbour's work: whoever forks stops all of its threads for as long as that takes.
 * Begins with a message that holds a plan, answers `report` and `stop`.
 */
import { type ClientKind, runClient, type Sink } from './clients.ts'
import type { LoadFailure, LoadPlan, LoadReport } from './load.ts'

const failuresKept = 100_000

const run = (plan: LoadPlan): void => {
  let running = true
  const requests: Record<ClientKind, number> = { keepAlive: 0, download: 0, slow: 0, upload: 0, webSocket: 0 }
  const samples = plan.groups.map(() => ({ at: [] as number[], latencyMs: [] as number[] }))
  const failures: LoadFailure[] = []
  let failed = 0

  const sinkOf = (group: number): Sink => ({
    running: () => running,
    answered: (kind, latencyMs) => {
      requests[kind] += 1
      // Only the plain requests are compared: what a slow client takes says nothing of the server.
      if (kind !== 'keepAlive') return
      samples[group]?.at.push(Date.now() - latencyMs)
      samples[group]?.latencyMs.push(latencyMs)
    },
    failed: (kind, failure, detail) => {
      requests[kind] += 1
      failed += 1
      if (failures.length < failuresKept) failures.push({ at: Date.now(), group, client: kind, failure, detail })
    },
  })

  const clients = plan.groups.flatMap(({ target, clients: wanted }, group) =>
    wanted.flatMap(({ kind, count, intervalMs }) =>
      Array.from({ length: count }, () => runClient(kind, { target, intervalMs, sink: sinkOf(group) })),
    ),
  )

  const report = (): LoadReport => ({
    requests,
    failed,
    failures,
    groups: samples.map(({ at, latencyMs }) => ({
      at: Float64Array.from(at),
      latencyMs: Float32Array.from(latencyMs),
    })),
  })

  process.on('message', (message) => {
    if (message !== 'stop') return void process.send?.(report())
    running = false
    void Promise.all(clients).then(() => process.send?.(report(), () => process.exit()))
  })
}

// Nobody is left to tell.
process.on('disconnect', () => process.exit())
// Documented parser: the first message comes from `startLoad` in this folder.
process.once('message', (message) => run((message as { readonly plan: LoadPlan }).plan))
