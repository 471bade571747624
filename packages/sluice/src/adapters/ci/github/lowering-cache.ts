/** Lowered workflows kept from run to run, under the hash of what they were made from. Parser: an entry is trusted to be one where its name and its reads agree. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../../core/canonical-json.ts'
import { writeWhole } from '../../../lib/files.ts'
import { definitionOf, storedDefinition } from './definition.ts'
import { skipInstruction, type GithubEvent } from './event.ts'
import type { LoweredWorkflow, LoweringRequest } from './lower.ts'

/** Where entries are kept, and what made them: another version of Sluice reads none of them. */
export type LoweringCache = { readonly directory: string; readonly version: string }

/**
 * Lowers a workflow, or gives what came of it before: the same file, options and kind of event, and the same content of every other file that was read. A new commit makes no difference unless
 * the workflow asks for it before it runs (`github.sha` in the name of a group, filters by paths). An entry that cannot be read is made again; one that cannot be written is not missed.
 */
export const cachedLowering = async (cache: LoweringCache, request: LoweringRequest): Promise<LoweredWorkflow> => {
  const path = join(cache.directory, `${keyOf(cache, request)}.json`)
  const entry = await readEntry(path)
  if (entry !== null && isCurrent(entry, request)) return withEvent(entry.lowered, request.event)
  const reads: Record<string, string | null> = {}
  const read = (file: string): string | null => {
    const text = request.read(file)
    reads[file] = text === null ? null : hashOf(text)
    return text
  }
  // What parses is loaded only when something is to be parsed.
  const { lowerWorkflow } = await import('./lower.ts')
  const lowered = lowerWorkflow({ ...request, read })
  const made: Entry = { reads, commit: commitOf(request.event), lowered }
  await writeWhole(path, JSON.stringify(made)).catch(() => {})
  return lowered
}

type Entry = {
  /** Hashes of the other files that were asked for; null for one that was not there. */
  readonly reads: Readonly<Record<string, string | null>>
  readonly commit: string
  readonly lowered: LoweredWorkflow
}

/** Counts what changes in the lowering itself within a version, so that nobody is given what was lowered otherwise. */
const form = 3

const keyOf = ({ version }: LoweringCache, request: LoweringRequest): string => {
  const { file, text, event, only, filters, inputs = 'needed', vars, rules, actions } = request
  const { sha: _sha, before: _before, changedFiles: _changedFiles, head: _head, ...kind } = event
  const skip = skipInstruction(event)
  return hashOf(canonicalJson({ form, version, file, text, kind, only, skip, filters, inputs, vars, rules, actions }))
}

const commitOf = ({ sha, before, changedFiles, head }: GithubEvent): string =>
  hashOf(canonicalJson({ sha, before, changedFiles, head }))

const isCurrent = ({ reads, commit, lowered }: Entry, { event, read }: LoweringRequest): boolean => {
  if (lowered.dependsOnCommit && commit !== commitOf(event)) return false
  return Object.entries(reads).every(([file, hash]) => {
    const text = read(file)
    return (text === null ? null : hashOf(text)) === hash
  })
}

const withEvent = (lowered: LoweredWorkflow, event: GithubEvent): LoweredWorkflow => ({
  ...lowered,
  jobs: lowered.jobs.map((job) => {
    const definition = definitionOf(job)
    // Inputs that were not given have their defaults, which the document says.
    const { inputs } = definition.event
    return { ...job, definition: storedDefinition({ ...definition, event: { ...event, inputs } }) }
  }),
})

const readEntry = async (path: string): Promise<Entry | null> => {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Entry
  } catch {
    // Not there, or not whole: it is made again.
    return null
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
