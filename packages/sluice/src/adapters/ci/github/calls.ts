/** Workflows that a workflow calls: read with it, checked with it, and kept in the plan, so that nothing is read once it runs. */
import type { JsonValue } from '../../../core/pipeline/job-plan.ts'
import { limits } from '../../../core/limits.ts'
import { checkActions, type ActionRules } from './check-actions.ts'
import { checkMeaning, entriesOf } from './check-meaning.ts'
import { checkPlaces } from './check-places.ts'
import type { CalledWorkflow, Fields, RunnerRules } from './definition.ts'
import { hasExpression, isMapping, textOf, type Scope } from './expressions.ts'
import { typedInputs } from './inputs.ts'
import { excess, permissionsOf, type Permissions } from './permissions.ts'
import { partOf } from './plan-jobs.ts'
import { reachOf } from './reach.ts'
import { skippedCall } from './runners.ts'
import { child, descend, parseTree, toJson, type Tree } from './tree.ts'
import { check, note, type Checking } from './validate.ts'
import { bodyOf, linesOf } from './workflow-body.ts'

/** A workflow whose calls are read. */
export type Calling = {
  readonly tree: Tree
  readonly file: string
  readonly read: (path: string) => string | null
  readonly actions: ActionRules
  readonly rules: RunnerRules
  /** Files that called each other until here. */
  readonly above: readonly string[]
  /** What the token of the caller may do at most. */
  readonly allowed: Permissions
  /** Whether a job can come to run; and what conditions of jobs may use that is known already. */
  readonly isReached: (id: string) => boolean
  readonly scope: Scope
}

/**
 * Reads every workflow that jobs call with `uses`, and those that they call. One of another repository is refused unless `read` has it under its whole reference; so is what is missing, calls itself, asks
 * for more permissions than its caller has, or gets other inputs and secrets than it declares.
 */
export const readCalls = (calling: Calling, checking: Checking): Readonly<Record<string, CalledWorkflow>> => {
  const calls: Record<string, CalledWorkflow> = {}
  const above = [...calling.above, calling.file]
  const whole = permissionsOf(jsonOf(child(calling.tree, 'permissions'))) ?? calling.allowed
  for (const { key: id, value: job } of entriesOf(child(calling.tree, 'jobs'))) {
    const uses = child(job, 'uses')
    if (uses === null) continue
    const path = textOf(toJson(uses))
    const say = (message: string): void =>
      note(checking, 'error', { key: `jobs.${id}.uses`, message, place: uses.place })
    const file = fileOf(path, calling.file)
    const isReached = calling.isReached(id)
    // A workflow of another repository that no job of this run calls need not be here.
    if (file !== null && remote.test(file) && !isReached && calling.read(file) === null) continue
    const skipped = skippedCall(path, calling.rules)
    if (skipped?.kind === 'skip') {
      note(checking, 'warning', { key: `jobs.${id}.uses`, message: skipped.because, place: uses.place })
      continue
    }
    if (file === null)
      say(
        `'${path}' is no workflow: expected ./.github/workflows/<file>.yml, or {owner}/{repo}/.github/workflows/<file>.yml@{ref}`,
      )
    else if (above.includes(file)) say(`${file} calls itself: ${[...above, file].join(' → ')}`)
    else if (above.length >= limits.workflowNestingMax)
      say(`calls nest deeper than ${limits.workflowNestingMax} levels`)
    else {
      const allowed = permissionsOf(jsonOf(child(job, 'permissions'))) ?? whole
      const called = readCalled({ ...calling, file, above, allowed }, checking, { say, path, isReached })
      if (called === null) continue
      calls[path] = called
      checkArguments(checking, { id, job, called: called.interface, path })
    }
  }
  return calls
}

const jsonOf = (tree: Tree | null): JsonValue | undefined => (tree === null ? undefined : toJson(tree))

/** What `read` is asked for: a path of this repository, or `owner/name/path@ref`. A workflow of another repository means its own with `./`. Null for what is no workflow. */
const fileOf = (path: string, caller: string): string | null => {
  const [, local] = /^[.$]\/(\.github\/workflows\/[^/]+\.ya?ml)$/.exec(path) ?? []
  if (local === undefined) return remote.test(path) ? path : null
  const [, repository, ref] = remote.exec(caller) ?? []
  return repository === undefined ? local : `${repository}/${local}@${ref ?? ''}`
}

const remote = /^([^./][^/]*\/[^/]+)\/\.github\/workflows\/[^/]+\.ya?ml@(.+)$/

type Called = {
  readonly say: (message: string) => void
  readonly path: string
  /** Whether the job that calls it can come to run. */
  readonly isReached: boolean
}

const readCalled = (
  calling: Omit<Calling, 'tree'>,
  checking: Checking,
  { say, path, isReached: isCalled }: Called,
): CalledWorkflow | null => {
  const { file, read, allowed } = calling
  const text = read(file)
  if (text === null) {
    say(
      remote.test(file)
        ? `${file} is a workflow of another repository, which is not fetched: put a copy into .github/workflows and call it with ./, or into the directory of --actions, or leave its jobs out with --skip-action ${file.replace(/@[^@]*$/, '')}`
        : `there is no ${file} in this repository`,
    )
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
  const body = bodyOf(tree)
  const jobs = isMapping(body['jobs']) ? body['jobs'] : {}
  const isReached = isCalled ? reachOf(jobs, null, calling.scope) : (): boolean => false
  checkActions(inside, tree, { read, actions: calling.actions, isReached })
  checkPlaces(inside, tree, { rules: calling.rules, isReached })
  const on = body['on']
  const names = Array.isArray(on) ? on.map(textOf) : isMapping(on) ? Object.keys(on) : [textOf(on ?? null)]
  if (!names.includes('workflow_call')) {
    say(`${file} cannot be called: it has no workflow_call among its triggers`)
    return null
  }
  const declared = isMapping(on) ? on['workflow_call'] : null
  const problem = permissionProblem(body, allowed)
  if (problem !== null) say(`Error calling workflow '${path}'. ${problem}`)
  return {
    part: partOf(file, body),
    interface: isMapping(declared) ? declared : {},
    jobs,
    lines: linesOf(tree),
    calls: readCalls({ ...calling, tree, isReached }, inside),
  }
}

/** Why the jobs of a called workflow ask for too much; null where none does. */
const permissionProblem = (body: Fields, allowed: Permissions): string | null => {
  const jobs = isMapping(body['jobs']) ? body['jobs'] : {}
  for (const [id, job] of Object.entries(jobs)) {
    if (!isMapping(job)) continue
    const own = permissionsOf(job['permissions'])
    const beyond = excess(own ?? permissionsOf(body['permissions']), allowed)
    if (beyond !== null)
      return own === null
        ? `The workflow is requesting ${beyond}.`
        : `The nested job '${textOf(job['name'] ?? id)}' is requesting ${beyond}.`
  }
  return null
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
