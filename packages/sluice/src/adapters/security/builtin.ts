/** The jobs that come with Sluice: what `uses: 'sluice/secret-scan'` runs. */
import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import type { BuiltinName } from '../../core/config/builtins.ts'
import { branchSchema, commitSchema, releaseSchema } from '../../core/config/schema-conventions.ts'
import {
  auditSchema,
  licenceSchema,
  manifestSchema,
  provenanceSchema,
  sastSchema,
  sbomSchema,
  secretScanSchema,
} from '../../core/config/schema-security.ts'
import { defaultGroups } from '../../core/conventions/changelog.ts'
import { SluiceError } from '../../core/errors.ts'
import type { JsonValue, Texts } from '../../core/pipeline/job-plan.ts'
import { judgeLicences } from '../../core/security/licence.ts'
import { provenanceOf, type ProvenanceSubject, statementType } from '../../core/security/provenance.ts'
import {
  broken,
  countBySeverity,
  scanned,
  type ScanResult,
  type Severity,
  verdictOf,
} from '../../core/security/scan.ts'
import { sarifOf } from '../../core/security/sarif.ts'
import { sbomOf } from '../../core/security/sbom.ts'
import { writeWhole } from '../../lib/files.ts'
import { auditDependencies } from './audit.ts'
import { checkBranch } from './branch.ts'
import { checkCommits } from './commits.ts'
import { readLicences } from './licences.ts'
import { readLockfile } from './lockfile.ts'
import { scanManifests } from './manifests.ts'
import { changelogFor, createTag, nextVersion } from './release.ts'
import { keepProvenance } from './provenances.ts'
import { runSast } from './sast.ts'
import { scanSecrets } from './secrets.ts'
import { projectKey, sealDocument } from './signing.ts'

/** What a job gets to know. */
export type BuiltinContext = {
  /** The checkout, absolute. */
  readonly directory: string
  /** Where the project's key is, absolute. */
  readonly stateDirectory: string
  /** A folder for what the job writes, absolute; outside of the checkout. */
  readonly outputDirectory: string
  readonly service: { readonly name: string; readonly version: string }
  /** `base`: the last commit that was looked at before, null for none: then the whole history is. */
  readonly commit: { readonly id: string; readonly branch: string | null; readonly base: string | null }
  /** `inputs`: what it was started with; nothing when absent. */
  readonly run: { readonly id: string; readonly startedAt: number; readonly inputs?: Texts }
  /** The remote of the repository and the URI of this control plane, for provenance. */
  readonly repository: string
  readonly builder: string
  /** Artifacts of the run so far. */
  readonly artifacts: readonly ProvenanceSubject[]
  readonly sluiceVersion: string
  /** Epoch ms. */
  readonly now: number
  readonly signal: AbortSignal
}

/** What a job gives. */
export type BuiltinResult = {
  /** A job passes only with `passed`. */
  readonly verdict: 'passed' | 'failed' | 'broken'
  readonly result: ScanResult
  readonly outputs: Texts
  /** Files that it wrote: evidence for gates and releases. `sarif`, `cyclonedx`, `licences`, `intoto`, `changelog`. */
  readonly reports: readonly { readonly format: string; readonly path: string }[]
  /** Markdown for the job's summary. */
  readonly summary: string
}

/** A job: its options, and what it does with them. */
export type BuiltinJob<Options> = {
  readonly options: z.ZodType<Options>
  readonly run: (options: Options, context: BuiltinContext) => Promise<BuiltinResult>
}

const job =
  <Options>(
    options: z.ZodType<Options>,
    run: BuiltinJob<Options>['run'],
  ): ((given: unknown, context: BuiltinContext) => Promise<BuiltinResult>) =>
  async (given, context) => {
    const parsed = options.safeParse(given ?? {})
    if (!parsed.success)
      throw new SluiceError('config_invalid', {
        detail: `The options of the job are off: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`,
      })
    await mkdir(context.outputDirectory, { recursive: true })
    return run(parsed.data, context)
  }

/** Every job by its name. Throws `config_invalid` for options that are off, and otherwise only when called off: what cannot be looked at is `broken`. */
export const builtinJobs: Readonly<
  Record<BuiltinName, (options: unknown, context: BuiltinContext) => Promise<BuiltinResult>>
