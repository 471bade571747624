/** Holds a document against GitHub's schema: keys, types, required fields, and what each expression may refer to. Every finding has its place and says what was expected. */
import { distance } from 'fastest-levenshtein'
import type { LoweringNote } from '../../../core/pipeline/job-plan.ts'
import { conditionOf, hasExpression, parseExpression, piecesOf, type Allowed } from './expressions.ts'
import type { Definition, Schema } from './schema.ts'
import type { Entry, Place, Tree } from './tree.ts'

/** What a check needs to know. */
export type Checking = {
  readonly schema: Schema
  readonly file: string
  readonly notes: LoweringNote[]
  /** What definitions came to without their alternatives, so that each is looked up once. */
  readonly known: Map<string, readonly Option[]>
}

/** Adds a note for everything in `tree` that the definition `name` does not allow. `key` is the dotted path of the tree. */
export const check = (checking: Checking, tree: Tree, name: string): void => {
  checkValue(checking, tree, { name, key: '', allowed: [] })
}

/** Adds a note to a list, at a place. */
export const note = (
  { file, notes }: Pick<Checking, 'file' | 'notes'>,
  level: LoweringNote['level'],
  { key, message, place }: { readonly key: string; readonly message: string; readonly place: Place | null },
): void => {
  notes.push({ level, key, message, file, line: place?.line ?? null, column: place?.column ?? null })
}

