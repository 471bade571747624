/** A YAML document as a tree with positions. Parser of `yaml`'s nodes: what it makes of a scalar is trusted to be a scalar. */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import { limits } from '../../../core/limits.ts'
import type { JsonValue, LoweringNote } from '../../../core/pipeline/job-plan.ts'

/** Line and column, from 1. */
export type Place = { readonly line: number; readonly column: number }

/** A value of the document. Aliases are resolved; a mapping keeps the order and the places of its keys. */
export type Tree =
  | {
      readonly kind: 'scalar'
      readonly value: null | boolean | number | string
      readonly place: Place
      /** Where the text itself begins: for a literal block the place of its first line, for a quoted one behind the quote. Null for folded ones. */
      readonly content?: Place | null
    }
  | { readonly kind: 'list'; readonly items: readonly Tree[]; readonly place: Place }
  | { readonly kind: 'map'; readonly entries: readonly Entry[]; readonly place: Place }

/** One key of a mapping and its value. */
export type Entry = { readonly key: string; readonly keyPlace: Place; readonly value: Tree }

/** A parsed file: the tree, null where the text is no YAML; notes say why. */
export type Parsed = { readonly tree: Tree | null; readonly notes: readonly LoweringNote[] }

/**
 * Parses YAML 1.2 (core schema, anchors and aliases, no merge keys), as GitHub reads workflows. Anything that is not plain data is an error with its place: broken
 * syntax, unknown tags, keys that are no scalars, keys twice (upper and lower case are one), aliases in a circle, and documents over the limits of size and depth.
 */
export const parseTree = (file: string, text: string): Parsed => {
  const first: Place = { line: 1, column: 1 }
  const error = (message: string, { line, column }: Place): LoweringNote => ({
    level: 'error',
    key: '',
    message,
    file,
    line,
    column,
  })
  if (Buffer.byteLength(text) > limits.workflowBytesMax)
    return { tree: null, notes: [error(`the file is larger than ${limits.workflowBytesMax} bytes`, first)] }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, logLevel: 'silent' })
  // The first tells what is wrong; those after it follow from it.
  const broken = [...document.errors, ...document.warnings].slice(0, 1).map(({ message, linePos }) => {
    const [sentence = message] = message.split('\n')
    const at = linePos?.[0]
    return error(
      sentence.replace(/ at line \d+, column \d+:$/, ''),
      at === undefined ? first : { line: at.line, column: at.col },
    )
  })
  if (broken.length > 0) return { tree: null, notes: broken }
  if (document.contents === null)
    return { tree: null, notes: [error('the file is empty; a mapping with on and jobs was expected', first)] }
  const notes: LoweringNote[] = []
  const say = (message: string, place: Place): void => void notes.push(error(message, place))
  const tree = build(document.contents, {
    document,
    text,
    lines,
    say,
    nodes: { count: 0 },
    targets: new Map(),
    above: [],
  })
  return { tree: notes.some(({ message }) => message === tooMuch) ? null : tree, notes }
}

/** The plain value of a tree. */
export const toJson = (tree: Tree): JsonValue => {
  if (tree.kind === 'scalar') return tree.value
  if (tree.kind === 'list') return tree.items.map(toJson)
  return Object.fromEntries(tree.entries.map(({ key, value }) => [key, toJson(value)]))
}

/** The value of a key of a mapping; null where the tree is none, or has no such key. */
export const child = (tree: Tree | null, key: string): Tree | null =>
  tree?.kind === 'map' ? (tree.entries.find((entry) => entry.key === key)?.value ?? null) : null

/** The tree at a path of keys and indexes; null where there is none. */
export const descend = (tree: Tree | null, path: readonly (string | number)[]): Tree | null => {
  let at: Tree | null = tree
  for (const step of path) {
    if (typeof step === 'string') at = child(at, step)
    else at = at?.kind === 'list' ? (at.items[step] ?? null) : null
  }
  return at
}

/** Tags of the core schema of YAML 1.2. */
const coreTag = /^(?:!|tag:yaml\.org,2002:(?:str|int|float|bool|null|seq|map))$/

const tooMuch = 'the document is too large or too deep once its aliases are put in'

type Building = {
  readonly document: Document.Parsed
  readonly text: string
  readonly lines: LineCounter
  readonly say: (message: string, place: Place) => void
  readonly nodes: { count: number }
  readonly targets: Map<object, unknown>
  /** Nodes that contain this one; an alias to one of them is a circle. */
  readonly above: readonly unknown[]
}

const build = (node: unknown, building: Building): Tree => {
  const { document, text, lines, say, nodes, targets, above } = building
  const place = placeOf(node, lines)
  nodes.count += 1
  if (nodes.count > limits.workflowNodesMax || above.length > limits.workflowDepthMax) {
    say(tooMuch, place)
    return { kind: 'scalar', value: null, place }
  }
  if (isAlias(node)) {
    // Looking for an anchor goes through the whole document; each alias does it once, however often it is put in.
    const target = targets.has(node) ? targets.get(node) : node.resolve(document)
    targets.set(node, target)
    if (target === undefined || above.includes(target)) {
      say(`the alias *${node.source} stands inside of what it names`, place)
      return { kind: 'scalar', value: null, place }
    }
    return build(target, building)
  }
  const tag = isNode(node) ? node.tag : undefined
  if (tag !== undefined && !coreTag.test(tag)) say(`the tag ${tag} is not supported`, place)
  const inside = { ...building, above: [...above, node] }
  if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => build(item, inside)), place }
  if (!isMap(node)) {
    const value = scalarOf(isScalar(node) ? node.value : null)
    return typeof value === 'string' && value.includes('${{')
      ? { kind: 'scalar', value, place, content: contentOf(node, place, text) }
      : { kind: 'scalar', value, place }
  }
  const entries: Entry[] = []
  const seen = new Set<string>()
  for (const { key: keyNode, value } of node.items) {
    const keyPlace = placeOf(keyNode, lines)
    if (!isScalar(keyNode)) {
      say('a key must be a plain text', keyPlace)
      continue
    }
    const key = String(scalarOf(keyNode.value) ?? '')
    if (seen.has(key.toUpperCase())) say(`'${key}' is already defined`, keyPlace)
    else entries.push({ key, keyPlace, value: value === null ? absent(keyPlace) : build(value, inside) })
    seen.add(key.toUpperCase())
  }
  return { kind: 'map', entries, place }
}

const absent = (place: Place): Tree => ({ kind: 'scalar', value: null, place })

const scalarOf = (value: unknown): null | boolean | number | string => {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value
  return typeof value === 'bigint' ? Number(value) : null
}

const contentOf = (node: unknown, place: Place, text: string): Place | null => {
  if (!isScalar(node) || node.range === undefined || node.range === null) return null
  if (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE')
    return { line: place.line, column: place.column + 1 }
  if (node.type === 'PLAIN') return place
  if (node.type !== 'BLOCK_LITERAL') return null
  const [, ...rows] = text.slice(node.range[0], node.range[1]).split('\n')
  const indent = rows.find((row) => row.trim() !== '')?.search(/\S/) ?? 0
  return { line: place.line + 1, column: indent + 1 }
}

const placeOf = (node: unknown, lines: LineCounter): Place => {
  const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : null
  const offset: unknown = Array.isArray(range) ? range[0] : 0
  const { line, col } = lines.linePos(typeof offset === 'number' ? offset : 0)
  return { line, column: col }
}
