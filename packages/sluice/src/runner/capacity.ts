/** How much of this machine jobs may use: control groups count, as a container or a service manager sets them. */
import { availableParallelism, totalmem } from 'node:os'
import { limits } from '../core/limits.ts'

/** What there is. Source: libuv's uv_available_parallelism (affinity and cgroup cpu.max) and uv_get_constrained_memory (cgroup memory.max), through Node. */
export type Capacity = {
  readonly cores: number
  readonly memoryBytes: number
  /** Not used by anything now. */
  readonly freeBytes: number
}

/** Looks. */
export const capacity = (): Capacity => {
  const total = totalmem()
  const constrained = process.constrainedMemory()
  // Without a bound the answer is 0, or a number beyond all memory.
  const memoryBytes = constrained > 0 && constrained < total ? constrained : total
  return { cores: availableParallelism(), memoryBytes, freeBytes: Math.min(process.availableMemory(), memoryBytes) }
}

/** How many jobs may run now, at least 1: as many as `wanted` (or cores), as far as memory goes. `running` have taken theirs. Pure. */
export const jobsAtOnce = (
  { cores, freeBytes }: Capacity,
  { wanted, running }: { readonly wanted: number | null; readonly running: number },
): number => Math.max(1, Math.min(wanted ?? cores, running + Math.floor(freeBytes / limits.jobMemoryBytes)))
