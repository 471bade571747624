/** A step that comes with Sluice, run by hand: on the project itself, outside of any run. */
import type { BuiltinAnswer } from '../../core/security/builtin-answer.ts'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BuiltinName } from '../../core/config/builtins.ts'
import type { Commit } from '../../core/model.ts'
import type { RunOrigin } from '../../core/pipeline/types.ts'
import type { BuiltinSteps } from '../../ports/builtins.ts'
import type { BuiltinTold } from './steps.ts'

/** What is run by hand. */
export type AtHand = {
  readonly name: BuiltinName
  readonly options: Readonly<Record<string, unknown>>
  readonly projectDir: string
  readonly service: string
  readonly commit: Commit
  readonly origin: RunOrigin
  readonly steps: BuiltinSteps
}

/** What it came to; `changelog` is Markdown, null where the step writes none. Throws `config_invalid` for options that are off. */
export const runAtHand = async (
  { name, options, projectDir, service, commit, origin, steps }: AtHand,
  signal: AbortSignal,
): Promise<BuiltinAnswer & { readonly changelog: string | null }> => {
  // All of the steps and the schema's library, for whoever runs one by hand.
  const { builtinJobs } = await import('./builtin.ts')
  const outputDirectory = await mkdtemp(join(tmpdir(), 'sluice-step-'))
  try {
    const { told } = await steps.prepare(
      {
        name: `sluice/${name}`,
        options: null,
        directory: projectDir,
        outputDirectory,
        service,
        origin,
        version: '',
        commit: commit.id,
        run: {
          id: 'by hand',
          startedAt: commit.committedAt,
        },
        artifacts: [],
      },
      signal,
    )
    // Trusted: what `steps.ts` of this folder prepared.
    const { context } = told as unknown as BuiltinTold
    const { verdict, outputs, reports, summary, result } = await builtinJobs[name](options, { ...context, signal })
    const changelog = reports.find(({ format }) => format === 'changelog')?.path ?? null
    return {
      verdict,
      outputs,
      summary,
      reason: result.reason,
      findings: result.findings,
      reports: [],
      changelog: changelog === null ? null : await readFile(changelog, 'utf8'),
    }
  } finally {
    await rm(outputDirectory, { recursive: true, force: true })
  }
}
