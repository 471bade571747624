/** `on`: whether a workflow runs for an event, and why not. Source: docs.github.com, "Events that trigger workflows" and "Workflow syntax", *on*, read 2026-08. */
import type { JsonValue } from '../../../core/pipeline/job-plan.ts'
import type { Fields } from './definition.ts'
import { refName, skipInstruction, type GithubEvent } from './event.ts'
import { isMapping, textOf } from './expressions.ts'
import { passes } from './filter-patterns.ts'

/** Whether the workflow runs. */
export type Trigger = { readonly kind: 'runs' } | { readonly kind: 'does_not_run'; readonly because: string }

/** Events of `on` with what each of them is limited to; an event without limits has none. */
export const eventsOf = (on: JsonValue): Readonly<Record<string, JsonValue>> => {
  if (isMapping(on)) return on
  const names = Array.isArray(on) ? on : [on]
  return Object.fromEntries(names.map((name: JsonValue) => [textOf(name), null]))
}

/** Decides whether `on` lets the event start the workflow: by event, activity, branch or tag, and changed paths. */
export const matchTrigger = (on: JsonValue, event: GithubEvent): Trigger => {
  const events = eventsOf(on)
  const limits = events[event.name]
  if (limits === undefined)
    return { kind: 'does_not_run', because: `it runs on ${Object.keys(events).join(', ')}, not on ${event.name}` }
  const fields = isMapping(limits) ? limits : {}
  const because =
    activityReason(fields, event) ?? refReason(fields, event) ?? pathReason(fields, event) ?? skipReason(event)
  return because === null ? { kind: 'runs' } : { kind: 'does_not_run', because }
}

const skipReason = (event: GithubEvent): string | null => {
  const instruction = skipInstruction(event)
  return instruction === null ? null : `the message of the commit says ${instruction}`
}

const activityReason = (fields: Fields, event: GithubEvent): string | null => {
  const named = textsOf(fields['types'])
  const usual = event.name.startsWith('pull_request') && !/_review/.test(event.name) ? defaultActivities : null
  const types = named ?? usual
  if (types === null || event.action === null || types.includes(event.action)) return null
  return `${event.name} runs it for ${types.join(', ')}, not for ${event.action}`
}

/** What a pull request has to do for a workflow that names no types. */
const defaultActivities = ['opened', 'synchronize', 'reopened']

const refReason = (fields: Fields, event: GithubEvent): string | null => {
  const isPullRequest = event.baseRef !== null
  const isTag = !isPullRequest && event.ref.startsWith('refs/tags/')
  const name = isPullRequest ? event.baseRef : refName(event.ref)
  const kind = isTag ? 'tags' : 'branches'
  const only = textsOf(fields[kind])
  const ignored = textsOf(fields[`${kind}-ignore`])
  if (only !== null) return passes(only, name) ? null : `${kind} are ${only.join(', ')}, and this is ${name}`
  if (ignored !== null) return passes(ignored, name) ? `${name} is among ${kind}-ignore: ${ignored.join(', ')}` : null
  const other = isTag ? 'branches' : 'tags'
  const isOther = fields[other] !== undefined || fields[`${other}-ignore`] !== undefined
  return isOther && !isPullRequest ? `it is limited to ${other}, and this is ${isTag ? 'a tag' : 'a branch'}` : null
}

const pathReason = (fields: Fields, event: GithubEvent): string | null => {
  const files = event.changedFiles
  // Pushes of tags are not filtered by paths, nor is what GitHub cannot compare.
  if (files === null || event.ref.startsWith('refs/tags/')) return null
  const only = textsOf(fields['paths'])
  const ignored = textsOf(fields['paths-ignore'])
  if (only !== null)
    return files.some((file) => passes(only, file)) ? null : `no changed file is among paths: ${only.join(', ')}`
  if (ignored === null) return null
  return files.every((file) => passes(ignored, file))
    ? `every changed file is among paths-ignore: ${ignored.join(', ')}`
    : null
}

const textsOf = (value: JsonValue | undefined): readonly string[] | null => {
  if (value === undefined || value === null) return null
  return Array.isArray(value) ? value.map(textOf) : [textOf(value)]
}
