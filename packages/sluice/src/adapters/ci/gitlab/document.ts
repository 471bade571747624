/**
 * Reads the YAML of a pipeline file. GitLab reads YAML 1.1 (Ruby's Psych): `<<` merges, and unquoted values are read by `plain-scalar.ts`; of its additions
 * there is `!reference`. Positions are kept for every key and value.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { limits } from '../../../core/limits.ts'
import type { Notes } from './notes.ts'
import { plainScalar } from './plain-scalar.ts'
import type { MapTree, Place, ScalarTree, Tree } from './tree.ts'

/** A file as it was read: the documents before the last are its header (`spec:`). Null where it could not be read; the notes say why. */
export type PipelineDocument = { readonly header: MapTree | null; readonly content: MapTree } | null

/** Parses the text of a pipeline file; what is wrong is noted with its place. */
export const readDocument = (text: string, file: string, notes: Notes): PipelineDocument => {
  const lines = new LineCounter()
  const parsed = parseAllDocuments(text, {
    version: '1.1',
    merge: true,
    uniqueKeys: false,
    logLevel: 'silent',
    lineCounter: lines,
    customTags: (tags) => [...tags, { tag: '!reference', collection: 'seq', resolve: (list) => list }],
  })
  const start: Place = { file, line: 1, column: 1 }
  const empty: MapTree = { kind: 'map', entries: new Map(), place: start }
  if (!Array.isArray(parsed)) return { header: null, content: empty }
  const trees: Tree[] = []
  for (const document of parsed) {
    const [problem] = document.errors
    if (problem !== undefined) {
      const [at] = problem.linePos ?? []
      const place = { file, line: at?.line ?? null, column: at?.col ?? null }
      notes.error(
        { key: '', place },
        `this is not YAML: ${problem.message.split('\n')[0]?.replace(/ at line .*$/, '')}`,
      )
      return null
    }
    const reader: Reader = { file, lines, notes, anchors: new Map(), done: new Map(), open: new Set() }
    trees.push(document.contents === null ? empty : treeOf(document.contents, reader))
  }
  return assemble(trees, empty, notes)
}

const assemble = (trees: readonly Tree[], empty: MapTree, notes: Notes): PipelineDocument => {
  const [first = empty, second] = trees
  const isHeader = first.kind === 'map' && first.entries.has('spec') && second !== undefined
  const content = isHeader ? second : first
  if (content.kind !== 'map') {
    notes.error({ key: '', place: content.place }, 'expected keys with values (jobs, stages, variables …) at the root')
    return null
  }
  return { header: isHeader ? first : null, content }
}

type Reader = {
  readonly file: string
  readonly lines: LineCounter
  readonly notes: Notes
  readonly anchors: Map<string, Tree>
  readonly done: Map<Node, Tree>
  readonly open: Set<Node>
}

/** Nodes that aliases share become one tree, so that a document of nested aliases stays as small as it is written. */
const treeOf = (node: Node, reader: Reader): Tree => {
  const known = reader.done.get(node)
  if (known !== undefined) return known
  const place = placeAt(node, reader)
  if (reader.open.has(node) || reader.open.size > limits.yamlDepthMax) {
    reader.notes.error({ key: '', place }, 'values are nested too deep')
    return nothing(place)
  }
  reader.open.add(node)
  const tree = convert(node, place, reader)
  reader.open.delete(node)
  reader.done.set(node, tree)
  if (!isAlias(node) && node.anchor !== undefined) reader.anchors.set(node.anchor, tree)
  return tree
}

const convert = (node: Node, place: Place, reader: Reader): Tree => {
  if (isAlias(node)) {
    const target = reader.anchors.get(node.source)
    if (target !== undefined) return target
    reader.notes.error({ key: '', place }, `there is no anchor &${node.source} before this alias`)
    return nothing(place)
  }
  if (isMap(node)) return mapOf(node, place, reader)
  if (isSeq(node)) return listOf(node, place, reader)
  return isScalar(node) ? scalarOf(node, place) : nothing(place)
}

const listOf = (node: YAMLSeq, place: Place, reader: Reader): Tree => {
  const items = node.items.flatMap((item) => (isNode(item) ? [treeOf(item, reader)] : []))
  if (node.tag !== '!reference') return { kind: 'list', items, place }
  return { kind: 'reference', path: items.map((item) => (item.kind === 'scalar' ? item.text : '')), place }
}

/** As Psych reads a mapping: key after key, each over those before it, a `<<` too. Of a list of merged mappings the first that has a key counts. Source: Ruby's `psych/visitors/to_ruby.rb`, 2026-08. */
const mapOf = (node: YAMLMap, place: Place, reader: Reader): MapTree => {
  const entries: MapTree['entries'] extends ReadonlyMap<infer Key, infer Value> ? Map<Key, Value> : never = new Map()
  const written = new Set<string>()
  for (const pair of node.items) {
    const key = keyOf(pair)
    const at = isNode(pair.key) ? placeAt(pair.key, reader) : place
    const value = isNode(pair.value) ? treeOf(pair.value, reader) : nothing(at)
    const sources = key === '<<' ? mergedOf(value) : null
    if (sources !== null) {
      for (const source of sources.toReversed()) for (const [name, entry] of source.entries) entries.set(name, entry)
      continue
    }
    if (written.has(key))
      reader.notes.warn({ key, place: at }, `"${key}" is written twice in one mapping; the last one counts`)
    written.add(key)
    entries.set(key, { at, value })
  }
  return { kind: 'map', entries, place }
}

/** The mappings that a merge key takes in; null where its value is something else, which leaves it a key like any other. */
const mergedOf = (value: Tree): readonly MapTree[] | null => {
  const items = value.kind === 'list' ? value.items : [value]
  const maps = items.filter((item) => item.kind === 'map')
  return maps.length === items.length ? maps : null
}

const keyOf = ({ key }: Pair): string =>
  isScalar(key) ? (typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))) : String(key)

const scalarOf = ({ value, source, type, tag }: Scalar, place: Place): ScalarTree => {
  const written = source ?? ''
  if (type === 'PLAIN' && tag === undefined) return { kind: 'scalar', ...plainScalar(written), place }
  const text = typeof value === 'string' ? value : written
  return { kind: 'scalar', value: text, text, place }
}

const nothing = (place: Place): ScalarTree => ({ kind: 'scalar', value: null, text: '', place })

const placeAt = (node: Node, { file, lines }: Reader): Place => {
  const offset = node.range?.[0]
  if (offset === undefined) return { file, line: null, column: null }
  const { line, col } = lines.linePos(offset)
  return { file, line, column: col }
}

const isNode = (value: unknown): value is Node => isMap(value) || isSeq(value) || isScalar(value) || isAlias(value)
