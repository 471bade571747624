/** What a local runner is made with. */
import type { ArtifactStore } from '../ports/artifacts.ts'
import type { BuiltinSteps } from '../ports/builtins.ts'
import type { JobDialect } from '../ports/dialect.ts'
import type { EvidenceStore } from '../ports/evidence.ts'
import type { CacheSupport } from './cache/run-caches.ts'
import type { IsolationWish } from './isolation/detect.ts'
import type { Network } from './isolation/launcher.ts'
import type { FolderCache } from './job-shell.ts'

/** What the runner is made with. */
export type RunnerOptions = {
  readonly stateDir: string
  /** The environment of this process, of which jobs see only a few names. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly cores: number
  readonly now: () => number
  /** A folder in the project's repository; needed for jobs whose workspace the runner makes. */
  readonly repository?: string
  /** Keeps artifacts of such jobs, and has those that they are given. */
  readonly artifacts?: Pick<ArtifactStore, 'put' | 'unpack'>
  /** Keeps what reports of jobs say; without it they are not read. */
  readonly evidence?: Pick<EvidenceStore, 'put' | 'keepFile'>
  readonly caches?: CacheSupport
  /** Folders under a key, where they are kept otherwise than in `caches`. */
  readonly folders?: FolderCache
  readonly github?: JobDialect
  readonly builtins?: BuiltinSteps
  /** `auto` when absent. */
  readonly isolation?: IsolationWish
  /** Whether jobs see the machine's network; `shared` when absent. */
  readonly network?: Network
  /** Time between SIGTERM and SIGKILL for a job, milliseconds; the limit's when absent. */
  readonly graceMs?: number
}