/** `; did you mean …?` where one of the names is close to what was written, else nothing. */
export const nearest = (written: string, names: readonly string[]): string => {
  const [best] = names
    .map((name) => ({ name, far: distance(written.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.far - b.far)
  return best !== undefined && best.far <= Math.max(2, Math.floor(written.length / 3))
    ? `; did you mean '${best.name}'?`
    : ''
}

/** Where in the document a check stands: the definition to hold, the dotted path, and what expressions may use. */
type At = { readonly name: string; readonly key: string; readonly allowed: Allowed }

/** A definition without its alternatives, and what it allows on top. */
export type Option = { readonly name: string; readonly definition: Definition; readonly context: readonly string[] }

const checkValue = (checking: Checking, tree: Tree, at: At): void => {
  const options = optionsIn(checking, at.name)
  const own = checking.schema[at.name]?.context
  const inside: At = own === undefined ? at : { ...at, allowed: [...new Set([...at.allowed, ...own])] }
  if (tree.kind === 'scalar') checkScalar(checking, tree, { at: inside, options })
  else if (tree.kind === 'list') checkList(checking, tree, { at: inside, options })
  else checkMap(checking, tree, { at: inside, options })
}

const optionsIn = ({ schema, known }: Checking, name: string): readonly Option[] => {
  const before = known.get(name)
  if (before !== undefined) return before
  const options = optionsOf(schema, name)
  known.set(name, options)
  return options
}

const optionsOf = (schema: Schema, name: string): readonly Option[] => {
  const definition = schema[name]
  if (definition === undefined) return []
  const alternatives = definition['one-of'] ?? []
  return alternatives.length === 0
    ? [{ name, definition, context: definition.context ?? [] }]
    : alternatives.flatMap((alternative) => optionsOf(schema, alternative))
}

type Found = { readonly at: At; readonly options: readonly Option[] }

const checkScalar = (checking: Checking, tree: Tree & { kind: 'scalar' }, { at, options }: Found): void => {
  const { value, place } = tree
  const isCondition =
    /(?:^|-)if$/.test(at.name) || options.some(({ definition }) => definition.string?.['is-expression'] === true)
  if (isCondition && value !== null) return checkCondition(checking, String(value), { at, place })
  if (typeof value === 'string' && hasExpression(value))
    return checkTemplate(checking, value, { at, place, content: tree.content ?? null })
  const forms = value === null || typeof value === 'string' ? [value, value ?? ''] : [value, String(value)]
  if (options.some(({ definition }) => forms.some((form) => fits(form, definition)))) return
  const constants = options.flatMap(({ definition }) => constantsOf(definition))
  const hint = typeof value === 'string' ? nearest(value, constants) : ''
  note(checking, 'error', {
    key: at.key,
    message: `Unexpected value '${value ?? ''}': expected ${describe(options)}${hint}`,
    place,
  })
}

const fits = (value: null | boolean | number | string, definition: Definition): boolean => {
  if (definition.null !== undefined) return value === null
  if (definition.boolean !== undefined) return typeof value === 'boolean'
  if (definition.number !== undefined) return typeof value === 'number'
  if (definition['allowed-values'] !== undefined)
    return typeof value === 'string' && definition['allowed-values'].includes(value)
  const { string } = definition
  if (string === undefined || typeof value !== 'string') return false
  if (string.constant !== undefined) return value === string.constant
  return string['require-non-empty'] !== true || value !== ''
}

const checkCondition = (checking: Checking, text: string, { at, place }: { at: At; place: Place }): void => {
  try {
    parseExpression(conditionOf(text), at.allowed)
    const pieces = hasExpression(text) ? piecesOf(text.trim()) : []
    if (pieces.length > 1)
      note(checking, 'warning', {
        key: at.key,
        message:
          'a condition that is an expression and text around it is a text, and always true; put all of it between ${{ and }}',
        place,
      })
  } catch (error) {
    note(checking, 'error', { key: at.key, message: messageOf(error), place })
  }
}

const checkTemplate = (
  checking: Checking,
  text: string,
  { at, place, content }: { readonly at: At; readonly place: Place; readonly content: Place | null },
): void => {
  if (at.allowed.length === 0)
    return note(checking, 'error', {
      key: at.key,
      message: 'A template expression is not allowed in this context',
      place,
    })
  try {
    for (const piece of piecesOf(text)) {
      if (piece.kind === 'text') continue
      try {
        parseExpression(piece.text, at.allowed)
      } catch (error) {
        note(checking, 'error', {
          key: at.key,
          message: messageOf(error),
          place: placeIn(text, piece.at, { place, content }),
        })
      }
    }
  } catch (error) {
    note(checking, 'error', { key: at.key, message: messageOf(error), place })
  }
}

/** The place of an offset in a text; that of the whole where its lines have been folded. */
const placeIn = (text: string, offset: number, { place, content }: { place: Place; content: Place | null }): Place => {
  if (content === null) return place
  const before = text.slice(0, offset).split('\n')
  return { line: content.line + before.length - 1, column: content.column + (before.at(-1)?.length ?? 0) }
}

const checkList = (checking: Checking, { items, place }: Tree & { kind: 'list' }, { at, options }: Found): void => {
  const option = options.find(({ definition }) => definition.sequence !== undefined)
  if (option?.definition.sequence === undefined)
    return note(checking, 'error', {
      key: at.key,
      message: `A sequence was not expected: expected ${describe(options)}`,
      place,
    })
  const name = option.definition.sequence['item-type']
  const allowed = [...at.allowed, ...option.context]
  for (const [index, item] of items.entries()) checkValue(checking, item, { name, key: join(at.key, index), allowed })
}

const checkMap = (checking: Checking, { entries, place }: Tree & { kind: 'map' }, { at, options }: Found): void => {
  let candidates = options.filter(({ definition }) => definition.mapping !== undefined)
  const [first] = candidates
  if (first === undefined)
    return note(checking, 'error', {
      key: at.key,
      message: `A mapping was not expected: expected ${describe(options)}`,
      place,
    })
  const loose = first.definition.mapping?.['loose-value-type']
  let isDynamic = false
  for (const entry of entries) {
    const key = join(at.key, entry.key)
    const own = candidates[0]?.context ?? []
    const allowed = own.length === 0 ? at.allowed : [...at.allowed, ...own]
    if (hasExpression(entry.key)) {
      isDynamic = true
      checkKeyExpression(checking, entry, { ...at, allowed, key })
      continue
    }
    const owner = candidates.find((candidate) => propertyOf(candidate, entry.key) !== null)
    if (owner !== undefined) {
      candidates = candidates.filter((candidate) => propertyOf(candidate, entry.key) !== null)
      const name = propertyOf(owner, entry.key)?.type ?? 'any'
      checkValue(checking, entry.value, { name, key, allowed })
    } else if (loose === undefined) unknownKey(checking, entry, { key, candidates })
    else {
      checkKey(checking, entry, { key, name: first.definition.mapping?.['loose-key-type'] ?? 'string' })
      checkValue(checking, entry.value, { name: loose, key, allowed })
    }
  }
  checkWhole(checking, { entries, place, at, candidates, isDynamic })
}

const checkKey = (
  checking: Checking,
  { key: written, keyPlace }: Entry,
  { key, name }: { key: string; name: string },
): void => {
  const options = optionsIn(checking, name)
  if (options.some(({ definition }) => fits(written, definition))) return
  note(checking, 'error', {
    key,
    message: `Unexpected value '${written}': expected ${describe(options)}`,
    place: keyPlace,
  })
}

const checkKeyExpression = (checking: Checking, entry: Entry, at: At): void => {
  if (!/^\$\{\{\s*insert\s*\}\}$/.test(entry.key))
    checkTemplate(checking, entry.key, { at, place: entry.keyPlace, content: null })
  else if (at.allowed.length === 0)
    note(checking, 'error', {
      key: at.key,
      message: 'A template expression is not allowed in this context',
      place: entry.keyPlace,
    })
  checkValue(checking, entry.value, { ...at, name: 'any' })
}

const unknownKey = (
  checking: Checking,
  { key: written, keyPlace }: Entry,
  { key, candidates }: { readonly key: string; readonly candidates: readonly Option[] },
): void => {
  const known = [...new Set(candidates.flatMap(({ definition }) => Object.keys(definition.mapping?.properties ?? {})))]
  const names = known.filter((name) => !besides.has(name))
  note(checking, 'error', {
    key,
    message: `Unexpected value '${written}'${nearest(written, names)} (known here: ${names.join(', ')})`,
    place: keyPlace,
  })
}

type Whole = {
  readonly entries: readonly Entry[]
  readonly place: Place
  readonly at: At
  readonly candidates: readonly Option[]
  readonly isDynamic: boolean
}

/** What can only be said of a mapping once all of its keys were seen: which form it has, and what that one misses. */
const checkWhole = (checking: Checking, { entries, place, at, candidates, isDynamic }: Whole): void => {
  const [only] = candidates
  if (candidates.length > 1) {
    const names = candidates.flatMap(({ definition }) => Object.keys(definition.mapping?.properties ?? {}))
    const telling = names.filter((name) => names.filter((other) => other === name).length === 1 && !besides.has(name))
    return note(checking, 'error', {
      key: at.key,
      message: `There's not enough info to determine what you meant. Add one of these properties: ${telling.toSorted().join(', ')}`,
      place,
    })
  }
  if (isDynamic || only === undefined) return
  const present = new Set(entries.map(({ key }) => key.toUpperCase()))
  for (const [name, property] of Object.entries(only.definition.mapping?.properties ?? {}))
    if (typeof property === 'object' && property.required === true && !present.has(name.toUpperCase()))
      note(checking, 'error', { key: join(at.key, name), message: `Required property is missing: ${name}`, place })
}

const propertyOf = ({ definition }: Option, key: string): { readonly type: string } | null => {
  const properties = definition.mapping?.properties ?? {}
  const property = Object.hasOwn(properties, key) ? properties[key] : undefined
  if (property === undefined) return null
  return typeof property === 'string' ? { type: property } : property
}

/** Keys of steps that nobody means who has forgotten what a step does. */
const besides: ReadonlySet<string> = new Set(['background', 'wait', 'wait-all', 'cancel', 'parallel'])

const constantsOf = (definition: Definition): readonly string[] => [
  ...(definition.string?.constant === undefined ? [] : [definition.string.constant]),
  ...(definition['allowed-values'] ?? []),
]

const describe = (options: readonly Option[]): string => {
  const constants = options.flatMap(({ definition }) => constantsOf(definition))
  const kinds = options.flatMap(({ definition }) => {
    if (definition.null !== undefined) return ['nothing']
    if (definition.boolean !== undefined) return ['true or false']
    if (definition.number !== undefined) return ['a number']
    if (definition.sequence !== undefined) return ['a sequence']
    if (definition.mapping !== undefined) return ['a mapping']
    if (definition.string === undefined || definition.string.constant !== undefined) return []
    return [definition.string['require-non-empty'] === true ? 'a text that is not empty' : 'a text']
  })
  const parts = [...new Set(kinds), ...(constants.length > 0 ? [`one of ${constants.join(', ')}`] : [])]
  return parts.length === 0 ? 'nothing' : parts.join(' or ')
}

const join = (key: string, step: string | number): string => (key === '' ? String(step) : `${key}.${step}`)

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
