/** Loads a pipeline: the file, and those that it includes from the same repository. Nothing is fetched. */
import { limits } from '../../../core/limits.ts'
import { checkKeys, expected, spotOf } from './check-keys.ts'
import { readDocument } from './document.ts'
import { fillInputs, headerAndBody, inputsIn } from './inputs.ts'
import { keyRows } from './keys.ts'
import type { Notes, Spot } from './notes.ts'
import { firstMatch, type RuleFacts, rulesOf } from './rules.ts'
import { deepMerge, itemsOf, type MapTree, type Tree, textOf, textsOf, valueOf, withoutKeys } from './tree.ts'

/** What loading needs. `facts.filler` knows what is known before the file: predefined and given variables. */
export type Loading = {
  readonly files: (path: string) => string | null
  readonly facts: RuleFacts
  /** Files read so far. */
  readonly count: { files: number }
  /** Includes from elsewhere that are left out, by project, address, template or component. */
  readonly skipped: readonly string[]
  /** What stands before `include` in the keys of notes: nothing, or the trigger of a child pipeline. */
  readonly at: string
}

/** A file with its includes merged in; null when it could not be read (the notes say why). Includes come in their order, the file itself wins over them. */
export const loadPipeline = (
  { file, inputs, from }: { readonly file: string; readonly inputs: MapTree | null; readonly from: Spot },
  loading: Loading,
  above: readonly string[] = [],
): MapTree | null => {
  const { notes } = loading.facts
  const text = loading.files(file)
  if (text === null) {
    notes.error(from, `there is no file ${file}`)
    return null
  }
  loading.count.files += 1
  if (loading.count.files > limits.includesMax || above.includes(file)) {
    const why = above.includes(file)
      ? `${[...above, file].join(' → ')} is a circle`
      : `more than ${limits.includesMax} files`
    notes.error(from, `cannot include ${file}: ${why}`)
    return null
  }
  const content = contentOf({ file, text, inputs }, loading)
  if (content === null) return null
  return withIncludes(content, loading, [...above, file])
}

/** A document with its includes merged in; `above` are the files that led to it. */
export const withIncludes = (content: MapTree, loading: Loading, above: readonly string[]): MapTree => {
  const own = withoutKeys(content, new Set(['include']))
  let merged: MapTree | null = null
  for (const [index, item] of itemsOf(valueOf(content, 'include')).entries())
    for (const one of included(item, `${loading.at}include[${index}]`, loading)) {
      // A pattern that also matches a file that is being read does not mean that one.
      if (one.isPattern && above.includes(one.file)) continue
      const tree = loadPipeline(one, loading, above)
      if (tree !== null) merged = merged === null ? tree : deepMerge(merged, tree)
    }
  return merged === null ? own : deepMerge(merged, own)
}

const contentOf = (
  { file, text, inputs }: { readonly file: string; readonly text: string; readonly inputs: MapTree | null },
  { facts }: Loading,
): MapTree | null => {
  const { notes, filler } = facts
  const parts = /^spec:/m.test(text) ? headerAndBody(text) : null
  const header = parts === null ? null : (readDocument(parts.header, file, notes)?.content ?? null)
  if (parts === null || header === null || !header.entries.has('spec')) {
    if (inputs !== null && inputs.entries.size > 0)
      notes.error({ key: 'inputs', place: inputs.place }, `${file} takes no inputs: it has no spec in a header`)
    return readDocument(text, file, notes)?.content ?? null
  }
  const body = fillInputs({ file, body: parts.body, header, given: inputs, filler, notes })
  return readDocument(body, file, notes)?.content ?? null
}

type Included = {
  readonly file: string
  readonly inputs: MapTree | null
  readonly from: Spot
  /** It matched a pattern, and was not named. */
  readonly isPattern: boolean
}

