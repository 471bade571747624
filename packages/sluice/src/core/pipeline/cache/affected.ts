/** What a change concerns: packages of a monorepo by who depends on whom, and jobs by their inputs, their package, and each other. */
import type { JobPlan } from '../job-plan.ts'

/** A package of the repository. */
export type WorkspacePackage = {
  readonly name: string
  /** Relative to the checkout, POSIX; empty for the root. */
  readonly directory: string
  /** Packages of the same repository that it depends on, by name. */
  readonly needs: readonly string[]
}

/** The packages of a repository; those that are no workspaces are one package, the root. */
export type WorkspaceGraph = {
  readonly manager: 'npm' | 'pnpm' | 'yarn'
  readonly packages: readonly WorkspacePackage[]
  /** Files whose change concerns every package: lockfile, root manifest, the list of workspaces. */
  readonly shared: readonly string[]
}

/** What is concerned, each with the reason why: `packages/a/x.ts changed`, `depends on a`. */
export type Affected = ReadonlyMap<string, string>

/** What a job of the pipeline has to do with a change. */
export type AffectedJobs = {
  /** To be run, each with the reason. */
  readonly affected: Affected
  /** Not concerned, but needed by one that is: its outputs or artifacts. */
  readonly required: Affected
  readonly skipped: readonly string[]
}

/** Packages that changed files concern, and those that depend on them, near or far. */
export const affected = ({
  graph,
  changedFiles,
}: {
  readonly graph: WorkspaceGraph
  readonly changedFiles: readonly string[]
}): Affected => {
  const shared = changedFiles.find((path) => graph.shared.includes(path))
  if (shared !== undefined) return new Map(graph.packages.map(({ name }) => [name, `${shared} changed`]))
  const found = new Map<string, string>()
  for (const path of changedFiles) {
    const owner = ownerOf(graph, path)
    if (owner !== null && !found.has(owner.name)) found.set(owner.name, `${path} changed`)
  }
  // Grows while it is walked, until nobody depends on what is in it.
  for (const [name] of found)
    for (const one of graph.packages)
      if (one.needs.includes(name) && !found.has(one.name)) found.set(one.name, `depends on ${name}`)
  return found
}

/** What to look at for jobs. */
export type AffectedJobsRequest = {
  readonly jobs: readonly JobPlan[]
  readonly changedFiles: readonly string[]
  readonly graph: WorkspaceGraph
  /** Reads globs of inputs. */
  readonly matcher: (globs: readonly string[]) => (path: string) => boolean
}

/**
 * Jobs that a change concerns. A job with inputs: when one of them changed; a job that works in a package: when the package is concerned; a job of which neither is known:
 * always. So is one that needs a job that is concerned.
 */
export const affectedJobs = (request: AffectedJobsRequest): AffectedJobs => {
  const { jobs } = request
  const packages = affected(request)
  const found = new Map<string, string>()
  for (const job of jobs) {
    const because = reasonOf(job, request, packages)
    if (because !== null) found.set(job.name, because)
  }
  for (const [name] of found) {
    // Whoever needs a matrix needs all of its legs.
    const names = new Set([name, jobs.find((job) => job.name === name)?.partOf ?? name])
    for (const job of jobs) {
      const isAfter = job.partOf === name || job.needs.some((need) => names.has(need))
      if (isAfter && !found.has(job.name)) found.set(job.name, `needs ${name}`)
    }
  }
  const required = requiredBy(found, jobs)
  const skipped = jobs.map(({ name }) => name).filter((name) => !found.has(name) && !required.has(name))
  return { affected: found, required, skipped }
}

/** What jobs that are to be run need, near or far, and are no part of themselves. */
const requiredBy = (found: Affected, jobs: readonly JobPlan[]): Affected => {
  const required = new Map<string, string>()
  const add = (name: string, because: string): void => {
    if (!found.has(name) && !required.has(name)) required.set(name, because)
  }
  const visit = (name: string): void => {
    for (const job of jobs) {
      if (job.name === name) for (const need of job.needs) add(need, `needed by ${name}`)
      if (job.name === name && job.partOf !== null) add(job.partOf, `${name} is part of it`)
      if (job.partOf === name && required.has(name)) add(job.name, `part of ${name}`)
    }
  }
  for (const [name] of found) visit(name)
  // Grows while it is walked.
  for (const [name] of required) visit(name)
  return required
}

const reasonOf = (job: JobPlan, request: AffectedJobsRequest, packages: Affected): string | null => {
  const { changedFiles, graph, matcher } = request
  const owner = job.workingDirectory === null ? null : ownerOf(graph, `${job.workingDirectory.replace(/^\.\//, '')}/`)
  const ofPackage = owner === null || owner.directory === '' ? undefined : packages.get(owner.name)
  if (ofPackage !== undefined) return `package ${owner?.name}: ${ofPackage}`
  if (job.cache !== null) {
    const input = changedFiles.find(matcher(job.cache.inputs))
    return input === undefined ? null : `${input} changed`
  }
  if (owner !== null && owner.directory !== '') return null
  return changedFiles.length === 0 ? null : 'what it depends on is not known'
}

/** The innermost package that a path lies in. */
const ownerOf = ({ packages }: WorkspaceGraph, path: string): WorkspacePackage | null => {
  const around = packages.filter(({ directory }) => directory === '' || path.startsWith(`${directory}/`))
  const [inner = null] = around.toSorted((a, b) => b.directory.length - a.directory.length)
  return inner
}
