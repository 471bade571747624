/** Fields of a lowered job in the words of `sluice.config.ts`. */
import type {
  KeyedCachePlan,
  ManualInput,
  PlannedService,
  RetryReason,
  Texts,
} from '../../../core/pipeline/job-plan.ts'
import { isReportFormat } from '../../../core/evidence/types.ts'
import { limits } from '../../../core/limits.ts'
import type { WrittenJob } from './pipeline-shape.ts'
import type { CodeValue } from './typescript-text.ts'

/** Keys of one job; those with undefined are left out. */
export type ConfigBody = { readonly [key: string]: CodeValue | undefined }

/** What runs a job, and what it leaves beside artifacts: the keys that are the same for every source. `name` makes a text a name of the config. */
export const commonFields = (job: WrittenJob, name: (text: string) => string): ConfigBody => ({
  if: job.condition === 'success' || job.condition === 'resolve' ? undefined : job.condition,
  retry: retryCode(job),
  mayFail:
    job.mayFail === null ? undefined : job.mayFail.exitCodes.length === 0 ? true : { exitCodes: job.mayFail.exitCodes },
  concurrency:
    job.concurrency === null
      ? undefined
      : job.concurrency.onConflict === 'queue'
        ? job.concurrency.group
        : { group: job.concurrency.group, onConflict: job.concurrency.onConflict },
  manual: manualCode(job),
  services: emptyless(Object.fromEntries(job.services.map((one) => [name(one.name), serviceCode(one)]))),
  outputs: job.outputFiles.length === 0 ? undefined : job.outputFiles,
  reports: emptyless(
    Object.fromEntries(
      job.reports.flatMap(({ format, paths }) => (isReportFormat(format) ? [[format, paths] as const] : [])),
    ),
  ),
  caches: job.keyedCaches.length === 0 ? undefined : job.keyedCaches.map(cacheCode),
})

/** A record; undefined for one without entries. */
export const emptyless = <Value extends CodeValue>(
  record: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> | undefined => (Object.keys(record).length === 0 ? undefined : record)

/** `90m`, `1500ms`; bounded by what the config takes. */
export const durationCode = (ms: number): string => {
  const bounded = Math.min(ms, limits.durationMsMax)
  for (const [size, unit] of [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1_000, 's'],
  ] as const)
    if (bounded >= size && bounded % size === 0) return `${bounded / size}${unit}`
  return `${bounded}ms`
}

const retryCode = ({ retry: { attemptsMax, backoffMs, on } }: WrittenJob): CodeValue | undefined => {
  const max = attemptsMax - 1
  if (max <= 0) return undefined
  if (backoffMs === 0 && on.length === 0) return max
  return clean({
    max,
    backoff: backoffMs === 0 ? undefined : durationCode(backoffMs),
    on: on.length === 0 ? undefined : on.map(reasonCode),
  })
}

const reasonCode = (reason: RetryReason): CodeValue => (reason.kind === 'exit_code' ? reason.code : reason.kind)

const manualCode = ({ manual }: WrittenJob): CodeValue | undefined => {
  if (manual === null) return undefined
  return manual.inputs.length === 0 ? true : inputsCode(manual.inputs)
}

/** Inputs as the key `manual` has them. */
export const inputsCode = (asked: readonly ManualInput[]): CodeValue => {
  const inputs = asked.map(({ name, kind, choices, default: standard, isRequired, description }) => [
    name,
    clean({
      type: kind,
      choices: choices.length === 0 ? undefined : choices,
      default: standard === null ? undefined : plainDefault(kind, standard),
      required: isRequired ? true : undefined,
      description: description === '' ? undefined : description,
    }),
  ])
  return { inputs: Object.fromEntries(inputs) }
}

/** A number and a truth value as they are where the text says the same. */
const plainDefault = (kind: ManualInput['kind'], text: string): CodeValue => {
  if (kind === 'boolean') return text === 'true'
  return kind === 'number' && String(Number(text)) === text ? Number(text) : text
}

const serviceCode = (service: PlannedService): CodeValue => {
  const { image, command, env, exports, ports, healthCommand, startTimeoutMs } = service
  return clean({
    image: image ?? undefined,
    command: command ?? undefined,
    env: textsCode(Object.fromEntries(Object.entries(env).filter(([one]) => isVariableName(one)))),
    exports: textsCode(exports),
    ports: ports.length === 0 ? undefined : ports,
    health: healthCommand ?? undefined,
    startTimeout: durationCode(startTimeoutMs),
  })
}

/** Whether a shell takes a name for that of a variable. */
export const isVariableName = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name)

const textsCode = (texts: Texts): CodeValue | undefined => emptyless(texts)

const cacheCode = ({ key, keyFiles, restoreKeys, paths }: KeyedCachePlan): CodeValue =>
  clean({
    key: key === '' ? 'default' : key,
    files: keyFiles.length === 0 ? undefined : keyFiles,
    restoreKeys: restoreKeys.length === 0 ? undefined : restoreKeys,
    paths,
  })

/** Without the keys that are left out, since a list in it is compared and written whole. */
const clean = (body: ConfigBody): CodeValue =>
  Object.fromEntries(Object.entries(body).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))
