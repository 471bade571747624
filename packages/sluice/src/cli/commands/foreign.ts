/** The words of a command line that name a pipeline of another system. */
import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import type { PipelineInput } from '../../http/client/contract.ts'
import { type Cli, type Input, textOption } from '../cli.ts'

/** What was typed; null for the pipeline of the config. `usage_invalid` for words that do not fit, `not_found` for an event file that is not there. */
export const pipelineOf = (cli: Cli, input: Input): PipelineInput | null => {
  const [workflow, gitlab] = [textOption(input, 'workflow'), textOption(input, 'gitlab')]
  if (workflow !== null && gitlab !== null) throw wrong('--workflow and --gitlab are two pipelines', 'type one of them')
  const file = workflow ?? gitlab
  if (file === null) {
    const stray = foreignOptions.find((name) => isGiven(input.options[name]))
    if (stray === undefined) return null
    throw wrong(
      `--${flagOf(stray)} is for a pipeline of another system`,
      'sluice run --workflow <file> or --gitlab <file>',
    )
  }
  const actions = textOption(input, 'actions')
  const events = textOption(input, 'eventFile')
  const containers = textOption(input, 'containers')
  if (containers !== null && containers !== 'here')
    throw wrong(`--containers ${containers} is nothing that is known`, '--containers here')
  return {
    kind: workflow === null ? 'gitlab' : 'github',
    file: relative(cli.globals.projectDir, resolve(cli.cwd, file)),
    event: textOption(input, 'event'),
    payload: events === null ? null : readJson(resolve(cli.cwd, events)),
    played: textsOf(input, 'play'),
    inputs: pairsOf(input, 'input'),
    variables: pairsOf(input, 'var'),
    secrets: secretsOf(cli, input),
    secretFiles: secretFilesOf(cli, input, { isTaken: gitlab !== null }),
    runners: Object.fromEntries(Object.entries(pairsOf(input, 'runner')).map(runnerOf)),
    containers: containers ?? 'refuse',
    actions: actions === null ? null : resolve(cli.cwd, actions),
    skippedActions: textsOf(input, 'skipAction'),
    skippedIncludes: textsOf(input, 'skipInclude'),
  }
}

const foreignOptions = [
  'eventFile',
  'play',
  'var',
  'secret',
  'secretFile',
  'runner',
  'containers',
  'actions',
  'skipAction',
  'skipInclude',
]

const isGiven = (value: unknown): boolean => typeof value === 'string' || Array.isArray(value)

const flagOf = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

const wrong = (detail: string, hint: string): SluiceError => new SluiceError('usage_invalid', { detail, hint })

const textsOf = ({ options }: Input, name: string): readonly string[] => {
  const value = options[name]
  return Array.isArray(value) ? value.map(String) : []
}

/** `NAME=VALUE`, as often as it was typed. `usage_invalid` for a word without a value. */
export const pairsOf = (input: Input, name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    textsOf(input, name).map((text): [string, string] => {
      const at = text.indexOf('=')
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
      throw wrong(`--${flagOf(name)} ${text} has no value`, `--${flagOf(name)} NAME=VALUE`)
    }),
  )

/** `NAME=VALUE`, or the name alone: its value is that of the environment, where other users of this machine cannot read it, or the secret that is kept here (null). */
const secretsOf = (cli: Cli, input: Input): Readonly<Record<string, string | null>> =>
  Object.fromEntries(
    textsOf(input, 'secret').map((text): [string, string | null] => {
      const at = text.indexOf('=')
      if (at === 0) throw wrong(`--secret ${text} has no name`, '--secret NAME=VALUE')
      return at > 0 ? [text.slice(0, at), text.slice(at + 1)] : [text, cli.variables[text] ?? null]
    }),
  )

const secretFilesOf = (
  cli: Cli,
  input: Input,
  { isTaken }: { readonly isTaken: boolean },
): Readonly<Record<string, string>> => {
  const files = Object.entries(pairsOf(input, 'secretFile'))
  if (files.length > 0 && !isTaken)
    throw wrong('--secret-file is for variables of GitLab that are files', '--secret NAME=VALUE')
  return Object.fromEntries(files.map(([name, path]) => [name, readText(resolve(cli.cwd, path), '--secret-file')]))
}

const runnerOf = ([label, what]: readonly [string, string]): readonly [string, 'here' | 'skip'] => {
  if (what === 'here' || what === 'skip') return [label, what]
  throw wrong(`--runner ${label}=${what} is neither here nor skip`, `--runner ${label}=here`)
}

const readText = (path: string, option: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw wrong(`${path} cannot be read: ${error instanceof Error ? error.message : ''}`, `${option} NAME=FILE`)
  }
}

const readJson = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw wrong(
      `${path} cannot be read as JSON: ${error instanceof Error ? error.message : ''}`,
      '--event-file event.json',
    )
  }
}
