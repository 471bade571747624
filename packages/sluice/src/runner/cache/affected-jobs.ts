/** Which jobs of a project a change concerns, as `sluice run --affected` asks. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type AffectedJobs, affectedJobs, type WorkspaceGraph } from '../../core/pipeline/cache/affected.ts'
import { lowerJob } from '../../core/pipeline/lower-config.ts'
import type { Settings } from '../../core/config/settings.ts'
import { readGlobs } from './globs.ts'
import { changedFiles, workspaceGraph } from './workspace-graph.ts'

const noPackages: WorkspaceGraph = { manager: 'npm', packages: [], shared: [] }

/** Compares the working tree of `directory` with where it left `base`. `not_found` for a base that is not there, `config_invalid` for manifests and globs that cannot be read. */
export const affectedOf = async (
  { directory, base, settings }: { readonly directory: string; readonly base: string; readonly settings: Settings },
  signal: AbortSignal,
): Promise<AffectedJobs> => {
  const [graph, changed] = await Promise.all([
    existsSync(join(directory, 'package.json')) ? workspaceGraph(directory, signal) : noPackages,
    changedFiles(directory, base, signal),
  ])
  const jobs = Object.entries(settings.pipeline.jobs).flatMap(([name, job]) => lowerJob(settings, name, job))
  return affectedJobs({ jobs, graph, changedFiles: changed, matcher: (globs) => readGlobs(globs).matches })
}
