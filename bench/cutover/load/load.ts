/** Starts the load beside the benchmark and brings home what it saw. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ClientKind } from './clients.ts'
import type { FailureKind, Target } from './connection.ts'

/** So many clients of a kind, each asking every `intervalMs`. */
export type Clients = { readonly kind: ClientKind; readonly count: number; readonly intervalMs: number }

/** Which clients ask which target. */
export type LoadPlan = { readonly groups: readonly { readonly target: Target; readonly clients: readonly Clients[] }[] }

/** A request that failed, and when. */
export type LoadFailure = {
  readonly at: number
  readonly group: number
  readonly client: ClientKind
  readonly failure: FailureKind
  readonly detail: string
}

/** What was seen. Of each group the plain requests: when each was due (epoch ms) and how long it took. */
export type LoadReport = {
  readonly requests: Readonly<Record<ClientKind, number>>
  readonly failed: number
  readonly failures: readonly LoadFailure[]
  readonly groups: readonly { readonly at: Float64Array; readonly latencyMs: Float32Array }[]
}

/** A load that runs. */
export type Load = {
  /** What was seen until now. */
  readonly report: () => Promise<LoadReport>
  /** Lets every client end what it began, and gives everything that was seen. */
  readonly stop: () => Promise<LoadReport>
}

/** Starts the clients. */
export const startLoad = (plan: LoadPlan): Load => {
  const program = fileURLToPath(new URL('./worker.ts', import.meta.url))
  // A session of its own: where Linux shares the processor by sessions (sched_autogroup), the clients would share theirs with the control plane that is measured.
  const child = fork(program, [], { serialization: 'advanced', execArgv: [], detached: true })
  child.on('error', (error) => {
    throw error
  })
  child.send({ plan })
  const ask = async (message: 'report' | 'stop'): Promise<LoadReport> => {
    const answer = once(child, 'message')
    child.send(message)
    // Documented parser: the program in this folder sends nothing else.
    const [report] = (await answer) as [LoadReport]
    return report
  }
  return { report: () => ask('report'), stop: () => ask('stop') }
}

/** The clients of a group that together send this many plain requests a second, and some of each other kind beside them. */
export const mixedClients = (requestsPerSecond: number): readonly Clients[] => {
  const connections = Math.max(4, Math.round(requestsPerSecond / 20))
  return [
    { kind: 'keepAlive', count: connections, intervalMs: (1_000 * connections) / requestsPerSecond },
    { kind: 'download', count: 1, intervalMs: 200 },
    { kind: 'slow', count: 3, intervalMs: 700 },
    { kind: 'upload', count: 2, intervalMs: 500 },
    { kind: 'webSocket', count: 4, intervalMs: 150 },
  ]
}

/** The value below which this share (0–1) of the values is; NaN for none. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
