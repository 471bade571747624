/** `action.yml`: what an action says about itself. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SluiceError } from '../../../../core/errors.ts'
import type { JsonValue } from '../../../../core/pipeline/job-plan.ts'
import type { Fields } from '../definition.ts'
import { isMapping, textOf } from '../expressions.ts'
import { readSchema } from '../schema.ts'
import { parseTree, toJson } from '../tree.ts'
import { check } from '../validate.ts'

/** An action that can be run here. */
export type ActionFile = {
  readonly directory: string
  readonly name: string
  readonly inputs: Fields
  readonly outputs: Fields
  readonly runs:
    | { readonly kind: 'composite'; readonly steps: readonly Fields[] }
    | {
        readonly kind: 'javascript'
        readonly main: string
        readonly pre: string | null
        readonly preIf: string
        readonly post: string | null
        readonly postIf: string
      }
}

/** Reads the action in a folder. `not_found` without a file, `config_invalid` where it cannot be run. */
export const readActionFile = (directory: string): ActionFile => {
  const file = ['action.yml', 'action.yaml'].map((name) => join(directory, name)).find((path) => existsSync(path))
  if (file === undefined)
    throw new SluiceError('not_found', {
      detail: `Can't find 'action.yml' or 'action.yaml' under '${directory}'.`,
      hint: 'Check out the repository before its actions are used, or correct the path.',
    })
  const { tree, notes: found } = parseTree(file, readFileSync(file, 'utf8'))
  const notes = [...found]
  if (tree !== null) check({ schema: readSchema('action'), file, notes, known: new Map() }, tree, 'action-root')
  const problem = notes.find(({ level }) => level === 'error')
  const body = tree === null ? null : toJson(tree)
  if (problem !== undefined || !isMapping(body))
    throw new SluiceError('config_invalid', {
      detail: `${file}:${problem?.line ?? 1} ${problem?.message ?? 'is no mapping'}`,
    })
  const runs = isMapping(body['runs']) ? body['runs'] : {}
  return {
    directory,
    name: textOf(body['name'] ?? null),
    inputs: isMapping(body['inputs']) ? body['inputs'] : {},
    outputs: isMapping(body['outputs']) ? body['outputs'] : {},
    runs: runsOf(runs, file),
  }
}

const runsOf = (runs: Fields, file: string): ActionFile['runs'] => {
  const using = textOf(runs['using'] ?? null).toLowerCase()
  if (using === 'composite') {
    const { steps } = runs
    if (!Array.isArray(steps))
      throw new SluiceError('config_invalid', {
        detail: `${file}: No steps provided.`,
        hint: 'a composite action has steps',
      })
    return { kind: 'composite', steps: steps.filter(isMapping) }
  }
  if (/^node\d+$/.test(using))
    return {
      kind: 'javascript',
      main: textOf(runs['main'] ?? null),
      pre: nullable(runs['pre']),
      preIf: nullable(runs['pre-if']) ?? 'always()',
      post: nullable(runs['post']),
      postIf: nullable(runs['post-if']) ?? 'always()',
    }
  throw new SluiceError('config_invalid', {
    detail: `${file} runs using '${using}', ${using === 'docker' ? 'which needs Docker' : 'which is not known'}.`,
    hint: 'Composite and JavaScript actions can be run here; leave other steps out with --skip-action.',
  })
}

const nullable = (value: JsonValue | undefined): string | null =>
  value === undefined || value === null ? null : textOf(value)