const included = (item: Tree, key: string, { facts, files, skipped }: Loading): readonly Included[] => {
  const { notes, filler, context } = facts
  const from: Spot = { key, place: item.place }
  if (item.kind === 'map') {
    checkKeys(withoutKeys(item, elsewhere), 'include', { key, notes })
    const rules = valueOf(item, 'rules')
    if (rules !== null && !isIncluded(rules, `${key}.rules`, facts)) return []
    const foreign = places.find((name) => item.entries.has(name))
    if (foreign !== undefined) return refused(item, foreign, { key, skipped, notes })
    if (valueOf(item, 'local') === null) {
      expected(notes, from, 'include with local')
      return []
    }
  }
  const written = textOf(item.kind === 'map' ? valueOf(item, 'local') : item)
  if (written === null) {
    expected(notes, item.kind === 'map' ? spotOf(item, key, 'local') : from, 'the path of a file')
    return []
  }
  const path = filler.text(written)
  if (/^https?:\/\//.test(path)) {
    const remote: MapTree = {
      kind: 'map',
      place: item.place,
      entries: new Map([['remote', { at: item.place, value: item }]]),
    }
    return refused(remote, 'remote', { key, skipped, notes })
  }
  const local = path.replace(/^\.?\//, '')
  if (!/\.ya?ml$/i.test(local)) {
    expected(notes, from, `a file that ends with .yml or .yaml, not ${path}`)
    return []
  }
  const inputs = inputsIn(item)
  if (!local.includes('*')) return [{ file: local, inputs, from, isPattern: false }]
  const pattern = wildcard(local)
  return context.paths
    .filter((one) => pattern.test(one) && files(one) !== null)
    .toSorted()
    .map((one) => ({ file: one, inputs, from, isPattern: true }))
}

/** Keys that lead out of the repository, and those that only say more about them. */
const places = ['project', 'remote', 'template', 'component', 'artifact'] as const
const elsewhere: ReadonlySet<string> = new Set([...places, 'ref', 'file', 'job'])

/** What is not in the repository keeps the pipeline from starting, unless somebody says that it does without. */
const refused = (
  item: MapTree,
  name: (typeof places)[number],
  { key, skipped, notes }: { readonly key: string; readonly skipped: readonly string[]; readonly notes: Notes },
): readonly Included[] => {
  const spot = spotOf(item, key, name)
  const what = whatOf(item, name)
  const [asked = ''] = textsOf(valueOf(item, name))
  if (skipped.includes(asked)) notes.warn(spot, `include:${name} ${what} is left out, as was asked for`)
  else {
    const why = keyRows('include')[name]?.[1] ?? ''
    notes.refuse(spot, `include:${name} ${what} is refused: ${why}; --skip-include ${asked} does without it`)
  }
  return []
}

/** `group/ci (/a.yml, /b.yml at v1)`, or `made.yml (of build)`. */
const whatOf = (item: MapTree, name: string): string => {
  const files = textsOf(valueOf(item, 'file')).join(', ')
  const ref = textOf(valueOf(item, 'ref'))
  const job = textOf(valueOf(item, 'job'))
  const more = [files, ref === null ? '' : `at ${ref}`, job === null ? '' : `of ${job}`].filter((text) => text !== '')
  const what = textsOf(valueOf(item, name)).join(', ')
  return more.length === 0 ? what : `${what} (${more.join(' ')})`
}

// Only `*` and `**` are special, and `a/**/b.yml` has a folder between. Source: GitLab's `Repository#search_files_by_wildcard_path`, 2026-08.
const wildcard = (path: string): RegExp =>
  new RegExp(
    `^${path
      .split(/(\*\*?)/)
      .map((part) =>
        part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replaceAll(/[\\^$.+?()[\]{}|]/g, String.raw`\$&`),
      )
      .join('')}$`,
  )

const isIncluded = (tree: Tree, key: string, facts: RuleFacts): boolean => {
  const rule = firstMatch(rulesOf(tree, key, facts.notes), { key, scope: 'include rule' }, facts)
  return rule !== null && textOf(valueOf(rule, 'when')) !== 'never'
}
