/** Only a folder that looks as if it were just made serves another job. */
import { deepEqual, equal } from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Spares } from './spares.ts'
import { makeStepFolder } from './step-files.ts'

describe('folders of jobs that are over', () => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-spares-'))
  after(() => rmSync(root, { recursive: true, force: true }))

  let count = 0
  const job = (): string => {
    const folder = join(root, 'jobs', `job-${(count += 1)}`)
    mkdirSync(join(folder, 't'), { recursive: true })
    makeStepFolder(join(folder, 't', '0'), 'true')
    return folder
  }
  const waiting = (): readonly string[] => readdirSync(join(root, 'spare'))

  it('serve the next job, empty, and that of the next process', () => {
    const one = job()
    equal(new Spares(root).keep(one), true)
    equal(existsSync(one), false)
    const next = join(root, 'jobs', 'next')
    new Spares(root).give(next)
    deepEqual(readdirSync(next, { recursive: true }).toSorted(), ['t', 't/0'])
    deepEqual(waiting(), [])
    new Spares(root).give(join(root, 'jobs', 'none'))
    equal(existsSync(join(root, 'jobs', 'none')), false)
  })

  it('do not when the job left anything in them, or changed them', () => {
    const changes: readonly ((folder: string) => void)[] = [
      (folder) => writeFileSync(join(folder, 'left'), ''),
      (folder) => writeFileSync(join(folder, 't', 'left'), ''),
      (folder) => writeFileSync(join(folder, 't', '0', 'SLUICE_OUTPUT'), 'a=1'),
      (folder) => mkdirSync(join(folder, 't', '1')),
      (folder) => chmodSync(join(folder, 't', '0'), 0o777),
      (folder) => chmodSync(join(folder, 't'), 0o1777),
      (folder) => {
        rmSync(join(folder, 't', '0'), { recursive: true })
        mkdirSync(join(root, `elsewhere-${count}`), { mode: 0o700 })
        writeFileSync(join(root, `elsewhere-${count}`, 'script'), '')
        symlinkSync(join(root, `elsewhere-${count}`), join(folder, 't', '0'))
      },
    ]
    for (const change of changes) {
      const folder = job()
      change(folder)
      equal(new Spares(root).keep(folder), false, String(change))
      equal(existsSync(folder), true)
    }
  })

  it('are left alone when somebody put something into them while they waited', () => {
    const spares = new Spares(root)
    spares.keep(job())
    const [name = ''] = waiting()
    writeFileSync(join(root, 'spare', name, 't', '0', 'script'), 'planted')
    const next = join(root, 'jobs', 'planted')
    spares.give(next)
    equal(existsSync(next), false)
  })
})
