/** Workflows that a workflow calls: read with it, checked with it, and kept in the plan, so that nothing is read once it runs. */
import type { JsonValue } from '../../../core/pipeline/job-plan.ts'
import { limits } from '../../../core/limits.ts'
import { checkActions, type ActionRules } from './check-actions.ts'
import { checkMeaning, entriesOf } from './check-meaning.ts'
import type { CalledWorkflow } from './definition.ts'
import { hasExpression, isMapping, textOf } from './expressions.ts'
import { typedInputs } from './inputs.ts'
import { partOf } from './plan-jobs.ts'
import { child, descend, parseTree, toJson, type Tree } from './tree.ts'
import { check, note, type Checking } from './validate.ts'
import { bodyOf, linesOf } from './workflow-body.ts'

/** A workflow whose calls are read. */
export type Calling = {
  readonly tree: Tree
  readonly file: string
  readonly read: (path: string) => string | null
  readonly actions: ActionRules
  /** Files that called each other until here. */
  readonly above?: readonly string[]
}

/** Reads every workflow that jobs call with `uses`, and those that they call. Other repositories are refused; so is what is missing, calls itself, or gets other inputs and secrets than it declares. */
export const readCalls = (calling: Calling, checking: Checking): Readonly<Record<string, CalledWorkflow>> => {
  const calls: Record<string, CalledWorkflow> = {}
  const above = [...(calling.above ?? []), calling.file]
  for (const { key: id, value: job } of entriesOf(child(calling.tree, 'jobs'))) {
    const uses = child(job, 'uses')
    if (uses === null) continue
    const path = textOf(toJson(uses))
    const say = (message: string): void =>
      note(checking, 'error', { key: `jobs.${id}.uses`, message, place: uses.place })
    const file = path.replace(/^\.\//, '')
    const problem = pathProblem(path)
    if (problem !== null) say(problem)
    else if (above.includes(file)) say(`${file} calls itself: ${[...above, file].join(' → ')}`)
    else if (above.length >= limits.workflowNestingMax)
      say(`calls nest deeper than ${limits.workflowNestingMax} levels`)
    else {
      const called = calls[path] ?? readCalled({ ...calling, file, above }, checking, say)
      if (called === null) continue
      calls[path] = called
      checkArguments(checking, { id, job, called: called.interface, path })
    }
  }
  return calls
}

const pathProblem = (path: string): string | null => {
  if (/^\.\/\.github\/workflows\/[^/]+\.ya?ml$/.test(path)) return null
  if (/^[^./][^/]*\/[^/]+\/\.github\/workflows\/[^/]+\.ya?ml@.+$/.test(path))
    return `${path} is a workflow of another repository, which is not fetched: put a copy into .github/workflows and call it with ./`
  return `'${path}' is no workflow: expected ./.github/workflows/<file>.yml, or {owner}/{repo}/.github/workflows/<file>.yml@{ref}`
}

const readCalled = (
  calling: Omit<Calling, 'tree'>,
  checking: Checking,
  say: (message: string) => void,
): CalledWorkflow | null => {
  const { file, read } = calling
  const text = read(file)
  if (text === null) {
    say(`there is no ${file} in this repository`)
    return null
  }
  const { tree, notes } = parseTree(file, text)
  checking.notes.push(...notes)
  if (tree === null) return null
  const inside: Checking = { ...checking, file }
  const before = checking.notes.length
  check(inside, tree, 'workflow-root-strict')
  if (checking.notes.slice(before).some(({ level }) => level === 'error')) return null
  checkMeaning(inside, tree)
  checkActions(inside, tree, calling)
  const body = bodyOf(tree)
  const on = body['on']
  const names = Array.isArray(on) ? on.map(textOf) : isMapping(on) ? Object.keys(on) : [textOf(on ?? null)]
  if (!names.includes('workflow_call')) {
    say(`${file} cannot be called: it has no workflow_call among its triggers`)
    return null
  }
  const declared = isMapping(on) ? on['workflow_call'] : null
  return {
    part: partOf(file, body),
    interface: isMapping(declared) ? declared : {},
    jobs: isMapping(body['jobs']) ? body['jobs'] : {},
    lines: linesOf(tree),
    calls: readCalls({ ...calling, tree }, inside),
  }
}

type Arguments = {
  readonly id: string
  readonly job: Tree
  readonly path: string
  readonly called: { readonly [key: string]: JsonValue }
}

const checkArguments = (checking: Checking, { id, job, called, path }: Arguments): void => {
  const given = child(job, 'with')
  const values = given === null ? {} : toJson(given)
  const fields = isMapping(values) ? values : {}
  // What is an expression gets its type from its value, once that is there.
  const known = Object.fromEntries(Object.entries(fields).filter(([, value]) => !isTemplate(value)))
  const late = Object.keys(fields).filter((name) => isTemplate(fields[name] ?? null))
  const { problems } = typedInputs(called['inputs'], known)
  for (const { name, message } of problems)
    if (!late.some((one) => one.toLowerCase() === name.toLowerCase()))
      note(checking, 'error', {
        key: `jobs.${id}.with.${name}`,
        message: `${message.replace(/[;.].*$/, '')} (by ${path})`,
        place: (descend(given, [name]) ?? child(job, 'uses'))?.place ?? null,
      })
  const inputs = called['inputs']
  for (const name of late)
    if (!Object.keys(isMapping(inputs) ? inputs : {}).some((one) => one.toLowerCase() === name.toLowerCase()))
      note(checking, 'error', {
        key: `jobs.${id}.with.${name}`,
        message: `Invalid input, ${name} is not defined in the referenced workflow.`,
        place: descend(given, [name])?.place ?? null,
      })
  checkSecrets(checking, { id, job, called, path })
}

const checkSecrets = (checking: Checking, { id, job, called, path }: Arguments): void => {
  const given = child(job, 'secrets')
  if (given?.kind === 'scalar' && given.value === 'inherit') return
  const declared = isMapping(called['secrets']) ? called['secrets'] : {}
  const names = entriesOf(given)
  for (const { key, value } of names)
    if (!Object.keys(declared).some((name) => name.toLowerCase() === key.toLowerCase()))
      note(checking, 'error', {
        key: `jobs.${id}.secrets.${key}`,
        message: `Invalid secret, ${key} is not defined in the referenced workflow.`,
        place: value.place,
      })
  for (const [name, definition] of Object.entries(declared))
    if (
      isMapping(definition) &&
      definition['required'] === true &&
      !names.some(({ key }) => key.toLowerCase() === name.toLowerCase())
    )
      note(checking, 'error', {
        key: `jobs.${id}.secrets.${name}`,
        message: `Secret ${name} is required, but not provided while calling (by ${path}).`,
        place: child(job, 'uses')?.place ?? null,
      })
}

const isTemplate = (value: JsonValue): boolean => typeof value === 'string' && hasExpression(value)
