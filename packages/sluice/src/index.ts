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
  JobConfig,
  JudgeConfig,
  PipelineConfig,
  RollingConfig,
  CanaryStepConfig,
  Share,
  StartConfig,
  StepConfig,
  StickyConfig,
  StrategyConfig,
  StrategyKind,
  Variables,
} from './core/config/types.ts'
