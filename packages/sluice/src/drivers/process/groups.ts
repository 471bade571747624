/** Process groups, as /proc shows them. */
import { readFile } from 'node:fs/promises'

/** The process group of a pid, field 5 of /proc/PID/stat; null when there is no such process. Source: proc(5). */
export const groupOf = async (pid: string): Promise<string | null> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2] ?? null
}
