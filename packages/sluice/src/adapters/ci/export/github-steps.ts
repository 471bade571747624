/** The steps of an exported GitHub job: checkout, what it takes, its caches, its own steps, what it hands on. */
import type { KeyedCachePlan, PlannedArtifact, RetryPolicy } from '../../../core/pipeline/job-plan.ts'
import { pinned } from './pins.ts'
import { isPredefined, serviceVariables, type WrittenJob, type WrittenStep, writesOutputs } from './pipeline-shape.ts'
import { checkLines, generatedMark, sealFile, sealLines, sealName } from './seals.ts'
import type { YamlValue } from './yaml-text.ts'

/** What the steps of a job are made with. */
export type StepContext = {
  readonly job: WrittenJob
  /** Its id in the file; the key of seals and outputs. */
  readonly id: string
  /** Ids of jobs by their names in the plan. */
  readonly ids: ReadonlyMap<string, string>
  readonly jobs: ReadonlyMap<string, WrittenJob>
  readonly sealed: ReadonlySet<string>
  /** Whether the job is legs of a matrix, whose artifacts need a name each. */
  readonly isMatrix: boolean
  readonly matrices: ReadonlySet<string>
}

/** All steps, in order. */
export const githubSteps = (context: StepContext): readonly YamlValue[] => {
  const { job, id, sealed } = context
  const delay = Math.round(job.delayMs / 1_000)
  return [
    ...(delay === 0 ? [] : [{ name: 'Wait', run: `${generatedMark} it starts this much later\nsleep ${delay}` }]),
    { name: 'Check out', uses: pinned('checkout'), with: { 'persist-credentials': false } },
    ...takeSteps(context),
    ...job.keyedCaches.flatMap(cacheSteps),
    ...job.steps.map((step) => ownStep(step, job)),
    ...job.keyedCaches.flatMap(saveSteps),
    ...(sealed.has(job.name)
      ? [
          {
            name: 'Seal artifacts',
            id: 'seal',
            run: sealLines(id, job.artifacts, 'echo "digest={digest}" >> "$GITHUB_OUTPUT"'),
            shell: 'bash',
          },
        ]
      : []),
    ...(sealed.has(job.name) || job.artifacts.length === 0
      ? []
      : [
          {
            name: 'Prepare artifacts',
            run: `${generatedMark} one path at the root keeps the folders of the others\nmkdir -p .sluice-seals && touch ${sealFile(id)}`,
            shell: 'bash',
          },
        ]),
    ...job.artifacts.map((artifact) => keepStep(artifact, context)),
    ...job.reports.map(({ format, paths }) => ({
      name: `Keep the ${format} report`,
      if: 'always()',
      uses: pinned('upload'),
      with: { name: `report-${format}-${id}${suffix(context)}`, path: paths.join('\n'), 'if-no-files-found': 'warn' },
    })),
    ...(outputFilesOf(job).length === 0
      ? []
      : [
          {
            name: 'Keep outputs',
            if: '!cancelled()',
            uses: pinned('upload'),
            with: {
              name: `outputs-${id}${suffix(context)}`,
              path: outputFilesOf(job).join('\n'),
              'if-no-files-found': 'ignore',
              'include-hidden-files': true,
            },
          },
        ]),
  ]
}

const suffix = ({ isMatrix }: StepContext): string => (isMatrix ? '-${{ strategy.job-index }}' : '')

const outputFile = '.sluice-outputs'

/** Files with outputs of a job, which jobs after it get as variables. */
export const outputFilesOf = (job: WrittenJob): readonly string[] => [
  ...(writesOutputs(job) ? [outputFile] : []),
  ...job.outputFiles,
]

/** Variables of the job: its own, those of services, and where its outputs go. Values are no expressions. */
export const githubEnv = (job: WrittenJob, without: readonly string[]): Readonly<Record<string, string>> => {
  const all = {
    ...job.env,
    ...job.late,
    ...serviceVariables(job, () => 'localhost'),
    ...(writesOutputs(job) ? { SLUICE_OUTPUT: outputFile } : {}),
  }
  return Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => !isPredefined(name) && !without.includes(name))
      .map(([name, value]) => [name, literal(value)]),
  )
}

/** A text in which `${{` means itself. */
export const literal = (text: string): string => text.replaceAll('${{', "${{ '${{' }}")

