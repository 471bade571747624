import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { execPath } from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as sluice from '../packages/sluice/src/index.ts'

const bin = fileURLToPath(new URL('../packages/sluice/bin/sluice.js', import.meta.url))

/** Runs the bin as if by a Node of this version. */
const runAs = (version: string): { readonly code: number | null; readonly out: string; readonly err: string } => {
  const script = `Object.defineProperty(process.versions, 'node', { value: ${JSON.stringify(version)} }); require(${JSON.stringify(bin)})`
  const { status, stdout, stderr } = spawnSync(execPath, ['-e', script, '--', '--help'], { encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

test('an older Node is told so in one line, with the version found and the way out, as node_too_old', () => {
  for (const version of ['8.17.0', '20.20.2', '23.11.0']) {
    const { code, out, err } = runAs(version)
    deepStrictEqual([code, out, err.split('\n').length], [2, '', 2])
    match(err, /SLU-1007/)
    match(
      err,
      new RegExp(`Node ${version.replaceAll('.', '\\.')} is too old, Sluice needs 24 or newer.*npx -p node@24 sluice`),
    )
  }
})

test('the bin is written in words that an old Node can read', () => {
  const text = readFileSync(bin, 'utf8').replaceAll(/\/\/.*|'[^']*'/g, '')
  strictEqual(/=>|`|\b(?:const|let|async|await|class)\b|\?\.|\?\?|\.\.\./.exec(text), null)
})

/** What a config may be typed with; a change is a break for somebody. */
const exportedTypes: readonly string[] = [
  'Config',
  'Duration',
  'EnvironmentConfig',
  'FreezeConfig',
  'HealthConfig',
  'JudgeConfig',
  'Share',
  'StartConfig',
  'Variables',
  'ApprovalsConfig',
  'ErrorBudgetConfig',
  'PolicyConfig',
  'WhoConfig',
  'WindowConfig',
  'DrainConfig',
  'ForceConfig',
  'MatchConfig',
  'RoutingConfig',
  'RuleConfig',
  'SkewConfig',
  'StickyConfig',
  'UserStickyConfig',
  'ValueConfig',
  'ForeignPipelineConfig',
  'GithubSourceConfig',
  'GitlabSourceConfig',
  'PollConfig',
  'PushSourceConfig',
  'SourceConfig',
  'AccessConfig',
  'GroupConfig',
  'OidcConfig',
  'WorkloadConfig',
  'BuiltinStepConfig',
  'ConcurrencyConfig',
  'JobConfig',
  'KeyedCacheConfig',
  'MatrixConfig',
  'OnlyConfig',
  'PipelineConfig',
  'RetryConfig',
  'ServiceConfig',
  'StepConfig',
  'TaskCacheConfig',
  'TriggersConfig',
  'AmountConfig',
  'BlueGreenConfig',
  'CanaryConfig',
  'CanaryStepConfig',
  'HoldbackConfig',
  'HookConfig',
  'RollingConfig',
  'RouteConfig',
  'RouteMatchConfig',
  'StrategyConfig',
  'StrategyKind',
  'AllowedFindingConfig',
  'ByteSize',
  'CoverageDemandConfig',
  'CoverageGateConfig',
  'FindingsGateConfig',
  'GatesConfig',
  'LicenceExceptionConfig',
  'LicencesGateConfig',
  'PerformanceGateConfig',
  'QuarantineConfig',
  'ReviewsGateConfig',
  'ScoreGateConfig',
  'SeverityConfig',
  'SizeGateConfig',
  'TestsGateConfig',
  'TimeGateConfig',
  'WaiverConfig',
  'CdeventsConfig',
  'ChannelConfig',
  'DiscordConfig',
  'EmailConfig',
  'GithubConfig',
  'GitlabConfig',
  'NoticeTemplateConfig',
  'NotifyConfig',
  'NotifyRouteConfig',
  'PagerdutyConfig',
  'SlackConfig',
  'SlackWebhookConfig',
  'TeamsConfig',
  'WebhookConfig',
  'CounterConfig',
  'ExternalJudgeConfig',
  'MetricsConfig',
  'PolicyFile',
  'CheckConfig',
  'CheckScopeConfig',
  'CommandCheckConfig',
  'DependenciesCheckConfig',
  'HttpCheckConfig',
  'HttpExpectConfig',
  'ResponseTimeCheckConfig',
  'StatusConfig',
  'TextExpectConfig',
  'TlsCheckConfig',
]

test('the package exports these names, and no others', () => {
  deepStrictEqual(Object.keys(sluice), ['defineConfig'])
  const index = readFileSync(new URL('../packages/sluice/src/index.ts', import.meta.url), 'utf8')
  deepStrictEqual(
    [...index.matchAll(/^export type \{([^}]*)\}/gm)].flatMap(([, names = '']) => names.match(/\w+/g) ?? []),
    exportedTypes,
  )
})

test('a config gets back from defineConfig what it gave', () => {
  const config: sluice.Config = { service: 'shop', pipeline: { jobs: { test: { steps: 'npm test' } } } }
  strictEqual(sluice.defineConfig(config), config)
})
