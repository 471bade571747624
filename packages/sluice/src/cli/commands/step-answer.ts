import type { BuiltinAnswer } from '../../core/security/builtin-answer.ts'
import type { Cli } from '../cli.ts'

type Answer = BuiltinAnswer & { readonly changelog: string | null }

/** Prints what a built-in step found, and what `told` says of one that passed. 0 when it passed, 3 otherwise. */
export const stepAnswer = (cli: Cli, answer: Answer, told: (answer: Answer) => readonly string[]): number => {
  const { verdict, reason, findings, outputs, changelog } = answer
  if (cli.globals.json) cli.json({ verdict, reason, findings, outputs, changelog })
  else {
    for (const { severity, rule, message } of findings) cli.print(`${severity} ${rule}: ${message}`)
    if (reason !== null) cli.print(`broken: ${reason}`)
    if (verdict === 'passed') for (const line of told(answer)) cli.print(line)
  }
  return verdict === 'passed' ? 0 : 3
}
