/** `--features`: environments of a benchmark with everything on that a request may meet beside the split. */
import type { EnvironmentConfig } from '../../packages/sluice/src/core/config/types.ts'
import type { StrategyConfig } from '../../packages/sluice/src/core/config/types-strategy.ts'
import type { RouterName } from '../../packages/sluice/src/core/model.ts'

/** What an environment of a benchmark is made with. */
export type Setting = { readonly router: RouterName; readonly hasFeatures: boolean }

/** Reads `--router gateway|haproxy` and `--features`, and gives the other words back. */
export const readSetting = (args: readonly string[]): Setting & { readonly rest: readonly string[] } => {
  const words = args.filter((word) => word !== '--features')
  const at = words.indexOf('--router')
  const router = at < 0 ? 'gateway' : words[at + 1]
  if (router !== 'gateway' && router !== 'haproxy') throw new Error(`no router is called ${router}`)
  return { router, hasFeatures: args.includes('--features'), rest: at < 0 ? words : words.toSpliced(at, 2) }
}

/** The environments with sticky clients, a holdback, lasting connections that leave a draining instance and, where the router can, a mirror and skew protection. */
export const withFeatures = <Name extends string>(
  environments: Readonly<Record<Name, EnvironmentConfig>>,
  { router, hasFeatures }: Setting,
): Readonly<Record<Name, EnvironmentConfig>> => {
  if (!hasFeatures) return environments
  const isGateway = router === 'gateway'
  const featured = (config: EnvironmentConfig): EnvironmentConfig => ({
    ...config,
    sticky: { cookie: 'sluice-arm' },
    ...(isGateway ? { routing: { skew: { maxAge: '1h' } }, drain: { idle: '500ms', maxAge: '1s' } } : {}),
    ...(config.strategy === undefined ? {} : { strategy: strategyOf(config.strategy, isGateway ? '20%' : null) }),
  })
  const made: Record<Name, EnvironmentConfig> = { ...environments }
  for (const name in environments) made[name] = featured(environments[name])
  return made
}

const holdback = { share: '2%', bake: '300ms', unitsMin: 5 } as const

const strategyOf = (strategy: StrategyConfig, mirror: `${number}%` | null): StrategyConfig => {
  if (typeof strategy === 'string' || strategy.kind === 'rolling' || strategy.kind === 'recreate') return strategy
  const { bake: _, ...rest } = strategy
  if (rest.kind === 'blueGreen') return { ...rest, holdback }
  const steps = (rest.steps ?? []).map((step) => (typeof step === 'string' ? { share: step } : step))
  if (mirror === null) return { ...rest, steps, holdback }
  const copies = { share: '0%', mirror, pause: '300ms' } as const
  return { ...rest, steps: [copies, ...steps.map((step) => ({ ...step, mirror }))], holdback }
}
