/** What a schema cannot say about a workflow: needs without a job, ids twice, filters against each other, schedules, inputs. */
import { isValidCron } from '@actions/workflow-parser/model/converter/cron'
import { textOf } from './expressions.ts'
import { patternProblem } from './filter-patterns.ts'
import { child, toJson, type Entry, type Place, type Tree } from './tree.ts'
import { nearest, note, type Checking } from './validate.ts'

/** Adds a note for everything in a workflow that has the right form and no sense. */
export const checkMeaning = (checking: Checking, tree: Tree): void => {
  checkEvents(checking, child(tree, 'on'))
  checkConcurrency(checking, child(tree, 'concurrency'), 'concurrency')
  const jobs = entriesOf(child(tree, 'jobs'))
  if (jobs.length === 0)
    note(checking, 'error', {
      key: 'jobs',
      message: 'The workflow must contain at least one job',
      place: child(tree, 'jobs')?.place ?? null,
    })
  checkNeeds(checking, jobs)
  for (const { key, keyPlace, value } of jobs) {
    const problem = idProblem(key, new Set())
    if (problem !== null) note(checking, 'error', { key: `jobs.${key}`, message: problem, place: keyPlace })
    checkJob(checking, key, value)
  }
  if (child(tree, 'permissions') !== null || jobs.some(({ value }) => child(value, 'permissions') !== null))
    note(checking, 'warning', {
      key: 'permissions',
      message: 'permissions limit a token of GitHub; there is none here that they could limit',
      place:
        child(tree, 'permissions')?.place ??
        jobs.map(({ value }) => child(value, 'permissions')).find((one) => one !== null)?.place ??
        null,
    })
}

/** Keys and values of a mapping; none where it is none. */
export const entriesOf = (tree: Tree | null): readonly Entry[] => (tree?.kind === 'map' ? tree.entries : [])

/** Why an id of a job or step cannot be used; null where it can. */
const idProblem = (id: string, taken: ReadonlySet<string>): string | null => {
  if (!/^[A-Za-z_][\w-]*$/.test(id) || id.length >= idLengthMax)
    return `The identifier '${id}' is invalid. IDs may only contain alphanumeric characters, '_', and '-'. IDs must start with a letter or '_' and must be less than ${idLengthMax} characters.`
  if (id.startsWith('__')) return `The identifier '${id}' is invalid. IDs starting with '__' are reserved.`
  return taken.has(id.toLowerCase())
    ? `The identifier '${id}' may not be used more than once within the same scope.`
    : null
}

/** GitHub's own bound. */
const idLengthMax = 100

const checkEvents = (checking: Checking, on: Tree | null): void => {
  for (const { key: event, value } of entriesOf(on)) {
    for (const kind of ['branches', 'tags', 'paths']) {
      const only = child(value, kind)
      const ignored = child(value, `${kind}-ignore`)
      const key = `on.${event}.${kind}`
      if (only !== null && ignored !== null)
        note(checking, 'error', {
          key,
          message: `you may only define one of ${kind} and ${kind}-ignore for a single event`,
          place: ignored.place,
        })
      checkPatterns(checking, only, key)
      checkPatterns(checking, ignored, `${key}-ignore`)
      const patterns = itemsOf(only).map(({ value: pattern }) => pattern)
      if (patterns.length > 0 && patterns.every((pattern) => pattern.startsWith('!')))
        note(checking, 'warning', {
          key,
          message: `only patterns with ! let nothing pass; put '**' before them, or use ${kind}-ignore`,
          place: only?.place ?? null,
        })
    }
    if (event === 'schedule') checkSchedules(checking, value)
    if (event === 'workflow_dispatch' || event === 'workflow_call')
      checkInputs(checking, child(value, 'inputs'), `on.${event}.inputs`)
  }
}

const checkPatterns = (checking: Checking, list: Tree | null, key: string): void => {
  for (const { value, place } of itemsOf(list)) {
    const problem = patternProblem(value)
    if (problem !== null) note(checking, 'error', { key, message: problem, place })
  }
}

const itemsOf = (tree: Tree | null): readonly { readonly value: string; readonly place: Place }[] => {
  if (tree === null) return []
  const items = tree.kind === 'list' ? tree.items : [tree]
  return items.map((item) => ({ value: textOf(toJson(item)), place: item.place }))
}

const checkSchedules = (checking: Checking, list: Tree): void => {
  for (const [index, item] of (list.kind === 'list' ? list.items : []).entries()) {
    const cron = child(item, 'cron')
    const key = `on.schedule.${index}`
    if (cron !== null && !isValidCron(textOf(toJson(cron))))
      note(checking, 'error', {
        key: `${key}.cron`,
        message: `Invalid cron expression '${textOf(toJson(cron))}': expected five fields (minute hour day month weekday) in UTC`,
        place: cron.place,
      })
    const zone = child(item, 'timezone')
    if (zone !== null && !isTimeZone(textOf(toJson(zone))))
      note(checking, 'error', {
        key: `${key}.timezone`,
        message: `'${textOf(toJson(zone))}' is not a time zone of the IANA database`,
        place: zone.place,
      })
  }
}

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const checkInputs = (checking: Checking, inputs: Tree | null, key: string): void => {
  for (const { key: name, value } of entriesOf(inputs)) {
    const kind = child(value, 'type')
    const type = kind === null ? 'string' : textOf(toJson(kind))
    const options = child(value, 'options')
    const say = (message: string, place: Place): void =>
      note(checking, 'error', { key: `${key}.${name}`, message, place })
    if (type === 'choice' && (options?.kind !== 'list' || options.items.length === 0))
      say("Missing 'options' for choice input", value.place)
    if (type !== 'choice' && options !== null)
      say("Input type is not 'choice', but 'options' is defined", options.place)
    const fallback = child(value, 'default')
    if (fallback?.kind !== 'scalar' || textOf(fallback.value).includes('${{')) continue
    const fits =
      type === 'boolean'
        ? typeof fallback.value === 'boolean'
        : type === 'number'
          ? typeof fallback.value === 'number'
          : true
    if (!fits && fallback.value !== null)
      say(
        `Unexpected value '${textOf(fallback.value)}': the default of a ${type} input must be a ${type}`,
        fallback.place,
      )
  }
}

