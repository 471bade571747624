/** Which actions the steps of a workflow use, and whether they can be run here. */
import { builtInActions } from './builtin/names.ts'
import { actionReference } from './action-reference.ts'
import { entriesOf } from './check-meaning.ts'
import { hasExpression, textOf } from './expressions.ts'
import { readSchema } from './schema.ts'
import { child, parseTree, toJson, type Place, type Tree } from './tree.ts'
import { check, note, type Checking } from './validate.ts'

/** Which actions there are beside the built-in ones. */
export type ActionRules = {
  /** Names (`owner/name`, `owner/name/path`) that a given directory of actions has. */
  readonly available: readonly string[]
  /** Names of actions whose steps are left out, as asked for. */
  readonly skipped: readonly string[]
}

type Reading = { readonly read: (path: string) => string | null; readonly actions: ActionRules }

/** Adds a note for each step whose action cannot be run (an error), is left out, or is not there yet (warnings). Jobs that do not come to run are passed over. */
export const checkActions = (
  checking: Checking,
  tree: Tree,
  { isReached, ...reading }: Reading & { readonly isReached: (id: string) => boolean },
): void => {
  for (const { key: id, value: job } of entriesOf(child(tree, 'jobs')))
    if (isReached(id)) checkSteps(checking, { steps: child(job, 'steps'), key: `jobs.${id}.steps`, reading, above: [] })
}

type Steps = {
  readonly steps: Tree | null
  readonly key: string
  readonly reading: Reading
  /** Actions of the repository that use each other until here. */
  readonly above: readonly string[]
}

const checkSteps = (checking: Checking, { steps, key, reading, above }: Steps): void => {
  for (const [index, step] of (steps?.kind === 'list' ? steps.items : []).entries()) {
    const parallel = child(step, 'parallel')
    if (parallel !== null) checkSteps(checking, { steps: parallel, key: `${key}.${index}.parallel`, reading, above })
    const written = child(step, 'uses')
    if (written === null) continue
    const uses = textOf(toJson(written))
    if (hasExpression(uses)) continue
    const finding = findingOf(uses, reading) ?? (above.length === 0 ? tooEarly(uses, steps, index) : null)
    const at = { key: `${key}.${index}.uses`, place: written.place }
    if (finding !== null) note(checking, finding.level, { ...at, message: finding.message })
    if (uses.startsWith('./') && finding?.level !== 'error' && !above.includes(uses))
      checkLocal(checking, uses, { reading, above: [...above, uses], at })
  }
}

type Finding = { readonly level: 'error' | 'warning'; readonly message: string }

const findingOf = (uses: string, { read, actions }: Reading): Finding | null => {
  const reference = actionReference(uses)
  if (reference === null)
    return {
      level: 'error',
      message: `Expected format {owner}/{repo}[/path]@ref, docker://{image} or ./{path}. Actual '${uses}'`,
    }
  if (actions.skipped.some((name) => name.toLowerCase() === reference.name.toLowerCase()))
    return { level: 'warning', message: `steps with ${reference.name} are skipped, as asked for` }
  if (reference.kind === 'docker')
    return {
      level: 'error',
      message: `${uses} runs in a container, which needs Docker: leave such steps out with --skip-action ${reference.name}`,
    }
  if (reference.kind === 'local')
    return actionFile(reference.name, read) === null
      ? {
          level: 'warning',
          message: `there is no action.yml in ${reference.name} yet; the step fails if there is none by then`,
        }
      : null
  if (builtInActions.has(reference.name) || actions.available.includes(reference.name)) return null
  return {
    level: 'error',
    message: `${reference.name} is not built in: put a copy of it (at ${reference.ref}) into a directory of actions and give that with --actions <directory>, or leave its steps out with --skip-action ${reference.name}`,
  }
}

/** An action of the repository before anything of the job can have brought that: here it is there, on GitHub it is not. */
const tooEarly = (uses: string, steps: Tree | null, index: number): Finding | null => {
  if (actionReference(uses)?.kind !== 'local') return null
  const before = steps?.kind === 'list' ? steps.items.slice(0, index) : []
  const mayBring = before.some((step) => {
    const other = child(step, 'uses')
    const script = child(step, 'run')
    const name = other === null ? null : textOf(toJson(other)).toLowerCase()
    if (name !== null) return name.startsWith('actions/checkout@') || !/^(?:actions|pnpm|codecov)\//.test(name)
    return script !== null && /\bgit\b|\bgh\b/.test(textOf(toJson(script)))
  })
  return mayBring
    ? null
    : {
        level: 'warning',
        message: `${uses} is of this repository, which no step before has checked out: here the workspace has it already, on GitHub the step fails without actions/checkout`,
      }
}

const actionFile = (path: string, read: Reading['read']): { readonly file: string; readonly text: string } | null => {
  const folder = path.replace(/^\.\//, '').replace(/\/$/, '')
  for (const name of ['action.yml', 'action.yaml']) {
    const file = folder === '' || folder === '.' ? name : `${folder}/${name}`
    const text = read(file)
    if (text !== null) return { file, text }
  }
  return null
}

type Local = {
  readonly reading: Reading
  readonly above: readonly string[]
  readonly at: { readonly key: string; readonly place: Place }
}

const checkLocal = (checking: Checking, uses: string, { reading, above, at }: Local): void => {
  const found = actionFile(uses, reading.read)
  if (found === null) return
  const { tree, notes } = parseTree(found.file, found.text)
  checking.notes.push(...notes)
  if (tree === null) return
  check({ ...checking, schema: readSchema('action'), file: found.file, known: new Map() }, tree, 'action-root')
  const runs = child(tree, 'runs')
  const using = child(runs, 'using')
  if (using !== null && textOf(toJson(using)) === 'docker')
    note(checking, 'error', {
      ...at,
      message: `${uses} runs in a container, which needs Docker: leave such steps out with --skip-action ${uses}`,
    })
  checkSteps({ ...checking, file: found.file }, { steps: child(runs, 'steps'), key: 'runs.steps', reading, above })
}
