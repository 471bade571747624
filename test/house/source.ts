/** A source file as the house test sees it: its text, its syntax tree, and what it imports. */
import { type ParseResult, parseSync } from 'oxc-parser'

/** A node of the syntax tree, as far as rules look. */
export type Node = {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

/** An import or a re-export. A dynamic import is one of values, but no edge of a cycle. */
export type Import = {
  readonly from: string
  readonly at: number
  readonly kind: 'type' | 'value' | 'dynamic'
}

/** A parsed file; `path` is relative to the root of the repository. */
export type Source = {
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
  readonly body: readonly Node[]
  readonly comments: readonly { readonly value: string; readonly start: number; readonly end: number }[]
  /** Offsets of the first character of each line. */
  readonly lineStarts: readonly number[]
}

/** Something that breaks a rule, as `path:line sentence`. */
export type Violation = string

/** Parses a file; a syntax error is thrown with its place. */
export const parseSource = (path: string, text: string): Source => {
  const parsed = parseSync(path, text)
  const [error] = parsed.errors
  if (error !== undefined) throw new Error(`${path}: ${error.message}`)
  return {
    path,
    text,
    imports: importsOf(parsed),
    body: [...parsed.program.body].map(asNode),
    comments: parsed.comments,
    lineStarts: [0, ...text.matchAll(/\n/g).map(({ index }) => index + 1)],
  }
}

/** Says that something is wrong at an offset. */
export const violation = (source: Source, at: number, sentence: string): Violation =>
  `${source.path}:${lineAt(source, at)} ${sentence}`

/** Line of an offset, from 1. */
export const lineAt = ({ lineStarts }: Source, at: number): number => {
  let [from, until] = [0, lineStarts.length]
  while (from < until) {
    const middle = (from + until) >> 1
    if ((lineStarts[middle] ?? 0) <= at) from = middle + 1
    else until = middle
  }
  return from
}

/** All nodes of some, parents first. */
export const nodesIn = (nodes: readonly Node[]): readonly Node[] => {
  const known = everyNode.get(nodes)
  if (known !== undefined) return known
  const found: Node[] = []
  const add = (node: Node): void => {
    found.push(node)
    for (const child of childrenOf(node)) add(child)
  }
  for (const node of nodes) add(node)
  everyNode.set(nodes, found)
  return found
}

/** Of each file: most rules look at all of its nodes. */
const everyNode = new WeakMap<readonly Node[], readonly Node[]>()

/** The nodes directly inside a node. */
export const childrenOf = (node: Node): readonly Node[] => {
  const found: Node[] = []
  for (const field in node) {
    const value = node[field]
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) found.push(item)
    } else if (isNode(value)) found.push(value)
  }
  return found
}

/** Whether a value of the tree is a node. */
export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value

/** Name of an identifier, or of the identifiers of a member expression joined by dots; null for anything else. */
export const nameOf = (value: unknown): string | null => {
  if (!isNode(value)) return null
  if (value.type === 'Identifier') return String(value['name'])
  if (value.type === 'MetaProperty') return `${nameOf(value['meta'])}.${nameOf(value['property'])}`
  if (value.type !== 'MemberExpression' || value['computed'] === true) return null
  const object = nameOf(value['object'])
  const property = nameOf(value['property'])
  return object === null || property === null ? null : `${object}.${property}`
}

const asNode = (value: unknown): Node => {
  if (!isNode(value)) throw new Error('a statement is a node')
  return value
}

const importsOf = ({ module }: ParseResult): readonly Import[] => [
  ...module.staticImports.map((one): Import => {
    const isType = one.entries.length > 0 && one.entries.every((entry) => entry.isType)
    return { from: one.moduleRequest.value, at: one.start, kind: isType ? 'type' : 'value' }
  }),
  ...module.staticExports.flatMap((one) =>
    one.entries.flatMap((entry): readonly Import[] =>
      entry.moduleRequest === null || entry.moduleRequest === undefined
        ? []
        : [{ from: entry.moduleRequest.value, at: one.start, kind: entry.isType ? 'type' : 'value' }],
    ),
  ),
]

/** Texts of dynamic imports and of `new URL('…', import.meta.url)`, which make a module load, though at another time. */
export const dynamicImports = (source: Source): readonly Import[] => {
  const found: Import[] = []
  for (const node of nodesIn(source.body)) {
    const target = node.type === 'ImportExpression' ? node['source'] : null
    if (isNode(target) && typeof target['value'] === 'string')
      found.push({ from: target['value'], at: node.start, kind: 'dynamic' })
  }
  return found
}
