/** An instance's log: written by the instance itself through a file descriptor, so that it goes on without the control plane; kept within bounds here. */
import { openSync, mkdirSync } from 'node:fs'
import { appendFile, copyFile, open, readdir, rm, stat, truncate } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'

/** Opens for appending; the caller closes the descriptor. Append mode lets the file be cut short under its writer. */
export const openLog = (file: string): number => {
  mkdirSync(dirname(file), { recursive: true })
  return openSync(file, 'a', 0o600)
}

/** Size in bytes, 0 when there is no such file. */
export const logSize = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  )

/** The last lines at or after byte `from`, reading at most `evidenceBytesMax`. `not_found` when there is no such log. */
export const tailLog = async (file: string, lines: number, from: number = 0): Promise<readonly string[]> => {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new SluiceError('not_found', { detail: `there is no log ${file}`, cause })
  })
  try {
    const { size } = await handle.stat()
    // A log that was cut short since then begins anew.
    const start = Math.max(from > size ? 0 : from, size - limits.evidenceBytesMax)
    const buffer = Buffer.alloc(size - start)
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start)
    const text = buffer.toString('utf8', 0, bytesRead)
    const all = text.split(/\r?\n/)
    if (all.at(-1) === '') all.pop()
    return all.slice(Math.max(0, all.length - lines))
  } finally {
    await handle.close()
  }
}

/**
 * Cuts a log that has grown too long: what it held moves to `<file>.1`, and a line says so. The writer keeps its descriptor; lines written
 * between the copy and the cut are lost, which the line says too.
 */
export const boundLog = async (file: string, bytesMax: number = limits.instanceLogBytesMax): Promise<void> => {
  if ((await logSize(file)) <= bytesMax) return
  const older = `${file}.1`
  await copyFile(file, older)
  await truncate(file, 0)
  await appendFile(
    file,
    `[sluice] this log passed ${bytesMax} bytes; its earlier lines are in ${older}, a few may be lost\n`,
  )
}

/** Removes the oldest logs of instances that are gone, beyond the newest `instanceLogsKeptMax`. */
export const pruneLogs = async (folder: string, inUse: ReadonlySet<string>): Promise<void> => {
  const names = await readdir(folder).catch(() => [])
  const idle = names.filter((name) => !inUse.has(name.replace(/\.log(\.1)?$/, '')))
  if (idle.length <= limits.instanceLogsKeptMax) return
  const dated = await Promise.all(
    idle.map(async (name) => ({ name, at: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0 })),
  )
  const old = dated.toSorted((a, b) => b.at - a.at).slice(limits.instanceLogsKeptMax)
  await Promise.all(old.map(({ name }) => rm(join(folder, name), { force: true })))
}
