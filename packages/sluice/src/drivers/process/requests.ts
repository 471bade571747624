/** Builds, as data, what the driver then does: names, command lines, environments. Pure. */
import { SluiceError } from '../../core/errors.ts'
import type { EnvironmentSpec, ReleaseId } from '../../core/model.ts'
import type { ListenAddress } from '../../core/routing.ts'
import type { StartRequest } from '../../ports/driver.ts'
import type { InstanceRecord, WantedRelease } from './records.ts'

/** Variables of the control plane that an instance inherits; nothing else of it leaks into services. */
const inherited = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'] as const

/** The variable that marks processes of one state directory, so that those are found that no record names. */
export const stateVariable = 'SLUICE_STATE'

/** `<service>-<environment>-<release, 12 hex>-<index>`. */
export const instanceId = (
  { service, environment }: { readonly service: string; readonly environment: string },
  release: ReleaseId,
  index: number,
): string => `${service}-${environment}-${release.slice(4, 16)}-${index}`

/** What is remembered of a start request. `artifact_missing` when the release does not carry the artifact it starts from. */
export const wantedOf = ({ release, spec, count }: StartRequest): WantedRelease => {
  const { start, artifacts, version } = release.content
  const artifact = artifacts.find(({ name }) => name === start.artifact)
  if (artifact === undefined) {
    throw new SluiceError('artifact_missing', {
      detail: `release ${version} starts from the artifact ${JSON.stringify(start.artifact)}, but carries ${artifacts.map(({ name }) => name).join(', ') || 'none'}`,
    })
  }
  return {
    release: release.id,
    version,
    count,
    command: start.command,
    artifact: artifact.digest,
    config: spec.config,
    secretVersions: spec.secretVersions,
  }
}

/** Ports that the environments of the service listen on: free until the first release of one serves, and no instance's then either. */
export const listenedOn = ({ release, spec }: Pick<StartRequest, 'release' | 'spec'>): ReadonlySet<number> =>
  new Set([spec, ...release.content.environments].flatMap(addressesOf).map(({ port }) => port))

const addressesOf = ({ listen, strategy }: EnvironmentSpec): readonly ListenAddress[] =>
  strategy.kind === 'blueGreen' && strategy.previewListen !== undefined ? [listen, strategy.previewListen] : [listen]

const firstWord = /^\s*[\w./~@+-]+(\s|$)/
const joins = /[;&|()<>`\n]/
const shellOwn =
  /^\s*(exec|eval|command|builtin|source|time|if|for|while|until|case|cd|export|set|ulimit|umask|\.)(\s|$)/

/**
 * The line that `sh -c` is given. One simple command is replaced into the shell's place (`exec`), so that the pid is the service itself; for
 * anything else (`a && b`, assignments, pipes) the pid is the shell's, which leads the process group that signals go to.
 */
export const shellLine = (command: string): string =>
  firstWord.test(command) && !joins.test(command) && !shellOwn.test(command) ? `exec ${command.trim()}` : command

/** All that an instance sees of the world: what it inherits, what the release gives it, and what Sluice tells it, the last being final. */
export const instanceVariables = (request: {
  readonly ambient: Readonly<Record<string, string | undefined>>
  readonly variables: Readonly<Record<string, string>>
  readonly service: string
  readonly environment: string
  readonly host: string
  readonly version: string
  readonly instance: InstanceRecord
  readonly stateMark: string
}): Readonly<Record<string, string>> => {
  const { ambient, variables, service, environment, host, version, instance, stateMark } = request
  const base = inherited.flatMap((name) => {
    const value = ambient[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    ...Object.fromEntries(base),
    ...variables,
    PORT: String(instance.port),
    HOST: host,
    SLUICE_INSTANCE: instance.id,
    SLUICE_RELEASE: instance.release,
    SLUICE_VERSION: version,
    SLUICE_ENVIRONMENT: environment,
    SLUICE_SERVICE: service,
    [stateVariable]: stateMark,
  }
}

/** Pause before a restart, milliseconds: doubles with each end in a row that came soon after the start. */
export const restartDelayMs = (quickEnds: number, bounds: { readonly min: number; readonly max: number }): number =>
  Math.min(bounds.max, bounds.min * 2 ** Math.max(0, quickEnds - 1))
