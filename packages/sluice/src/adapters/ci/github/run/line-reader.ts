/** Reads what a step prints: commands are obeyed, problems become annotations, the rest goes to the log as it is. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Annotation } from '../../../../ports/dialect.ts'
import { commandNames, parseCommand, type WorkflowCommand } from './commands.ts'
import {
  mask,
  plainAnnotation,
  prependPath,
  tellError,
  tellWarning,
  type JobState,
  type StepUnit,
} from './job-state.ts'

/** Gives for a line what is logged instead of it; null for nothing. */
export type LineReader = (line: string) => string | null

/** A reader for one process of a step. Commands stop and echo with it, as in GitHub's runner; it never throws. */
export const lineReader = (state: JobState, unit: StepUnit): LineReader => {
  let stopToken: string | null = null
  let isEchoed = state.isDebug
  const isKnown = (name: string): boolean => (stopToken === null ? commandNames.has(name) : name === stopToken)
  return (line) => {
    const command = parseCommand(line, isKnown)
    if (command === null) {
      const problem = state.matchers.match(line)
      if (problem !== null) state.shell.annotate(problem)
      return line
    }
    if (stopToken !== null) {
      stopToken = null
      return line
    }
    if (command.name === 'stop-commands') {
      if (isUnsafeToken(command.data, state, unit))
        return broken(state, unit, { command, line, message: unsafeToken(command.data) })
      stopToken = command.data.toLowerCase()
      return line
    }
    if (command.name === 'echo') {
      const word = command.data.trim().toLowerCase()
      if (word !== 'on' && word !== 'off')
        return broken(state, unit, {
          command,
          line,
          message: `Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '${command.data}'.`,
        })
      isEchoed = word === 'on'
      return null
    }
    try {
      const told = obey(state, unit, command)
      return told ?? (isEchoed && !silent.has(command.name) ? line : null)
    } catch (error) {
      return broken(state, unit, { command, line, message: error instanceof Error ? error.message : String(error) })
    }
  }
}

/** Commands that show something themselves, or must not be shown. */
const silent: ReadonlySet<string> = new Set(['add-mask', 'debug', 'error', 'warning', 'notice', 'group', 'endgroup'])

type Broken = { readonly command: WorkflowCommand; readonly line: string; readonly message: string }

const broken = (state: JobState, unit: StepUnit, { command, line, message }: Broken): null => {
  tellError(state, `Unable to process command '${silent.has(command.name) ? command.name : line.trim()}' successfully.`)
  tellError(state, message)
  unit.hasBrokenCommand = true
  return null
}

/** Does what a command says; gives what is logged, null for nothing of its own. Throws an `Error` where it cannot. */
const obey = (state: JobState, unit: StepUnit, command: WorkflowCommand): string | null => {
  const { shell, matchers } = state
  const { name, data } = command
  switch (name) {
    case 'group':
      shell.group(data)
      return null
    case 'endgroup':
      shell.endGroup()
      return null
    case 'debug':
      return state.isDebug ? `Debug: ${data}` : null
    case 'error':
    case 'warning':
    case 'notice':
      shell.annotate(annotationOf(command))
      return `${labels[name] ?? ''}: ${data}`
    case 'add-mask':
      if (data.trim() === '') tellWarning(state, "Can't add secret mask for empty string in ##[add-mask] command.")
      else mask(state, data)
      return null
    case 'set-output':
      unit.outputs[required(command, 'name')] = data
      return null
    case 'save-state':
      unit.saved[required(command, 'name')] = data
      return null
    case 'set-env':
    case 'add-path':
      obeyInsecure(state, unit, command)
      return null
    case 'add-matcher':
      if (data === '') throw new Error('Required field is missing in ##[add-matcher] command: the path of a file')
      matchers.add(JSON.parse(readFileSync(resolve(shell.directory, data), 'utf8')))
      return null
    case 'remove-matcher':
      matchers.remove(required(command, 'owner'))
      return null
    default:
      return null
  }
}

const labels: Readonly<Record<string, string>> = { error: 'Error', warning: 'Warning', notice: 'Notice' }

const levels: Readonly<Record<string, Annotation['level']>> = { error: 'failure', warning: 'warning', notice: 'notice' }

const annotationOf = ({ name, data, properties }: WorkflowCommand): Annotation => ({
  ...plainAnnotation(levels[name] ?? 'notice', data),
  title: properties['title'] ?? null,
  file: properties['file'] ?? null,
  line: wholeNumber(properties['line']),
  column: wholeNumber(properties['col'] ?? properties['column']),
})

const wholeNumber = (text: string | undefined): number | null =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : null

const required = ({ name, properties }: WorkflowCommand, property: string): string => {
  const value = properties[property] ?? ''
  if (value === '') throw new Error(`Required field '${property}' is missing in ##[${name}] command.`)
  return value
}

/** `set-env` and `add-path`, which GitHub took away in 2020 (CVE-2020-15228), but for those who ask for them by a variable. */
const obeyInsecure = (state: JobState, unit: StepUnit, command: WorkflowCommand): void => {
  if (!isAllowed('ACTIONS_ALLOW_UNSECURE_COMMANDS', state, unit))
    throw new Error(
      `The \`${command.name}\` command is disabled. Please upgrade to using Environment Files or opt into unsecure command execution by setting the \`ACTIONS_ALLOW_UNSECURE_COMMANDS\` environment variable to \`true\`.`,
    )
  if (command.name === 'set-env') {
    const name = required(command, 'name')
    if (name.toUpperCase() === 'NODE_OPTIONS')
      throw new Error(`Can't update ${name} environment variable using ::set-env:: command.`)
    state.env[name] = command.data
  } else {
    if (command.data === '') throw new Error('path must not be empty')
    prependPath(state, command.data)
  }
}

const isAllowed = (variable: string, state: JobState, unit: StepUnit): boolean =>
  (unit.env[variable] ?? state.env[variable] ?? '').toLowerCase() === 'true'

const isUnsafeToken = (token: string, state: JobState, unit: StepUnit): boolean =>
  (token === '' || commandNames.has(token.toLowerCase()) || token === 'pause-logging') &&
  !isAllowed('ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS', state, unit)

const unsafeToken = (token: string): string =>
  `Invoked ::stopCommand:: with token: [${token}]. Please use a unique token, or allow this one by setting the \`ACTIONS_ALLOW_UNSECURE_STOPCOMMAND_TOKENS\` environment variable to \`true\`.`
