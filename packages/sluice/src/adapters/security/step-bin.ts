/**
 * A step that comes with Sluice, as a program: `node step-bin.ts CALL ANSWER`, the two being files of JSON. Exit code 0 for passed, 1 for failed, 2 for broken.
 */
import type { BuiltinAnswer } from '../../core/security/builtin-answer.ts'
import { readFile, writeFile } from 'node:fs/promises'
import { SluiceError } from '../../core/errors.ts'
import { builtinJobs, type BuiltinResult } from './builtin.ts'
import type { BuiltinName } from '../../core/config/builtins.ts'
import type { BuiltinTold } from './steps.ts'

const exitCodes = { passed: 0, failed: 1, broken: 2 } as const

const main = async ([call = '', answer = '']: readonly string[]): Promise<number> => {
  const stopped = new AbortController()
  process.once('SIGTERM', () => stopped.abort())
  // Documented parser: the file was written by `builtin-step.ts` of the same program, from what `steps.ts` gives.
  const { name, options, context } = JSON.parse(await readFile(call, 'utf8')) as BuiltinTold & {
    readonly name: BuiltinName
  }
  const result = await builtinJobs[name](options, { ...context, signal: stopped.signal })
  const { verdict, outputs, reports, summary } = result
  const { findings, reason } = result.result
  const told: BuiltinAnswer = { verdict, reason, findings, outputs, reports, summary }
  await writeFile(answer, JSON.stringify(told))
  for (const line of linesOf(result)) process.stdout.write(`${line}\n`)
  return exitCodes[verdict]
}

const linesOf = ({ verdict, result, outputs }: BuiltinResult): readonly string[] => [
  ...result.findings.map(
    ({ severity, rule, file, line, message }) =>
      `${severity} ${rule}${file === null ? '' : ` ${file}${line === null ? '' : `:${line}`}`}: ${message}`,
  ),
  ...Object.entries(outputs).map(([name, value]) => `${name}=${value}`),
  result.reason === null ? verdict : `${verdict}: ${result.reason}`,
]

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stdout.write(`broken: ${error instanceof SluiceError ? error.detail : String(error)}\n`)
  process.exitCode = exitCodes.broken
}
