/** Single keys of an exported GitLab job. */
import type {
  JobPlan,
  KeyedCachePlan,
  PlannedArtifact,
  PlannedService,
  RetryPolicy,
  Texts,
} from '../../../core/pipeline/job-plan.ts'
import { durationText, isPredefined, serviceVariables, type WrittenJob } from './pipeline-shape.ts'
import type { YamlValue } from './yaml-text.ts'

/** Values of `when` of artifacts and caches. */
export const storageWhens: Readonly<Record<PlannedArtifact['when'], string | undefined>> = {
  success: undefined,
  failure: 'on_failure',
  always: 'always',
}

/** Formats of evidence → keys of `artifacts:reports`. */
const reportKeys: Texts = {
  junit: 'junit',
  cobertura: 'coverage_report',
  jacoco: 'coverage_report',
  cyclonedx: 'cyclonedx',
  'gitlab-sast': 'sast',
  'gitlab-dast': 'dast',
  'gitlab-codequality': 'codequality',
  'gitlab-secret-detection': 'secret_detection',
  'gitlab-dependency-scanning': 'dependency_scanning',
  'gitlab-container-scanning': 'container_scanning',
  'gitlab-cluster-image-scanning': 'cluster_image_scanning',
  'gitlab-coverage-fuzzing': 'coverage_fuzzing',
  'gitlab-api-fuzzing': 'api_fuzzing',
}

/** Whether GitLab reads a report of a format. */
export const isGitlabReport = (format: string): boolean => Object.hasOwn(reportKeys, format)

/** `artifacts:reports`; formats that GitLab does not read are left out. */
export const reportsOf = ({ reports }: WrittenJob): Readonly<Record<string, YamlValue>> =>
  Object.fromEntries(
    reports.flatMap(({ format, paths }): readonly (readonly [string, YamlValue])[] => {
      const key = reportKeys[format]
      if (key === undefined) return []
      if (key === 'coverage_report') return [[key, { coverage_format: format, path: paths[0] ?? '' }]]
      return [[key, paths]]
    }),
  )

/** `variables`: what is meant as it is written is told not to be filled in; what names other variables is. */
export const variablesOf = (job: WrittenJob, without: readonly string[]): YamlValue | undefined => {
  const fixed = { ...job.env, ...serviceVariables(job, (name) => name) }
  const entries = Object.entries(fixed)
    .filter(([name]) => !isPredefined(name) && !without.includes(name))
    .map(([name, value]) => [name, /[$%]/.test(value) ? { value, expand: false } : value] as const)
  const all = [...entries, ...Object.entries(job.late)]
  return all.length === 0 ? undefined : Object.fromEntries(all)
}

/** `services`. */
export const serviceOf = ({ name, image, command, env }: PlannedService): YamlValue => ({
  name: image ?? name,
  alias: name,
  command: command === null || image === null ? undefined : ['sh', '-c', command],
  variables: Object.keys(env).length === 0 ? undefined : env,
})

/** `cache`. */
export const cacheOf = ({ key, keyFiles, restoreKeys, paths, policy, when }: KeyedCachePlan): YamlValue => ({
  key: keyFiles.length === 0 ? key : { files: keyFiles.slice(0, 2), prefix: key === '' ? undefined : key },
  fallback_keys: restoreKeys.length === 0 ? undefined : restoreKeys,
  paths,
  policy: policy === 'pull-push' ? undefined : policy,
  when: storageWhens[when],
})

/** `retry`; undefined for a job that is tried once. */
export const retryOf = ({ attemptsMax, on }: RetryPolicy): YamlValue | undefined => {
  const max = Math.min(attemptsMax - 1, 2)
  if (max < 1) return undefined
  if (on.length === 0) return max
  const codes = on.flatMap((reason) => (reason.kind === 'exit_code' ? [reason.code] : []))
  const when = [...new Set(on.flatMap(({ kind }) => retryReasons[kind] ?? []))]
  return { max, when: when.length === 0 ? undefined : when, exit_codes: codes.length === 0 ? undefined : codes }
}

const retryReasons: Texts = {
  script_failure: 'script_failure',
  timeout: 'job_execution_timeout',
  system_failure: 'runner_system_failure',
  service_failure: 'runner_system_failure',
}

/** `environment`. */
export const environmentOf = (environment: JobPlan['environment']): YamlValue | undefined => {
  if (environment === null) return undefined
  const { name, url, action, onStop, autoStopMs } = environment
  return {
    name,
    url: url ?? undefined,
    action,
    on_stop: onStop ?? undefined,
    auto_stop_in: typeof autoStopMs === 'number' ? durationText(autoStopMs) : undefined,
  }
}

/** `allow_failure`. A manual job that GitLab is not told about may fail, so one that may not says so. */
export const allowFailureOf = ({ mayFail, manual }: WrittenJob): YamlValue | undefined => {
  if (mayFail === null) return manual === null ? undefined : false
  return mayFail.exitCodes.length === 0 ? true : { exit_codes: mayFail.exitCodes }
}