const takeSteps = ({ job, ids, jobs, sealed, matrices }: StepContext): readonly YamlValue[] =>
  // All legs of a matrix are one job in the file.
  [...new Map(job.takes.map((name) => [ids.get(name) ?? name, name]))].flatMap(([id, name]): readonly YamlValue[] => {
    const from = jobs.get(name)
    if (from === undefined) return []
    const isMatrix = matrices.has(name)
    const where = (what: string): YamlValue =>
      isMatrix ? { pattern: `${what}-*`, 'merge-multiple': true } : { name: what }
    const handed = from.artifacts.filter(({ when }) => when !== 'failure')
    const takes = handed.map((artifact) => ({
      name: `Take ${artifact.name}`,
      uses: pinned('download'),
      with: where(artifactName(artifact, id)),
    }))
    const check = {
      name: `Check what ${name} made`,
      run: `${generatedMark} what was handed over is what was made\n${checkLines(id, `$${sealName(id)}`)}`,
      shell: 'bash',
      env: { [sealName(id)]: `\${{ needs.${id}.outputs.seal }}` },
    }
    const outputs =
      job.envOfNeeds && outputFilesOf(from).length > 0
        ? [
            {
              name: `Take outputs of ${name}`,
              uses: pinned('download'),
              with: {
                ...(isMatrix ? { pattern: `outputs-${id}-*`, 'merge-multiple': true } : { name: `outputs-${id}` }),
                path: '.sluice-taken',
              },
              'continue-on-error': true,
            },
            {
              name: 'Set outputs',
              run: `${generatedMark} outputs become variables\nfind .sluice-taken -type f -exec cat {} + >> "$GITHUB_ENV" || true`,
              shell: 'bash',
            },
          ]
        : []
    return [...takes, ...(sealed.has(name) ? [check] : []), ...outputs]
  })

/** Artifacts of GitHub have one name each in a run; a slash or a colon is not allowed in them. */
const artifactName = ({ name }: PlannedArtifact, id: string): string => {
  const plain = name.replaceAll(/[^\w. -]+/g, '-').replaceAll(/^-+|-+$/g, '')
  return plain === id ? plain : `${plain}-${id}`
}

const keepStep = (artifact: PlannedArtifact, context: StepContext): YamlValue => {
  const { paths, exclude, when, ifMissing, expireMs } = artifact
  return {
    name: `Keep ${artifact.name}`,
    if: when === 'failure' ? 'failure()' : when === 'always' ? 'always()' : undefined,
    uses: pinned('upload'),
    with: {
      name: `${artifactName(artifact, context.id)}${suffix(context)}`,
      path: [...paths, sealFile(context.id), ...exclude.map((path) => `!${path}`)].join('\n'),
      'if-no-files-found': ifMissing === 'fail' ? 'error' : ifMissing,
      'include-hidden-files': true,
      'retention-days': expireMs === null ? undefined : Math.min(90, Math.max(1, Math.ceil(expireMs / 86_400_000))),
    },
  }
}

const cacheKey = ({ key, keyFiles }: KeyedCachePlan): string => {
  const hash =
    keyFiles.length === 0
      ? ''
      : `\${{ hashFiles(${keyFiles.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ')}) }}`
  return [literal(key), hash].filter((part) => part !== '').join('-')
}

const cacheSteps = (cache: KeyedCachePlan): readonly YamlValue[] => {
  if (cache.policy === 'push') return []
  const restoreKeys = cache.restoreKeys.map(literal).join('\n')
  const isWhole = cache.policy === 'pull-push' && cache.when === 'success'
  return [
    {
      name: `Cache ${cache.paths.join(' ')}`,
      uses: isWhole ? pinned('cache') : pinned('cache', '/restore'),
      with: {
        path: cache.paths.join('\n'),
        key: cacheKey(cache),
        'restore-keys': restoreKeys === '' ? undefined : restoreKeys,
      },
    },
  ]
}

const saveSteps = (cache: KeyedCachePlan): readonly YamlValue[] => {
  if (cache.policy === 'pull' || (cache.policy === 'pull-push' && cache.when === 'success')) return []
  return [
    {
      name: `Save ${cache.paths.join(' ')}`,
      if: cache.when === 'always' ? 'always()' : cache.when === 'failure' ? 'failure()' : undefined,
      uses: pinned('cache', '/save'),
      with: { path: cache.paths.join('\n'), key: cacheKey(cache) },
    },
  ]
}

