/** A state directory with real artifacts and a process driver on it. */
import assert from 'node:assert/strict'
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { processDriver } from '../../src/drivers/process/driver.ts'
import type { ProcessDriverOptions } from '../../src/drivers/process/driver.ts'
import { findMarked, markOf } from '../../src/drivers/process/marks.ts'
import type { MarkedProcess } from '../../src/drivers/process/marks.ts'
import { commitId } from '../../src/core/model.ts'
import type { Artifact, Release } from '../../src/core/model.ts'
import type { Driver } from '../../src/ports/driver.ts'
import { LocalArtifacts } from '../../src/runner/artifacts.ts'
import { releaseOf, secretValues } from './releases.ts'

/** The tests' platform for local processes. */
export type ProcessPlatform = {
  readonly stateDir: string
  readonly artifact: Artifact
  readonly open: (options?: Partial<ProcessDriverOptions>) => Driver
  /** `command` replaces `node server.js <behaviour>`. */
  readonly release: (behaviour: string, command?: string) => Release
  /** Every process that was started from here and runs now. */
  readonly processes: () => Promise<readonly MarkedProcess[]>
  readonly remove: () => Promise<void>
}

/** What the control plane's log was told. */
export const silent: ProcessDriverOptions['log'] = { info: () => {}, warn: () => {}, error: () => {} }

/** Options of a driver on this directory, with the real artifact store. */
export const driverOptions = (stateDir: string): ProcessDriverOptions => ({
  stateDir,
  artifacts: new LocalArtifacts(stateDir, async () => ({})),
  secrets: { values: async (versions) => secretValues(versions) },
  log: silent,
  ambient: { ...process.env, PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter), LEAK: 'leaked' },
})

/** Makes an empty state directory with the tests' service in its artifact store. */
export const processPlatform = async (): Promise<ProcessPlatform> => {
  const stateDir = await realpath(await mkdtemp(join(tmpdir(), 'sluice-driver-')))
  const options = driverOptions(stateDir)
  const artifact = await options.artifacts.put(
    {
      name: 'app',
      directory: fileURLToPath(new URL('service', import.meta.url)),
      paths: ['server.js', 'package.json'],
      commit: { id: commitId('a'.repeat(40)), subject: 'a change', author: 'A <a@example.org>', committedAt: 0 },
      version: '1.0.0',
      inputs: [],
    },
    new AbortController().signal,
  )
  const mark = markOf(stateDir)
  return {
    stateDir,
    artifact,
    open: (rest = {}) => processDriver({ ...options, ...rest }),
    release: (behaviour, command = `node server.js ${behaviour}`) => releaseOf('shop', command, artifact),
    processes: () => findMarked(mark),
    remove: () => remove(stateDir, mark),
  }
}

/** Retires what is on record; what then still runs was lost. */
const remove = async (stateDir: string, mark: string): Promise<void> => {
  const signal = new AbortController().signal
  const driver = processDriver(driverOptions(stateDir))
  const running = await findMarked(mark)
  const ids = running.filter(({ leads }) => leads).map(({ instance }) => instance)
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index)
  const environments = new Set(running.map(({ environment }) => environment))
  const fence = { token: 1_000, sequence: 1 }
  for (const environment of environments) {
    const instances = await driver.observe('shop', environment, signal)
    for (const release of new Set(instances.map((one) => one.release))) {
      await driver.retire({ service: 'shop', environment, release, keep: 0, stopGraceMs: 0, fence }, signal)
    }
  }
  const left = await findMarked(mark)
  for (const one of left) process.kill(one.process.pid, 'SIGKILL')
  await rm(stateDir, { recursive: true, force: true })
  assert.deepEqual(twice, [], 'no instance runs twice')
  assert.deepEqual(left, [], 'no process is left that no record knew of')
}
