/** Traffic that tells who answers it: the only witness of what a rollback took. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A request: when it was sent (epoch ms, fractions too), and the release that answered it; null when nobody did, or badly. */
export type Observation = { readonly sentAt: number; readonly version: string | null }

/** What is asked of the observer. */
export type Question = { readonly port: number; readonly since: number }

/** An observer that runs. */
export type Observer = {
  /** Requests that were sent from a time on and are answered. */
  readonly since: (question: Question) => Promise<readonly Observation[]>
  readonly stop: () => void
}

/** Starts asking these ports. */
export const startObserver = (ports: readonly number[]): Observer => {
  const child = fork(fileURLToPath(new URL('observer-worker.ts', import.meta.url)), [], { execArgv: [] })
  child.on('error', (error) => {
    throw error
  })
  child.send({ ports })
  return {
    since: async (question) => {
      const answer = once(child, 'message')
      child.send(question)
      // Documented parser: the program in this folder sends nothing else.
      const [seen] = (await answer) as [readonly Observation[]]
      return seen
    },
    stop: () => void child.kill(),
  }
}

/** What a rollback looked like from outside. */
export type Witnessed = {
  /** From the command until the first request after which every one was answered by the release that came back, milliseconds. */
  readonly ms: number
  readonly requests: number
  /** Requests that nobody answered well. */
  readonly failed: number
}

/** When all traffic was on `version` for good; null while it is not. A request that failed is one that was not answered by it. */
export const witness = (seen: readonly Observation[], commandAt: number, version: string): Witnessed | null => {
  const after = seen.filter(({ sentAt }) => sentAt >= commandAt).toSorted((a, b) => a.sentAt - b.sentAt)
  const lastOther = after.findLastIndex((one) => one.version !== version)
  const first = after[lastOther + 1]
  if (first === undefined) return null
  return {
    ms: first.sentAt - commandAt,
    requests: after.length,
    failed: after.filter((one) => one.version === null).length,
  }
}