const ownStep = (step: WrittenStep, job: WrittenJob): YamlValue => {
  const script = step.lines.join('\n')
  const { retry, mayFail } = job
  const retried = retry.attemptsMax > 1 ? retryLoop(script, retry) : script
  const run = mayFail !== null && mayFail.exitCodes.length > 0 ? allowedCodes(retried, mayFail.exitCodes) : retried
  const when = step.when === 'always' ? 'always()' : step.when === 'failure' ? 'failure()' : undefined
  return {
    name: step.name === script ? undefined : literal(step.name),
    if: when,
    run: literal(run),
    shell: run === script ? shellOf(step.shell ?? job.shell) : 'bash',
    'working-directory': step.workingDirectory ?? undefined,
    env: Object.keys(step.env).length === 0 ? undefined : step.env,
    'timeout-minutes': step.timeoutMs === null ? undefined : minutes(step.timeoutMs),
    'continue-on-error': step.continueOnError ? true : undefined,
  }
}

/** Minutes, up; a tenth at least. */
export const minutes = (ms: number): number => Math.max(0.1, Math.ceil(ms / 6_000) / 10)

const shellOf = (words: readonly string[] | null): string => {
  const text = (words ?? ['sh', '-e', '{0}']).join(' ')
  return text === 'bash --noprofile --norc -eo pipefail {0}' ? 'bash' : text
}

/** GitHub has no retry, so the step makes its attempts itself. */
const retryLoop = (script: string, { attemptsMax, backoffMs, on }: RetryPolicy): string => {
  const codes = on.flatMap((reason) => (reason.kind === 'exit_code' ? [reason.code] : []))
  const isAny = on.length === 0 || on.some(({ kind }) => kind === 'script_failure')
  const worth = isAny ? [] : [`case " ${codes.join(' ')} " in *" $code "*) ;; *) exit "$code" ;; esac`]
  const seconds = Math.round(backoffMs / 1_000)
  return [
    `${generatedMark} up to ${attemptsMax} attempts`,
    ...heredoc(script),
    `for attempt in $(seq ${attemptsMax}); do`,
    '  code=0',
    '  bash --noprofile --norc -eo pipefail "$RUNNER_TEMP/sluice-step.sh" || code=$?',
    `  [ "$code" -ne 0 ] && [ "$attempt" -lt ${attemptsMax} ] || exit "$code"`,
    ...worth.map((line) => `  ${line}`),
    '  echo "::warning::attempt $attempt failed with exit code $code; trying again"',
    ...(seconds === 0 ? [] : [`  sleep $(( ${seconds} * (1 << (attempt - 1)) ))`]),
    'done',
  ].join('\n')
}

/** GitHub lets a job fail with any code or with none, so the step decides. */
const allowedCodes = (script: string, codes: readonly number[]): string =>
  [
    `${generatedMark} may end with ${codes.join(', ')}`,
    ...heredoc(script).map((line) => line.replaceAll('sluice-step.sh', 'sluice-allowed.sh')),
    'code=0',
    'bash --noprofile --norc -eo pipefail "$RUNNER_TEMP/sluice-allowed.sh" || code=$?',
    `case " ${codes.join(' ')} " in *" $code "*) echo "::warning::ended with $code, which is allowed" ;; *) exit "$code" ;; esac`,
  ].join('\n')

const heredoc = (script: string): readonly string[] => {
  const end = script.includes('SLUICE_SCRIPT_END') ? 'SLUICE_SCRIPT_END_2' : 'SLUICE_SCRIPT_END'
  return [`cat > "$RUNNER_TEMP/sluice-step.sh" <<'${end}'`, script, end]
}

/** The script that a generated loop was made of; any other as it is. */
export const withoutLoop = (run: string): string => {
  if (!run.startsWith(`${generatedMark} up to `) && !run.startsWith(`${generatedMark} may end with `)) return run
  const found = /<<'(SLUICE_SCRIPT_END(?:_2)?)'\n([^]*)\n\1\n/.exec(run)
  return found === null ? run : withoutLoop(found[2] ?? '')
}
