/** The public face of the package, for `sluice.config.ts`. Loads nothing but one function. */
export { defineConfig } from './core/config/define.ts'
export type {
  Config,
  Duration,
  EnvironmentConfig,
  FreezeConfig,
  HealthConfig,
  JudgeConfig,
  Share,
  StartConfig,
  Variables,
} from './core/config/types.ts'
export type {
  ApprovalsConfig,
  ErrorBudgetConfig,
  PolicyConfig,
  WhoConfig,
  WindowConfig,
} from './core/config/types-governance.ts'
export type {
  DrainConfig,
  ForceConfig,
  MatchConfig,
  RoutingConfig,
  RuleConfig,
  SkewConfig,
  StickyConfig,
  UserStickyConfig,
  ValueConfig,
} from './core/config/types-routing.ts'
export type {
  ForeignPipelineConfig,
  GithubSourceConfig,
  GitlabSourceConfig,
  PollConfig,
  PushSourceConfig,
  SourceConfig,
} from './core/config/types-source.ts'
export type { AccessConfig, GroupConfig, OidcConfig, WorkloadConfig } from './core/config/types-access.ts'
export type {
  BuiltinStepConfig,
  ConcurrencyConfig,
  JobConfig,
  KeyedCacheConfig,
  MatrixConfig,
  OnlyConfig,
  PipelineConfig,
  RetryConfig,
  ServiceConfig,
  StepConfig,
  TaskCacheConfig,
  TriggersConfig,
} from './core/config/types-pipeline.ts'
export type {
  AmountConfig,
  BlueGreenConfig,
  CanaryConfig,
  CanaryStepConfig,
  HoldbackConfig,
  HookConfig,
  RollingConfig,
  RouteConfig,
  RouteMatchConfig,
  StrategyConfig,
  StrategyKind,
} from './core/config/types-strategy.ts'
export type {
  AllowedFindingConfig,
  ByteSize,
  CoverageDemandConfig,
  CoverageGateConfig,
  FindingsGateConfig,
  GatesConfig,
  LicenceExceptionConfig,
  LicencesGateConfig,
  PerformanceGateConfig,
  QuarantineConfig,
  ReviewsGateConfig,
  ScoreGateConfig,
  SeverityConfig,
  SizeGateConfig,
  TestsGateConfig,
  TimeGateConfig,
  WaiverConfig,
} from './core/config/types-gates.ts'
export type {
  CdeventsConfig,
  ChannelConfig,
  DiscordConfig,
  EmailConfig,
  GithubConfig,
  GitlabConfig,
  NoticeTemplateConfig,
  NotifyConfig,
  NotifyRouteConfig,
  PagerdutyConfig,
  SlackConfig,
  SlackWebhookConfig,
  TeamsConfig,
  WebhookConfig,
} from './core/config/types-notify.ts'
export type { CounterConfig, ExternalJudgeConfig, MetricsConfig } from './core/config/types-metrics.ts'
export type { PolicyFile } from './core/judge/policy-file.ts'
export type {
  CheckConfig,
  CheckScopeConfig,
  CommandCheckConfig,
  DependenciesCheckConfig,
  HttpCheckConfig,
  HttpExpectConfig,
  ResponseTimeCheckConfig,
  StatusConfig,
  TextExpectConfig,
  TlsCheckConfig,
} from './core/config/types-verification.ts'
