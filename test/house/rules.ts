/** Rules of the conventions that a syntax tree can decide. Each takes a file and gives what breaks the rule in it. */
import { isTest } from './layers.ts'
import {
  childrenOf,
  isNode,
  lineAt,
  nameOf,
  nodesIn,
  type Node,
  type Source,
  type Violation,
  violation,
} from './source.ts'

const ambientNames = new Set([
  'Date.now',
  'Math.random',
  'performance.now',
  'process.env',
  'process.hrtime',
  'crypto.randomUUID',
  'crypto.getRandomValues',
  'globalThis',
  'fetch',
  'randomUUID',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'import.meta',
])

/** Clock, randomness, environment and network reached for, where they must come by argument (core, ports, engine). */
export const ambient = (source: Source): readonly Violation[] => {
  if (!/^packages\/sluice\/src\/(?:core|ports|engine)\//.test(source.path) || isTest(source.path)) return []
  const found: Violation[] = []
  visitReads(source.body, (node) => {
    const name = node.type === 'NewExpression' || node.type === 'CallExpression' ? nameOf(node['callee']) : null
    if (name === 'Date' && isEmpty(node['arguments']))
      found.push(violation(source, node.start, 'the clock comes by argument, not from Date'))
    else if (name === 'Date' && source.path.startsWith('packages/sluice/src/core/'))
      found.push(violation(source, node.start, 'core has no calendar object: isoTime says a time'))
    const read = nameOf(node)
    if (read !== null && ambientNames.has(read)) found.push(violation(source, node.start, `${read} comes by argument`))
  })
  return found
}

/** Waiting in core, which decides and never waits. */
export const waiting = (source: Source): readonly Violation[] => {
  if (!source.path.startsWith('packages/sluice/src/core/') || isTest(source.path)) return []
  const found: Violation[] = []
  for (const node of nodesIn(source.body)) {
    if (node['async'] === true || node.type === 'AwaitExpression')
      found.push(violation(source, node.start, 'core does not wait'))
  }
  return found
}

/** Files and functions that outgrew their bound. */
export const sizes = (source: Source): readonly Violation[] => {
  const lines = source.text.split('\n').length - 1
  const max = isTest(source.path) ? 800 : 400
  const found: Violation[] = lines > max ? [`${source.path} has ${lines} lines, at most ${max}`] : []
  for (const node of nodesIn(source.body)) {
    if (!functions.has(node.type)) continue
    const length = lineAt(source, node.end) - lineAt(source, node.start) + 1
    if (length > 70 && !registersTests(node))
      found.push(violation(source, node.start, `a function of ${length} lines, at most 70`))
    // What calls back (a property, a test) decides itself what it hands over.
    const parameters = isTest(source.path) ? 0 : parametersOf(node)
    if (parameters > 3) found.push(violation(source, node.start, `${parameters} positional parameters, at most 3`))
  }
  return found
}

const functions = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

/** Every call to the world ends with a signal, which says nothing about what the call does; it is not counted. */
const parametersOf = (node: Node): number => {
  const params = Array.isArray(node['params']) ? node['params'] : []
  return nameOf(params.at(-1)) === 'signal' ? params.length - 1 : params.length
}

/** A function that groups tests is as long as its tests are many. */
const registersTests = (node: Node): boolean => {
  const { body } = node
  const statements = isNode(body) ? childrenOf(body) : []
  return statements.some((statement) => {
    const call = statement['expression']
    return (
      isNode(call) &&
      call.type === 'CallExpression' &&
      ['test', 'it', 'describe'].includes(nameOf(call['callee']) ?? '')
    )
  })
}

/** Syntax that does not erase, or that hides what is so from the compiler. */
export const language = (source: Source): readonly Violation[] => {
  const found: Violation[] = []
  const say = (node: Node, sentence: string): void => {
    found.push(violation(source, node.start, sentence))
  }
  for (const node of nodesIn(source.body)) {
    if (node.type === 'TSEnumDeclaration') say(node, 'no enum')
    if (node.type === 'TSModuleDeclaration') say(node, 'no namespace')
    if (node.type === 'TSParameterProperty') say(node, 'no parameter properties')
    if (node.type === 'Decorator') say(node, 'no decorators')
    if (node.type === 'TSAnyKeyword') say(node, 'no any')
    if (node.type === 'TSNonNullExpression') say(node, 'no non-null !')
    if (node.type === 'TSTypeAssertion') say(node, 'no <Type> casts')
    if (node.type === 'ExportDefaultDeclaration' && !source.path.endsWith('.config.ts')) say(node, 'no default exports')
    if (node.type === 'ExportAllDeclaration') say(node, 'no export *: names are listed one by one')
    if (node.type === 'VariableDeclaration' && node['kind'] === 'var') say(node, 'no var')
  }
  return found
}

/**
 * Casts other than `as const`. A parser may turn something untyped (a row, a line from a socket) into a type, if a comment on it, on what
 * contains it, or at the head of the file says so: with the word parser, trusted or cast.
 */
export const casts = (source: Source): readonly Violation[] => {
  if (!source.path.startsWith('packages/') || isTest(source.path)) return []
  const excuses = source.comments.filter(({ value }) => /\b(?:parsers?|trusted|casts?)\b/i.test(value))
  const first = source.body[0]?.start ?? 0
  if (excuses.some(({ end }) => end <= first && /^\s*$/.test(source.text.slice(end, first)))) return []
  return source.body.flatMap((statement) => {
    const isDocumented = (at: number): boolean =>
      excuses.some(({ end }) => source.text.slice(end, statement.start).trim() === '' && end <= statement.start) ||
      excuses.some(({ end }) => end <= at && lineAt(source, at) - lineAt(source, end) <= 4)
    const found: Violation[] = []
    for (const node of nodesIn([statement])) {
      if (node.type !== 'TSAsExpression' || isDocumented(node.start)) continue
      const { typeAnnotation } = node
      const isConst = isNode(typeAnnotation) && nameOf(typeAnnotation['typeName']) === 'const'
      if (!isConst) found.push(violation(source, node.start, 'a cast is for as const, or for a parser that says so'))
    }
    return found
  })
}

/** State that outlives a call, or work that happens because a file was imported. */
export const moduleState = (source: Source): readonly Violation[] => {
  if (!source.path.startsWith('packages/') || isTest(source.path)) return []
  return source.body.flatMap((statement) => {
    const declaration =
      statement.type === 'ExportNamedDeclaration' && isNode(statement['declaration'])
        ? statement['declaration']
        : statement
    if (declaration.type === 'VariableDeclaration' && declaration['kind'] !== 'const') {
      return [violation(source, statement.start, 'no module-level mutable state')]
    }
    const isWork =
      ['ForStatement', 'ForOfStatement', 'WhileStatement', 'TryStatement'].includes(statement.type) ||
      (statement.type === 'ExpressionStatement' && containsCall(statement))
    return isWork ? [violation(source, statement.start, 'no work at import')] : []
  })
}

const containsCall = (statement: Node): boolean => {
  let found = false
  for (const node of nodesIn([statement])) {
    if (node.type === 'CallExpression' || node.type === 'AwaitExpression') found = true
  }
  return found
}

/** Files that only pass on what others export. */
export const barrels = (source: Source): readonly Violation[] => {
  if (source.path.endsWith('/index.ts') || source.body.length === 0) return []
  const isBarrel = source.body.every((node) => node.type.startsWith('Export') && isNode(node['source']))
  return isBarrel ? [`${source.path} only passes on what others export`] : []
}

/** Exports without a docstring. */
export const docstrings = (source: Source): readonly Violation[] => {
  if (!/^packages\/[^/]+\/src\//.test(source.path) || isTest(source.path)) return []
  return source.body.flatMap((node) => {
    if (node.type !== 'ExportNamedDeclaration' || !isNode(node['declaration'])) return []
    const isDocumented = source.comments.some(
      (comment) =>
        comment.value.startsWith('*') &&
        comment.end <= node.start &&
        source.text.slice(comment.end, node.start).trim() === '',
    )
    return isDocumented
      ? []
      : [violation(source, node.start, `the export ${exportedNames(node).join(', ')} has no docstring`)]
  })
}

const abbreviations = new Set(
  'cfg ctx msg idx num str req res err fn cb dir tmp arg args opt opts conf val obj arr cmd desc addr info util utils helper helpers misc manager'.split(
    ' ',
  ),
)
const synonyms = new Set(['deployment', 'deployments', 'pod', 'pods', 'replica', 'replicas', 'stack', 'canaries'])

/** Exported names and file names that are abbreviated, or say another word than the glossary's. */
export const names = (source: Source): readonly Violation[] => {
  if (!source.path.startsWith('packages/') || isTest(source.path)) return []
  const file = source.path.slice(source.path.lastIndexOf('/') + 1)
  const found: Violation[] = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+)*$/.test(file)
    ? []
    : [`${source.path} is not kebab-case`]
  const subjects = [
    { name: file.split('.')[0] ?? '', at: 0 },
    ...source.body.flatMap((node) => exportedNames(node).map((name) => ({ name, at: node.start }))),
  ]
  for (const { name, at } of subjects) {
    for (const word of wordsOf(name)) {
      if (abbreviations.has(word))
        found.push(violation(source, at, `${name}: "${word}" is an abbreviation or says nothing`))
      if (synonyms.has(word)) found.push(violation(source, at, `${name}: the glossary has another word for "${word}"`))
    }
  }
  return found
}

const wordsOf = (name: string): readonly string[] =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[\s_-]+/)

