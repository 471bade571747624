/** Inputs: values that whoever includes a file gives it. `$[[ inputs.name | function ]]` is filled in before the file is read as YAML. */
import { limits } from '../../../core/limits.ts'
import { checkKeys, expected, spotOf } from './check-keys.ts'
import { patternOf } from './condition.ts'
import { isFoundIn } from './re2.ts'
import type { Notes, Spot } from './notes.ts'
import { plainScalar } from './plain-scalar.ts'
import { hasKey, type MapTree, type Place, type Tree, textOf, textsOf, valueOf } from './tree.ts'
import type { Filler } from './variables.ts'

/** What a file is filled in with. */
export type InputRequest = {
  readonly file: string
  /** The text after the header, with as many empty lines before it as the header has. */
  readonly body: string
  readonly header: MapTree
  readonly given: MapTree | null
  readonly filler: Filler
  readonly notes: Notes
}

/** The header of a file and what comes after it, with empty lines in its place so that positions stay. Null when there is no second document. */
export const headerAndBody = (text: string): { readonly header: string; readonly body: string } | null => {
  const lines = text.split('\n')
  const isEnd = (line: string): boolean => /^---(?:\s|$)/.test(line)
  const first = lines.findIndex((line) => line.trim() !== '' && !line.startsWith('#'))
  const end = lines.findIndex((line, index) => index > first && isEnd(line))
  if (end < 0) return null
  const body = [...lines.slice(0, end + 1).map(() => ''), ...lines.slice(end + 1)].join('\n')
  return { header: lines.slice(0, end).join('\n'), body }
}

/** Fills in the inputs of a file. Missing, unknown and unfitting values are noted. */
export const fillInputs = (request: InputRequest): string => {
  const { header, notes, body, file } = request
  const spec = valueOf(header, 'spec')
  checkKeys(spec, 'spec', { key: 'spec', notes })
  const declared = valueOf(spec, 'inputs')
  const values = valuesOf(declared, request)
  const filled = replaced(body, ({ whole, name, path, pipe, offset }) => {
    const spot = spotAt(file, body, offset)
    const value = values.get(name)
    if (value === undefined) {
      if (!hasKey(declared, name)) notes.error(spot, `${whole} names an input that spec:inputs has not`)
      return ''
    }
    const part = partOf(value, path)
    if (part !== null) return piped(rendered(part), { pipe, spot }, request)
    notes.error(spot, `${whole} names a part that the value of "${name}" has not`)
    return ''
  })
  // `matrix` is filled in later, for each leg.
  for (const { 0: whole, index } of filled.matchAll(/\$\[\[(?!\s*matrix\.).*?\]\]/g))
    notes.error(spotAt(file, filled, index), `${whole} is nothing that can be filled in; there is inputs.<name>`)
  return filled
}

type Block = {
  readonly whole: string
  readonly name: string
  readonly path: string
  readonly pipe: string
  readonly offset: number
}

const replaced = (body: string, by: (block: Block) => string): string => {
  const parts: string[] = []
  let end = 0
  for (const match of body.matchAll(block)) {
    const [whole, name = '', path = '', pipe = ''] = match
    parts.push(body.slice(end, match.index), by({ whole, name, path, pipe, offset: match.index }))
    end = match.index + whole.length
  }
  return [...parts, body.slice(end)].join('')
}

const spotAt = (file: string, text: string, offset: number): Spot => {
  const before = text.slice(0, offset).split('\n')
  return { key: '', place: { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 } }
}

/** `inputs.name`, then places in an array or keys in its items, then functions. A name may have any letter but these. */
const block = /\$\[\[\s*inputs\.([^\s.|[\]]+)((?:\[\d+\]|\.[^\s.|[\]]+)*)\s*((?:\|[^\]]*)?)\]\]/g

const valuesOf = (declared: Tree | null, { given, notes, file }: InputRequest): ReadonlyMap<string, Tree> => {
  const values = new Map<string, Tree>()
  if (declared?.kind === 'map')
    for (const [name, { value }] of declared.entries) {
      checkKeys(value, 'input', { key: `spec.inputs.${name}`, notes })
      const type = textOf(valueOf(value, 'type')) ?? 'string'
      if (!types.includes(type)) {
        expected(notes, spotOf(declared, 'spec.inputs', name), `type as one of ${types.join(', ')}, not "${type}"`)
        continue
      }
      const typed = valueOf(given, name)
      const chosen = typed === null ? valueOf(value, 'default') : asTyped(typed, type)
      if (chosen === null && !hasKey(value, 'default'))
        notes.error(
          spotOf(declared, 'spec.inputs', name),
          `the input "${name}" of ${file} has no default and is not given`,
        )
      else if (chosen !== null && fits(chosen, { name, declared: value }, notes)) values.set(name, chosen)
    }
  for (const name of given?.entries.keys() ?? [])
    if (given !== null && !hasKey(declared, name))
      notes.error(spotOf(given, 'inputs', name), `${file} has no input "${name}"`)
  return values
}

