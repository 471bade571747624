/** From settings to what a release carries: every environment with the service's own settings laid under it. Pure. */
import { SluiceError } from '../errors.ts'
import type { GovernanceSpec } from '../governance/types.ts'
import type { EnvironmentSpec, HealthPolicy, Warmup } from '../model.ts'
import { artifactNames, environmentsAfter } from './check.ts'
import { order } from './graph.ts'
import type { PolicySettings, Settings } from './settings.ts'

/** Environment → secret name → version. Values never come here. */
export type SecretVersions = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Environments in the order in which a release gets to them. Throws `not_found` when a named secret has no version in an environment. */
export const resolveEnvironments = (settings: Settings, versions: SecretVersions): readonly EnvironmentSpec[] => {
  const after = environmentsAfter(settings)
  const sorted = order(new Map([...after].map(([name, previous]) => [name, previous === null ? [] : [previous]])))
  return sorted.nodes.flatMap((name) => {
    const own = settings.environments[name]
    if (own === undefined) return []
    const secrets = [...new Set([...settings.secrets, ...own.secrets])]
    const spec: EnvironmentSpec = {
      name,
      after: after.get(name) ?? null,
      listen: own.listen,
      instances: own.instances,
      config: { ...settings.config, ...own.config },
      secretVersions: Object.fromEntries(secrets.map((secret) => [secret, secretVersion(versions, name, secret)])),
      strategy: own.strategy,
      health: layHealth(settings.health, own.health),
      judge: own.judge,
      ...resolveOutside(own, (secret) => secretVersion(versions, name, secret)),
      sticky: own.sticky,
      ...(own.routing && { routing: own.routing }),
      // The gateway is what a release without this key has: it stays the same release.
      ...(own.router === 'haproxy' && { router: own.router }),
      drainTimeoutMs: own.drainTimeoutMs,
      stopGraceMs: own.stopGraceMs,
      progressDeadlineMs: own.progressDeadlineMs,
      approvals: own.approvals.count,
      freeze: own.freeze,
      ...(own.rollback === undefined ? {} : { rollback: own.rollback }),
      ...promotionOf(own),
      ...(own.onFail === 'pause' ? { onFail: 'pause' } : {}),
      ...(own.hooks.length === 0 ? {} : { hooks: own.hooks }),
      // Absent where nothing is checked: so a release without checks keeps its id.
      ...(own.verify === undefined || own.verify.length === 0 ? {} : { verify: own.verify }),
      ...governanceOf(own, policiesOf(settings, name)),
    }
    return [spec]
  })
}

/** Absent where the config says nothing, so that a release from before these keys keeps its id. */
const promotionOf = ({
  promotion,
  approvals,
  approvalsExpireAfterMs = approvals.expireAfterMs,
  whenBusy,
  queue = promotion?.auto === true ? { supersede: 'older' } : undefined,
}: Settings['environments'][string]): Partial<EnvironmentSpec> => ({
  ...(promotion === undefined ? {} : { promotion }),
  ...(approvalsExpireAfterMs === undefined ? {} : { approvalsExpireAfterMs }),
  ...(whenBusy === undefined || whenBusy === 'refuse' ? {} : { whenBusy }),
  ...(queue === undefined ? {} : { queue }),
})

type NamedPolicy = readonly [name: string, policy: PolicySettings]

/** The policies that hold in an environment. */
const policiesOf = ({ policies }: Settings, environment: string): readonly NamedPolicy[] =>
  Object.entries(policies).filter(([, { environments }]) => environments?.includes(environment) !== false)

/** Absent where nothing is governed, so that ids of releases stay. */
const governanceOf = (
  { approvals, windows, overrun }: Settings['environments'][string],
  named: readonly NamedPolicy[],
): Pick<EnvironmentSpec, 'governance'> => {
  const { groups, selfApproval } = approvals
  const all = [...windows, ...named.flatMap(([policy, own]) => own.windows.map((window) => ({ ...window, policy })))]
  const policies = named.flatMap(([name, { rules }]) => (Object.keys(rules).length === 0 ? [] : [{ name, ...rules }]))
  const governance: GovernanceSpec = {
    ...(groups === undefined ? {} : { groups }),
    ...(selfApproval === undefined ? {} : { selfApproval }),
    ...(all.length === 0 ? {} : { windows: all }),
    ...(overrun === 'finish' ? {} : { overrun }),
    ...(policies.length === 0 ? {} : { policies }),
  }
  return Object.keys(governance).length === 0 ? {} : { governance }
}

/** Names of the secrets whose versions a release carries for an environment: those that its instances get, and those of whom it asks. */
export const secretNames = (settings: Settings, environment: string): readonly string[] => {
  const own = settings.environments[environment]
  const asked = [own?.metrics?.authorization, own?.externalJudge?.authorization]
  return [...new Set([...settings.secrets, ...(own?.secrets ?? []), ...asked.flatMap((name) => name ?? [])])]
}

/** Who is asked from outside, with the versions of what it takes to ask them; nothing where nothing is configured, so that ids of releases stay. */
const resolveOutside = (
  { metrics, externalJudge }: Settings['environments'][string],
  version: (secret: string) => string,
): Pick<EnvironmentSpec, 'metrics' | 'externalJudge'> => {
  const versionsOf = (secret: string | null): Readonly<Record<string, string>> =>
    secret === null ? {} : { [secret]: version(secret) }
  return {
    ...(metrics === undefined ? {} : { metrics: { ...metrics, secretVersions: versionsOf(metrics.authorization) } }),
    ...(externalJudge === undefined
      ? {}
      : { externalJudge: { ...externalJudge, secretVersions: versionsOf(externalJudge.authorization) } }),
  }
}

/** How an instance is started, its artifact found where the config leaves it out; null when the config starts nothing. */
export const resolveStart = (settings: Settings): { readonly command: string; readonly artifact: string } | null => {
  if (settings.start === null) return null
  return { command: settings.start.command, artifact: settings.start.artifact ?? artifactNames(settings)[0] ?? '' }
}

const layHealth = (base: HealthPolicy, own: Settings['environments'][string]['health']): HealthPolicy => ({
  ...warmupOf(own.warmup ?? base.warmup),
  path: own.path ?? base.path,
  intervalMs: own.intervalMs ?? base.intervalMs,
  timeoutMs: own.timeoutMs ?? base.timeoutMs,
  healthyAfter: own.healthyAfter ?? base.healthyAfter,
  unhealthyAfter: own.unhealthyAfter ?? base.unhealthyAfter,
  startTimeoutMs: own.startTimeoutMs ?? base.startTimeoutMs,
})

/** An environment that wants none of what the service wants says so with 0 requests. */
const warmupOf = (warmup: Warmup | undefined): Pick<HealthPolicy, 'warmup'> =>
  warmup === undefined || warmup.requests === 0 ? {} : { warmup }

const secretVersion = (versions: SecretVersions, environment: string, secret: string): string => {
  const version = versions[environment]?.[secret]
  if (version !== undefined) return version
  throw new SluiceError('not_found', {
    detail: `sluice.config.ts names the secret ${secret} for ${environment}, and there is no such secret there.`,
    hint: `Set it: sluice secrets set ${secret}`,
  })
}
