/** Hooks that are shell commands: asked by their environment, answering by their exit code. */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { gateLimits } from '../../core/limits/gates.ts'
import type { HookAnswer } from '../../core/rollout/types.ts'
import { runProgram } from '../../lib/run-program.ts'
import type { HookCall } from '../../ports/hooks.ts'

/** Where commands run, and whose environment they get a part of. */
export type CommandPlace = {
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** EX_TEMPFAIL of sysexits.h: try again later. */
const inProgress = 75

/** Of the control plane's own environment, where its keys are, only what a shell needs. */
const passedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER', 'LOGNAME', 'SHELL']

/** Runs the command once, to its end. Exit code 0 is a yes, 75 is not finished, everything else a no. */
export const askCommand = async (
  { directory, environment }: CommandPlace,
  { command, call }: { readonly command: string; readonly call: HookCall },
  signal: AbortSignal,
): Promise<HookAnswer> => {
  const env = { ...Object.fromEntries(passedOn.map((name) => [name, environment[name]])), ...variablesOf(call) }
  const ended = await runProgram('sh', ['-c', command], { cwd: directory, env, signal })
  if (ended.kind === 'failed')
    throw new SluiceError('hook_unreachable', { detail: `hook ${call.name} could not be run: ${ended.detail}` })
  const lines = linesOf(`${ended.out}\n${ended.err}`)
  const detail = linesOf(ended.out).at(-1)
  if (ended.code === 0) return { status: 'succeeded', detail: detail ?? 'exit code 0' }
  if (ended.code === inProgress)
    return { status: 'in_progress', detail: detail ?? 'exit code 75', retryAfterMs: gateLimits.hookRetryMsDefault }
  const how = ended.code === null ? 'it was killed' : `exit code ${ended.code}`
  return { status: 'failed', detail: how, evidence: lines }
}

/** The question, one variable a field. */
const variablesOf = (call: HookCall): Readonly<Record<string, string>> => ({
  SLUICE_HOOK: call.name,
  SLUICE_HOOK_KEY: call.key,
  SLUICE_ROLLOUT: call.rollout,
  SLUICE_SERVICE: call.service,
  SLUICE_ENVIRONMENT: call.environment,
  SLUICE_RELEASE: call.release,
  SLUICE_PREVIOUS_RELEASE: call.previous ?? '',
  SLUICE_MOMENT: call.moment,
  SLUICE_STEP: call.step,
})

const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trimEnd().slice(0, limits.evidenceLineMax))
    .filter((line) => line !== '')
    .slice(-limits.evidenceLinesMax)
