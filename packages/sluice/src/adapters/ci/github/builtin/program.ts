/** Programs that a built-in action calls, through the job's shell. */
import type { Texts } from '../../../../core/pipeline/job-plan.ts'
import { runProcess } from '../run/process.ts'
import type { BuiltInCall } from './action.ts'

/** Runs a program and rejects with an `Error` unless it exits with 0. Its output goes to the log; gives what it wrote to standard output and error, as lines. */
export const runProgram = async (
  { state, frame, unit, signal }: BuiltInCall,
  argv: readonly string[],
  {
    directory,
    env = {},
    quiet = false,
  }: { readonly directory: string; readonly env?: Texts; readonly quiet?: boolean },
): Promise<readonly string[]> => {
  const lines: string[] = []
  const onLine = (line: string): string | null => {
    lines.push(line)
    return quiet ? null : line
  }
  const end = await runProcess({ state, frame, unit }, { argv, directory, env, onLine }, signal)
  if (end.kind === 'exited' && end.code === 0) return lines
  const how = end.kind === 'exited' ? `exited with ${end.code}` : end.kind === 'unstartable' ? end.detail : end.kind
  throw new Error(`${argv.slice(0, 2).join(' ')} ${how}${quiet ? `: ${lines.slice(-3).join(' ')}` : ''}`)
}