const checkConcurrency = (checking: Checking, concurrency: Tree | null, key: string): void => {
  const cancels = child(concurrency, 'cancel-in-progress')
  const queue = child(concurrency, 'queue')
  if (cancels?.kind === 'scalar' && cancels.value === true && queue?.kind === 'scalar' && queue.value === 'max')
    note(checking, 'error', {
      key: `${key}.queue`,
      message: "queue 'max' and cancel-in-progress cannot both be set",
      place: queue.place,
    })
}

const checkJob = (checking: Checking, id: string, job: Tree): void => {
  checkConcurrency(checking, child(job, 'concurrency'), `jobs.${id}.concurrency`)
  const steps = child(job, 'steps')
  const say = (level: 'error' | 'warning', key: string, found: { message: string; place: Place }): void =>
    note(checking, level, { key: `jobs.${id}.${key}`, ...found })
  if (child(job, 'runs-on') !== null && (steps?.kind !== 'list' || steps.items.length === 0))
    say('error', 'steps', { message: 'Required property is missing: steps', place: job.place })
  for (const key of ['snapshot', 'cancel-timeout-minutes']) {
    const place = child(job, key)?.place
    if (place !== undefined)
      say('warning', key, { message: `${key} has no meaning on this machine; it is left out`, place })
  }
  checkSteps(steps, { key: 'steps', taken: new Set(), beside: new Set(), say })
}

type StepsAt = {
  readonly key: string
  /** Ids of steps before, and of those among them that run in the background. */
  readonly taken: Set<string>
  readonly beside: Set<string>
  readonly say: (level: 'error' | 'warning', key: string, found: { message: string; place: Place }) => void
}

const checkSteps = (steps: Tree | null, at: StepsAt): void => {
  const { key, taken, beside, say } = at
  for (const [index, step] of (steps?.kind === 'list' ? steps.items : []).entries()) {
    const own = `${key}.${index}`
    const written = child(step, 'id')
    if (written !== null) {
      const id = textOf(toJson(written))
      const problem = idProblem(id, taken)
      if (problem !== null) say('error', `${own}.id`, { message: problem, place: written.place })
      taken.add(id.toLowerCase())
      const background = child(step, 'background')
      if (background?.kind === 'scalar' && background.value === true) beside.add(id.toLowerCase())
    }
    checkSteps(child(step, 'parallel'), { ...at, key: `${own}.parallel` })
    for (const word of ['wait', 'cancel'])
      for (const { value, place } of itemsOf(child(step, word)))
        if (!beside.has(value.toLowerCase()))
          say('warning', `${own}.${word}`, {
            message: `no step before this one has the id '${value}' and runs in the background, so that there is nothing to ${word === 'wait' ? 'wait for' : 'cancel'}`,
            place,
          })
  }
}

const checkNeeds = (checking: Checking, jobs: readonly Entry[]): void => {
  const ids = jobs.map(({ key }) => key)
  const known = new Map(ids.map((id) => [id.toLowerCase(), id]))
  const needs = new Map(jobs.map(({ key, value }) => [key, itemsOf(child(value, 'needs'))]))
  for (const [id, wanted] of needs)
    for (const { value, place } of wanted)
      if (!known.has(value.toLowerCase()))
        note(checking, 'error', {
          key: `jobs.${id}.needs`,
          message: `Job '${id}' depends on unknown job '${value}'${nearest(value, ids)}`,
          place,
        })
  if (jobs.length > 0 && [...needs.values()].every((wanted) => wanted.length > 0))
    note(checking, 'error', {
      key: 'jobs',
      message: 'The workflow must contain at least one job with no dependencies.',
      place: jobs[0]?.keyPlace ?? null,
    })
  const done = new Set<string>()
  const walk = (id: string, above: readonly string[]): void => {
    if (done.has(id)) return
    if (above.includes(id)) {
      const circle = [...above.slice(above.indexOf(id)), id]
      const place = needs.get(circle.at(-2) ?? id)?.find(({ value }) => value === id)?.place ?? null
      note(checking, 'error', {
        key: `jobs.${id}.needs`,
        message: `Jobs need each other in a circle: ${circle.join(' → ')}`,
        place,
      })
      done.add(id)
      return
    }
    for (const { value } of needs.get(id) ?? []) walk(known.get(value.toLowerCase()) ?? value, [...above, id])
    done.add(id)
  }
  for (const id of ids) walk(id, [])
}