const types: readonly string[] = ['string', 'number', 'boolean', 'array']

/** What a person types is a text; it is read as what the input is. */
const asTyped = (value: Tree, type: string): Tree => {
  if (value.kind !== 'scalar' || value.place.line !== null || type === 'string') return value
  if (type !== 'array') return { ...value, ...plainScalar(value.text) }
  try {
    return treeOf(JSON.parse(value.text), value.place)
  } catch {
    return value
  }
}

const treeOf = (value: unknown, place: Place): Tree => {
  if (Array.isArray(value)) return { kind: 'list', items: value.map((item) => treeOf(item, place)), place }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([key, item]) => [key, { at: place, value: treeOf(item, place) }] as const,
    )
    return { kind: 'map', entries: new Map(entries), place }
  }
  const isPlain = typeof value === 'number' || typeof value === 'boolean'
  return { kind: 'scalar', value: isPlain ? value : String(value), text: String(value), place }
}

/** What `[0].host` names in a value; null where there is no such thing. */
const partOf = (value: Tree, path: string): Tree | null =>
  [...path.matchAll(/\[(\d+)\]|\.([^.[]+)/g)].reduce<Tree | null>((part, [, index, key]) => {
    if (key !== undefined) return valueOf(part, key)
    return part?.kind === 'list' ? (part.items[Number(index)] ?? null) : null
  }, value)

const fits = (
  value: Tree,
  { name, declared }: { readonly name: string; readonly declared: Tree },
  notes: Notes,
): boolean => {
  const type = textOf(valueOf(declared, 'type')) ?? 'string'
  const spot = { key: `inputs.${name}`, place: value.place }
  const found = value.kind === 'list' ? 'array' : value.kind === 'scalar' ? typeof value.value : value.kind
  if (found !== type) {
    expected(notes, spot, `${type === 'array' ? 'an array' : `a ${type}`} for the input "${name}"`)
    return false
  }
  const options = textsOf(valueOf(declared, 'options'))
  if (options.length > 0 && !options.includes(textOf(value) ?? '')) {
    expected(notes, spot, `one of ${options.join(', ')} for the input "${name}"`)
    return false
  }
  const pattern = textOf(valueOf(declared, 'regex'))
  const expression = pattern === null ? null : patternOf(`/${pattern}/`)
  if (pattern !== null && (expression === null || !isFoundIn(expression, textOf(value) ?? ''))) {
    expected(notes, spot, `a text that matches ${pattern} for the input "${name}"`)
    return false
  }
  return true
}

const rendered = (value: Tree): string =>
  value.kind === 'scalar' ? (textOf(value) ?? '') : JSON.stringify(plain(value))

const plain = (tree: Tree): unknown => {
  if (tree.kind === 'scalar') return tree.value
  if (tree.kind === 'list') return tree.items.map(plain)
  return tree.kind === 'map'
    ? Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, plain(value)]))
    : null
}

const piped = (
  value: string,
  { pipe, spot }: { readonly pipe: string; readonly spot: Spot },
  { filler, notes }: InputRequest,
): string => {
  const calls = pipe
    .split('|')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (calls.length > limits.inputFunctionsMax)
    notes.error(spot, `${calls.length} functions on one input, at most ${limits.inputFunctionsMax}: ${pipe.trim()}`)
  return calls.reduce((text, call) => {
    const cut = /^truncate\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(call)
    if (cut !== null) return text.slice(Number(cut[1]), Number(cut[1]) + Number(cut[2]))
    if (call === 'expand_vars') return filler.text(text, 'kept')
    if (call === 'posix_escape') return text.replaceAll(/[^\w@%+=:,./-]/g, String.raw`\$&`)
    notes.error(spot, `there is no function "${call}" for inputs; there are expand_vars, truncate and posix_escape`)
    return text
  }, value)
}

/** Values of inputs given outside of a file (`--input name=value`), as a mapping. */
export const inputsTree = (values: Readonly<Record<string, string>>): MapTree => {
  const place = { file: '', line: null, column: null }
  return {
    kind: 'map',
    place,
    entries: new Map(
      Object.entries(values).map(([name, text]) => [
        name,
        { at: place, value: { kind: 'scalar', value: text, text, place } },
      ]),
    ),
  }
}

/** Whether a value of a trigger or an include is a mapping of inputs. */
export const inputsIn = (tree: Tree | null): MapTree | null => {
  const inputs = valueOf(tree, 'inputs')
  return inputs?.kind === 'map' ? inputs : null
}
