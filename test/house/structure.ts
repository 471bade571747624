/** Rules of the architecture that a syntax tree can decide: what a port is made of, what a class is for, what a machine's header says. */
import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { isTest } from './layers.ts'
import { exportedNames } from './rules.ts'
import { dynamicImports, isNode, nameOf, type Node, nodesIn, type Source, type Violation, violation } from './source.ts'

/** Ports that do something: a port is types only. */
export const portsThatRun = (source: Source): readonly Violation[] => {
  if (!source.path.startsWith('packages/sluice/src/ports/') || isTest(source.path)) return []
  return source.body.flatMap((node) => {
    if (node.type === 'ImportDeclaration') return []
    const declared = node.type === 'ExportNamedDeclaration' ? node['declaration'] : node
    const isType = isNode(declared) && ['TSTypeAliasDeclaration', 'TSInterfaceDeclaration'].includes(declared.type)
    return isType || node['exportKind'] === 'type' ? [] : [violation(source, node.start, 'a port is types only')]
  })
}

/** Classes that inherit from anything but an error. */
export const inheritance = (source: Source): readonly Violation[] => {
  if (!source.path.startsWith('packages/') || isTest(source.path)) return []
  const found: Violation[] = []
  for (const node of nodesIn(source.body)) {
    if (node.type !== 'ClassDeclaration' && node.type !== 'ClassExpression') continue
    const parent = node['superClass']
    if (parent === null || parent === undefined) continue
    const name = nameOf(parent) ?? ''
    if (!name.endsWith('Error')) found.push(violation(source, node.start, `no inheritance, but from errors: ${name}`))
  }
  return found
}

/** Machines whose file does not begin with their transition table. */
export const untabledMachines = (source: Source): readonly Violation[] => {
  if (!source.path.startsWith('packages/sluice/src/core/') || isTest(source.path)) return []
  const isMachine = source.body.some((node) => {
    const declaration = node.type === 'ExportNamedDeclaration' ? node['declaration'] : null
    if (!isNode(declaration) || !Array.isArray(declaration['declarations'])) return false
    return declaration['declarations'].some(
      (one) => isNode(one) && machineName.test(nameOf(one['id']) ?? '') && !isFunction(one['init']),
    )
  })
  const header = source.comments.find(({ start }) => start === 0)?.value ?? ''
  return !isMachine || /\|\s*event\s*\|/.test(header) || /\|\s*events\s*\|/.test(header)
    ? []
    : [`${source.path} has a machine and no transition table in its header`]
}

const machineName = /^[a-z]+Machine$/

const isFunction = (value: unknown): boolean => isNode(value) && value.type === 'ArrowFunctionExpression'

/** Mocks, and time that stands still, in tests: what is simulated is an implementation of a port. */
export const mocks = (source: Source): readonly Violation[] => {
  if (!isTest(source.path)) return []
  const found: Violation[] = []
  for (const node of nodesIn(source.body)) {
    const name = nameOf(node)
    if (name !== null && /^(?:mock|t\.mock)\./.test(name))
      found.push(violation(source, node.start, `${name} is a mock`))
  }
  return found
}

/** Modules of Node that are imported without `node:` before them, and files without their ending. */
export const unclearImports = (source: Source): readonly Violation[] =>
  source.imports.flatMap(({ from, at }) => {
    if (builtins.has(from)) return [violation(source, at, `node:${from}`)]
    return from.startsWith('.') && posix.extname(from) === ''
      ? [violation(source, at, `${from} is imported without its ending`)]
      : []
  })

const builtins: ReadonlySet<string> = new Set(builtinModules.filter((name) => !name.startsWith('node:')))

/**
 * Values that a file exports and no other file names, though it be a test. Whoever loads a file when it is needed (`await import`) may take any name of it that stands in its text.
 */
export const unusedExports = (sources: readonly Source[]): readonly Violation[] => {
  const readers = new Map<string, Pick<Source, 'text'>[]>()
  for (const source of sources)
    for (const { from } of [...source.imports, ...dynamicImports(source)]) {
      const target = posix.join(posix.dirname(source.path), from)
      readers.set(target, [...(readers.get(target) ?? []), source])
    }
  return sources.flatMap((source) => {
    if (!/^packages\/[^/]+\/src\//.test(source.path) || isTest(source.path) || source.path.endsWith('/index.ts'))
      return []
    // The table of words loads each command by the one name that all of them have.
    if (source.path.startsWith('packages/sluice/src/cli/commands/')) readers.get(source.path)?.push(commandReader)
    const texts = (readers.get(source.path) ?? []).map(({ text }) => text)
    return source.body.flatMap((node) =>
      valuesOf(node)
        .filter((name) => !texts.some((text) => new RegExp(`\\b${name}\\b`).test(text)))
        .map((name) => violation(source, node.start, `nobody uses the export ${name}`)),
    )
  })
}

const commandReader: Pick<Source, 'text'> = { text: 'command' }

const valuesOf = (node: Node): readonly string[] => {
  const declaration = node['declaration']
  return isNode(declaration) && !declaration.type.startsWith('TS') ? exportedNames(node) : []
}