> = {
  'secret-scan': job(secretScanSchema, async ({ scope, failOn, allow }, context) => {
    const range = scope === 'files' ? null : rangeOf(context)
    const scan = { directory: context.directory, range, allowances: allow, now: context.now }
    return reported('secret-scan', await scanSecrets(scan, context.signal), { failOn, context })
  }),
  'dependency-audit': job(auditSchema, async ({ failOn, allow, ...options }, context) => {
    const request = { ...options, directory: context.directory, allowances: allow, now: context.now }
    return reported('dependency-audit', await auditDependencies(request, context.signal), { failOn, context })
  }),
  licences: job(licenceSchema, async ({ exceptions, ...policy }, context) => {
    const packages = await readLicences(context.directory, context.signal)
    if (packages === null)
      return reported('licences', broken('There is no node_modules: licences are read from what is installed.'), {
        failOn: 'low',
        context,
      })
    const path = join(context.outputDirectory, 'licences.json')
    const list = packages.map(({ name, version, written }) => ({ name, version, licence: written }))
    await writeWhole(path, `${JSON.stringify(list, null, 2)}\n`)
    const result = judgeLicences(packages, policy, { allowances: exceptions, now: context.now })
    return reported('licences', result, { failOn: 'low', context, reports: [{ format: 'licences', path }] })
  }),
  sbom: job(sbomSchema, async ({ lockfile }, context) => writeSbom(lockfile, context)),
  dockerfile: job(manifestSchema, async ({ paths, failOn, allow }, context) => {
    const request = { directory: context.directory, paths, allowances: allow, now: context.now }
    return reported('dockerfile', await scanManifests(request, context.signal), { failOn, context })
  }),
  sast: job(sastSchema, async ({ command, output, failOn, allow }, context) => {
    const request = { directory: context.directory, command, output, allowances: allow, now: context.now }
    return reported('sast', await runSast(request, context.signal), { failOn, context })
  }),
  'commit-lint': job(commitSchema, async ({ folder, ...policy }, context) => {
    const request = { directory: context.directory, range: rangeOf(context), folder, policy }
    return reported('commit-lint', await checkCommits(request, context.signal), { failOn: 'medium', context })
  }),
  'branch-name': job(branchSchema, async ({ branch, ...policy }, context) => {
    const request = { directory: context.directory, name: branch ?? context.commit.branch, policy }
    return reported('branch-name', await checkBranch(request, context.signal), { failOn: 'low', context })
  }),
  provenance: job(provenanceSchema, async ({ parameters }, context) => writeProvenance(parameters, context)),
  release: job(releaseSchema, async (options, context) => release(options, context)),
}

const rangeOf = ({ commit }: BuiltinContext): { readonly from: string | null; readonly to: string } => ({
  // Hooks say 40 zeros for a branch that is new.
  from: commit.base === null || /^0+$/.test(commit.base) ? null : commit.base,
  to: commit.id,
})

type Reporting = {
  readonly failOn: Severity
  readonly context: BuiltinContext
  readonly outputs?: Texts
  readonly reports?: BuiltinResult['reports']
}

/** The result of a scan with its SARIF log beside it. */
const reported = async (
  name: BuiltinName,
  result: ScanResult,
  { failOn, context, outputs = {}, reports = [] }: Reporting,
): Promise<BuiltinResult> => {
  const path = join(context.outputDirectory, `${name}.sarif`)
  await writeWhole(path, jsonText(sarifOf({ name: `sluice/${name}`, version: context.sluiceVersion }, result)))
  return {
    verdict: verdictOf(result, failOn),
    result,
    outputs: { status: result.status, findings: String(result.findings.length), ...outputs },
    reports: [...reports, { format: 'sarif', path }],
    summary: summaryOf(name, result),
  }
}

const summaryOf = (name: string, result: ScanResult): string => {
  const counts = Object.entries(countBySeverity(result.findings)).filter(([, count]) => count > 0)
  const head =
    result.status === 'broken'
      ? `broken: ${result.reason}`
      : counts.map(([severity, count]) => `${count} ${severity}`).join(', ') || 'nothing found'
  const rows = result.findings
    .slice(0, 20)
    .map(
      ({ severity, rule, file, line, message }) =>
        `| ${severity} | ${rule} | ${file === null ? '' : `${file}${line === null ? '' : `:${line}`}`} | ${message.replaceAll('|', '\\|').replaceAll('\n', ' ')} |`,
    )
  const table = rows.length === 0 ? [] : ['', '| severity | rule | place | what |', '|---|---|---|---|', ...rows]
  return [`**${name}**: ${head}`, ...table].join('\n')
}