/** Names that a statement exports by declaring them. */
export const exportedNames = (node: Node): readonly string[] => {
  if (node.type !== 'ExportNamedDeclaration' || !isNode(node['declaration'])) return []
  const { declaration } = node
  const { declarations } = declaration
  if (Array.isArray(declarations)) return declarations.filter(isNode).flatMap((one) => nameOf(one['id']) ?? [])
  const name = nameOf(declaration['id'])
  return name === null ? [] : [name]
}

/** What is left from work in progress. */
export const leftovers = (source: Source): readonly Violation[] => {
  const marks = source.comments.filter(({ value }) => /\b(?:TODO|FIXME|XXX|HACK)\b/.test(value))
  const found = marks.map(({ start }) => violation(source, start, 'unfinished'))
  for (const node of nodesIn(source.body)) {
    const name = node.type === 'CallExpression' ? nameOf(node['callee']) : null
    if (name !== null && /^(?:test|it|describe|suite)\.(?:only|todo)$/.test(name))
      found.push(violation(source, node.start, `${name} hides other tests`))
    if (node.type === 'DebuggerStatement') found.push(violation(source, node.start, 'debugger'))
  }
  return found
}

const isEmpty = (list: unknown): boolean => Array.isArray(list) && list.length === 0

/** Visits what is evaluated: not types, not the names of properties. */
const visitReads = (nodes: readonly Node[], visit: (node: Node) => void): void => {
  for (const node of nodes) {
    if (node.type.startsWith('TS') && !node.type.endsWith('Expression')) continue
    visit(node)
    const names = new Set<unknown>()
    if (node.type === 'MemberExpression' && node['computed'] !== true) names.add(node['property'])
    if (
      (node.type === 'Property' || node.type === 'MethodDefinition' || node.type === 'PropertyDefinition') &&
      node['computed'] !== true
    )
      names.add(node['key'])
    if (node.type.startsWith('Import') && node.type.endsWith('Specifier')) continue
    visitReads(
      childrenOf(node).filter((child) => !names.has(child)),
      visit,
    )
  }
}
