/** A database is taken for sound only as it was closed, and only for a while. */
import { equal } from 'node:assert/strict'
import { copyFileSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { limits } from '../../../core/limits.ts'
import { lastChecked, noteChecked } from './checked.ts'

const root = mkdtempSync(join(tmpdir(), 'sluice-checked-'))
after(() => rmSync(root, { recursive: true, force: true }))

let count = 0
/** One that was checked at 1,000 and closed. */
const closed = (): string => {
  const path = join(root, `state-${(count += 1)}.db`)
  writeFileSync(path, 'pages')
  noteChecked(path, 1_000)
  return path
}

test('a database that nobody touched since it was closed was checked when its note says', () => {
  const path = closed()
  equal(lastChecked(path, 1_000), 1_000)
  equal(lastChecked(path, 999 + limits.quickCheckEveryMs), 1_000)
})

test('it is to be read again after some time, when the clock was set back, and without a note', () => {
  const path = closed()
  equal(lastChecked(path, 1_000 + limits.quickCheckEveryMs), null)
  equal(lastChecked(path, 999), null)
  equal(lastChecked(join(root, 'none.db'), 1_000), null)
  writeFileSync(`${path}-checked`, '1000 1')
  equal(lastChecked(path, 1_000), null)
})

test('it is to be read again when it was written to, replaced, or its process died', () => {
  const written = closed()
  writeFileSync(written, 'Pages')
  // The times that a program can set are as they were; the one that it cannot is not.
  utimesSync(written, 1, 1)
  equal(lastChecked(written, 1_000), null)
  const replaced = closed()
  copyFileSync(replaced, `${replaced}.copy`)
  renameSync(`${replaced}.copy`, replaced)
  equal(lastChecked(replaced, 1_000), null)
  const died = closed()
  writeFileSync(`${died}-wal`, 'frames')
  equal(lastChecked(died, 1_000), null)
})
