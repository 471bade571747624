import type { Sha256 } from '../core/model.ts'
import type { ArtifactStore } from '../ports/artifacts.ts'
import type { Calendar } from '../ports/calendar.ts'
import type { Clock, Ids, Log } from '../ports/clock.ts'
import type { ConfigLoader, Project } from '../ports/config.ts'
import type { JobDialect } from '../ports/dialect.ts'
import type { Credentials } from '../ports/credentials.ts'
import type { Driver } from '../ports/driver.ts'
import type { ExternalJudge, MetricSource } from '../ports/metrics.ts'
import type { Notifier, NotifyRules } from '../ports/notifier.ts'
import type { Pipelines } from '../ports/pipelines.ts'
import type { Projections } from '../ports/projections.ts'
import type { Router } from '../ports/router.ts'
import type { EvidenceStore } from '../ports/evidence.ts'
import type { Hooks } from '../ports/hooks.ts'
import type { Reviews } from '../ports/reviews.ts'
import type { JobRunner } from '../ports/runner.ts'
import type { SecretSource } from '../ports/secrets.ts'
import type { Remote, Source } from '../ports/source.ts'
import type { Store } from '../ports/store.ts'
import type { Verifier } from '../ports/verifier.ts'

/** Everything the engine asks of the world; built once, in `app.ts`. */
export type Ports = {
  readonly clock: Clock
  readonly ids: Ids
  /** Windows that recur. */
  readonly calendar: Calendar
  readonly log: Log
  readonly sha256: Sha256
  readonly store: Store
  readonly driver: Driver
  readonly router: Router
  readonly source: Source
  /** The repository that commits are fetched from. */
  readonly remote: Remote
  /** The project that the control plane stands in. */
  readonly project: Project
  readonly config: ConfigLoader
  readonly artifacts: ArtifactStore
  readonly evidence: EvidenceStore
  readonly runner: JobRunner
  /** Who reviewed a commit. */
  readonly reviews: Reviews
  readonly secrets: SecretSource
  /** What those who ask are recognised by. */
  readonly credentials: Credentials
  readonly hooks: Hooks
  /** Counters from outside the data plane. */
  readonly metrics: MetricSource
  readonly externalJudge: ExternalJudge
  /** Looks at releases and environments from outside. */
  readonly verifier: Verifier
  /** Pipelines of other systems. */
  readonly pipelines: Pipelines
  /** Tells people and other systems. */
  readonly notifier: Notifier
  /** Who is told what, as the config says. */
  readonly notifyRules: NotifyRules
  /** What was folded, and may be folded again. */
  readonly projections: Projections
  /** The rules of GitHub Actions, for what is decided between jobs. */
  readonly github: Pick<JobDialect, 'resolve' | 'outputs'>
}
