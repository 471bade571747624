/** Releases for the drivers' tests, and how to talk to their instances. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { cutRelease } from '../../src/core/release.ts'
import { commitId, releaseId, runId } from '../../src/core/model.ts'
import type { Artifact, EnvironmentSpec, Fence, Instance, Release } from '../../src/core/model.ts'
import { eventually } from '../gateway/harness.ts'
import type { RetireRequest, StartRequest } from '../../src/ports/driver.ts'

const commit = { id: commitId('a'.repeat(40)), subject: 'a change', author: 'A <a@example.org>', committedAt: 0 }

/** A release of the tests' service. */
export const releaseOf = (service: string, command: string, artifact: Artifact): Release =>
  cutRelease(
    {
      draft: {
        schema: 1,
        service,
        version: '1.0.0',
        commit,
        start: { command, artifact: artifact.name },
        environments: [],
        migrations: [],
      },
      artifacts: [artifact],
      run: runId('run_1'),
      at: 0,
    },
    (text) => hash('sha256', text),
  )

/** The same release by another id: another release, as far as a driver is concerned. */
export const another = (release: Release): Release => ({
  ...release,
  id: releaseId(`rel_${hash('sha256', `another ${release.id}`)}`),
})

/** An environment of the tests' service. */
export const specOf = (name: string, rest: Partial<EnvironmentSpec> = {}): EnvironmentSpec => ({
  name,
  after: null,
  listen: { host: '127.0.0.1', port: 0 },
  instances: 1,
  config: { GREETING: 'hello' },
  secretVersions: { TOKEN: '7' },
  strategy: { kind: 'recreate' },
  health: { path: '/', intervalMs: 100, timeoutMs: 100, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 2_000 },
  judge: { alpha: 0.01, tolerance: 1, ignoreBelow: 0, intervalMs: 300, staleAfterMs: 1_500 },
  sticky: { kind: 'none' },
  drainTimeoutMs: 500,
  stopGraceMs: 2_000,
  progressDeadlineMs: 60_000,
  approvals: 0,
  freeze: [],
  ...rest,
})

/** The secrets of the tests, as a source of secrets gives them. */
export const secretValues = (versions: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(versions).map(([name, version]) => [name, `secret-${name}-${version}`]))

/** Intents of one environment, each with the next fence. */
export class Intents {
  readonly #release: Release
  readonly #spec: EnvironmentSpec
  #sequence = 0

  constructor(release: Release, spec: EnvironmentSpec) {
    this.#release = release
    this.#spec = spec
  }

  start(count: number, release: Release = this.#release): StartRequest {
    const variables = { ...this.#spec.config, ...secretValues(this.#spec.secretVersions) }
    return { release, spec: this.#spec, count, fence: this.#next(), variables }
  }

  retire(keep: number, release: Release = this.#release): RetireRequest {
    const { name: environment, stopGraceMs } = this.#spec
    const { service } = release.content
    return { service, environment, release: release.id, keep, stopGraceMs, fence: this.#next() }
  }

  #next(): Fence {
    return { token: 1, sequence: (this.#sequence += 1) }
  }
}

/** What an instance says of itself. */
export type Word = {
  readonly pid: number
  readonly folder: string
  readonly variables: Readonly<Record<string, string>>
}

/** Asks an instance; null when it does not answer. */
export const ask = async ({ host, port }: Instance, path: string = '/'): Promise<Word | null> => {
  try {
    // Documented parser: the tests' own service wrote it.
    return (await (await fetch(`http://${host}:${port}${path}`)).json()) as Word
  } catch {
    return null
  }
}

/** Asks an instance that must answer; on a busy machine it may have been started long before it listens. */
export const askNow = (instance: Instance | undefined): Promise<Word> =>
  eventually(`${instance?.id} answers`, () => ask(instance ?? assert.fail('there is an instance')))
