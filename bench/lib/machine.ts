/** The machine a benchmark ran on, as its result names it. */
import fs from 'node:fs'
import os from 'node:os'

/** What a reader must know to compare figures. */
export type Machine = {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  /** Load average of the last minute when the benchmark began: above 0.5 the figures are those of a busy machine. */
  readonly loadAtStart: number
}

/** The machine this process runs on. */
export const describeMachine = (): Machine => ({
  cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
  cores: os.availableParallelism(),
  memoryGb: Math.round(os.totalmem() / 2 ** 30),
  system: `${os.type()} ${os.release()} ${os.arch()}`,
  node: process.version,
  loadAtStart: Math.round((os.loadavg()[0] ?? 0) * 100) / 100,
})

const ticksPerSecond = 100

/** Processor seconds (user and system) that a process and its threads have used; Linux only. */
export const cpuSecondsOf = (pid: number): number => {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Resident memory of a process, megabytes; Linux only. */
export const memoryMbOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024