const writeSbom = async (file: string | null, context: BuiltinContext): Promise<BuiltinResult> => {
  try {
    const lockfile = await readLockfile(context.directory, file)
    const path = join(context.outputDirectory, 'sbom.cdx.json')
    const subject = { ...context.service, tool: { name: 'sluice', version: context.sluiceVersion } }
    await writeWhole(path, jsonText(sbomOf(lockfile, subject, sha256)))
    return reported('sbom', scanned([], { components: lockfile.components.length }), {
      failOn: 'low',
      context,
      reports: [{ format: 'cyclonedx', path }],
    })
  } catch (error) {
    return reported('sbom', broken(reasonOf(error)), { failOn: 'low', context })
  }
}

const writeProvenance = async (parameters: Texts, context: BuiltinContext): Promise<BuiltinResult> => {
  if (context.artifacts.length === 0)
    return reported(
      'provenance',
      broken('The run has no artifact yet: provenance comes after the jobs that make them.'),
      { failOn: 'low', context },
    )
  const key = await projectKey(context.stateDirectory).catch(reasonOf)
  if (typeof key === 'string') return reported('provenance', broken(key), { failOn: 'low', context })
  const { inputs = {} } = context.run
  const statement = provenanceOf(context.artifacts, {
    builder: context.builder,
    sluiceVersion: context.sluiceVersion,
    runId: context.run.id,
    repository: context.repository,
    commit: context.commit.id,
    parameters: {
      service: context.service.name,
      branch: context.commit.branch,
      ...(Object.keys(inputs).length === 0 ? {} : { inputs }),
      ...parameters,
    },
    materials: [],
    startedAt: context.run.startedAt,
    finishedAt: context.now,
  })
  const path = join(context.outputDirectory, 'provenance.intoto.jsonl')
  const text = `${JSON.stringify(sealDocument(statement, statementType, key))}\n`
  await writeWhole(path, text)
  await keepProvenance(context.stateDirectory, { run: context.run.id, text })
  return reported('provenance', scanned([], { subjects: context.artifacts.length }), {
    failOn: 'low',
    context,
    outputs: { key: key.id },
    reports: [{ format: 'intoto', path }],
  })
}

const release = async (options: z.infer<typeof releaseSchema>, context: BuiltinContext): Promise<BuiltinResult> => {
  const { directory, signal, commit } = context
  try {
    const plan = await nextVersion({ ...options, directory, commit: commit.id, branch: commit.branch }, signal)
    if (plan.kind === 'conflict') return await reported('release', broken(plan.reason), { failOn: 'low', context })
    if (plan.kind === 'none')
      return await reported('release', scanned([], { commits: 0 }), {
        failOn: 'low',
        context,
        outputs: { released: 'false', reason: plan.reason },
      })
    const outputs = { released: 'true', version: plan.version, tag: plan.tag }
    if (plan.kind === 'released')
      return await reported('release', scanned([], { commits: 0 }), { failOn: 'low', context, outputs })
    const section = await changelogFor(
      { directory, plan, day: new Date(context.now).toISOString().slice(0, 10), groups: defaultGroups },
      signal,
    )
    const path = join(context.outputDirectory, 'changelog.md')
    await writeWhole(path, section)
    if (options.tag === 'create')
      await createTag(
        {
          directory,
          tag: plan.tag,
          commit: commit.id,
          message: `${plan.tag}\n\n${section}`,
          signing: options.signing,
          tagger: options.tagger,
          pushTo: options.pushTo,
        },
        signal,
      )
    return await reported('release', scanned([], { commits: plan.commits.length }), {
      failOn: 'low',
      context,
      outputs,
      reports: [{ format: 'changelog', path }],
    })
  } catch (error) {
    return reported('release', broken(reasonOf(error)), { failOn: 'low', context })
  }
}

/** What a failure of the world says; a bug and a cancellation are thrown on. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof SluiceError) || error.code === 'outcome_unknown') throw error
  return [error.detail, error.hint, ...error.evidence].filter(Boolean).join('\n')
}

const jsonText = (value: JsonValue): string => `${JSON.stringify(value, null, 2)}\n`
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
