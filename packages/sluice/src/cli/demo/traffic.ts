/** Live traffic for the demo: starts the load generator's thread and asks it what it saw. */
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import type { TrafficOptions, TrafficReport } from './traffic-shape.ts'

const options = z.object({
  url: z.string(),
  paths: z.array(z.string()).min(1),
  requestsPerSecond: z.number(),
  pagesPerVisitor: z.number(),
})
const report = z.object({
  startedAt: z.number(),
  requests: z.number(),
  versions: z.array(z.object({ version: z.string(), responses: z.number(), bad: z.number(), lastSentAt: z.number() })),
  bad: z.array(
    z.object({
      sentAt: z.number(),
      endedAt: z.number(),
      path: z.string(),
      status: z.number().nullable(),
      error: z.string().nullable(),
      version: z.string().nullable(),
    }),
  ),
  p50Ms: z.number(),
  p99Ms: z.number(),
})

/** Reads the options on the thread's side; throws on any other shape. */
export const readTrafficOptions = (data: unknown): TrafficOptions => options.parse(data)

/** Traffic that runs until it is stopped. */
export type Traffic = {
  /** What was seen so far. */
  readonly report: () => Promise<TrafficReport>
  /** Sends no more; answers still come in. */
  readonly stop: () => Promise<TrafficReport>
  /** Ends the thread. Safe to repeat. */
  readonly close: () => Promise<void>
}

/** Starts sending. */
export const startTraffic = (settings: TrafficOptions): Traffic => {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./traffic-worker.${extension}`, import.meta.url), { workerData: settings })
  const failure = new Promise<never>((_, reject) => worker.once('error', reject))
  failure.catch(() => {})
  const ask = (message: 'report' | 'stop'): Promise<TrafficReport> =>
    Promise.race([
      failure,
      new Promise<TrafficReport>((resolve) => {
        worker.once('message', (data: unknown) => resolve(report.parse(data)))
        worker.postMessage(message)
      }),
    ])
  const close = async (): Promise<void> => void (await worker.terminate())
  return { report: () => ask('report'), stop: () => ask('stop'), close }
}
