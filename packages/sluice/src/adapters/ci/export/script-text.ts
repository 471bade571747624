/** Steps of Sluice as lines of another engine's script. */
import type { WrittenStep } from './pipeline-shape.ts'

/** Lines of a step in a script that it shares with others: a step that changes folder or variables does so for itself, in a subshell. */
export const stepLines = (step: WrittenStep, folder: string | null, isAlone: boolean): readonly string[] => {
  const { lines, env, continueOnError, when } = step
  const at = step.workingDirectory ?? folder
  const set = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`)
  const mayGoOn = continueOnError && when === 'success'
  if (at === null && set.length === 0 && !mayGoOn && (isAlone || lines.every(isPlain))) return lines
  const body = [...(at === null ? [] : [`cd ${quoted(at)}`]), ...set, ...lines].join('\n')
  return [mayGoOn ? `(\n${body}\n) || true` : `(\n${body}\n)`]
}

/** A line that leaves nothing behind for those after it. */
const isPlain = (line: string): boolean =>
  !/^\s*(?:cd|export|set|shopt|source|\.|alias|trap|exec|exit|unset|umask)\b|^\s*\w+=\S*\s*$/m.test(line)

/** A text as one word of a shell. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
