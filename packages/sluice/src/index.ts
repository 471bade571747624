/** The public face of the package, for `sluice.config.ts`. Loads nothing but one function. */
export { defineConfig } from './core/config/define.ts'
export type {
  BlueGreenConfig,
  CanaryConfig,
  Config,
  Duration,
  EnvironmentConfig,
  FreezeConfig,
  HealthConfig,
  JudgeConfig,
  RollingConfig,
  CanaryStepConfig,
  Share,
  StartConfig,
  StickyConfig,
  StrategyConfig,
  StrategyKind,
  Variables,
} from './core/config/types.ts'
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
