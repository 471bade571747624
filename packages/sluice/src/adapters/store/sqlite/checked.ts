/**
 * When a database was last read page by page. To read one of some megabytes takes longer than a small run, so one that was closed cleanly and that nobody
 * touched since is read again only now and then: `state.db-checked` says how the file looked when it was closed. After a death there is a log, and no note counts.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { limits } from '../../../core/limits.ts'
import { removeFile, sizeOf } from './files.ts'

/** When the database was read page by page, if nothing was written to the file since it was closed, epoch ms; null when it is to be read. A note that is not whole counts as none. */
export const lastChecked = (path: string, now: number): number | null => {
  if ((sizeOf(`${path}-wal`) ?? 0) > 0) return null
  try {
    const [checkedAt = '', ...looks] = readFileSync(notePath(path), 'utf8').split(' ')
    const at = Number(checkedAt)
    // A time that lies ahead is that of a clock which was set back.
    const isRecent = at <= now && now - at < limits.quickCheckEveryMs
    return isRecent && looks.join(' ') === looksOf(path) ? at : null
  } catch {
    return null
  }
}

/** Notes how a database looks that was just closed. Without its note it is read again. */
export const noteChecked = (path: string, checkedAt: number): void => {
  try {
    if ((sizeOf(`${path}-wal`) ?? 0) > 0) removeFile(notePath(path))
    else writeFileSync(notePath(path), `${checkedAt} ${looksOf(path)}`, { mode: 0o600 })
  } catch {
    // See above.
  }
}

const notePath = (path: string): string => `${path}-checked`

/** Changes with every write to the file, and with another file in its place: no program sets the time of the last change of a file's state (stat(2), `st_ctim`). */
const looksOf = (path: string): string => {
  const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
  return [ino, size, mtimeNs, ctimeNs, 'end'].join(' ')
}
