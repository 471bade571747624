/** Inputs: values that whoever includes a file gives it. `$[[ inputs.name | function ]]` is filled in before the file is read as YAML. */
import { checkKeys, expected, spotOf } from './check-keys.ts'
import { patternOf } from './condition.ts'
import type { Notes } from './notes.ts'
import { type MapTree, type Tree, textOf, textsOf, valueOf } from './tree.ts'
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
  const { header, given, notes, body, file } = request
  const spec = valueOf(header, 'spec')
  checkKeys(spec, 'spec', { key: 'spec', notes })
  const declared = valueOf(spec, 'inputs')
  const values = new Map<string, Tree>()
  if (declared?.kind === 'map')
    for (const [name, { value }] of declared.entries) {
      checkKeys(value, 'input', { key: `spec.inputs.${name}`, notes })
      const chosen = valueOf(given, name) ?? valueOf(value, 'default')
      if (chosen === null && !(value.kind === 'map' && value.entries.has('default')))
        notes.error(
          spotOf(declared, 'spec.inputs', name),
          `the input "${name}" of ${file} has no default and is not given`,
        )
      else if (chosen !== null && fits(chosen, { name, declared: value }, notes)) values.set(name, chosen)
    }
  for (const name of given?.entries.keys() ?? [])
    if (given !== null && valueOf(declared, name) === null && !(declared?.kind === 'map' && declared.entries.has(name)))
      notes.error(spotOf(given, 'inputs', name), `${file} has no input "${name}"`)
  return body.replaceAll(/\$\[\[\s*inputs\.([\w-]+)\s*((?:\|[^\]]*)?)\]\]/g, (whole, name: string, pipe: string) => {
    const value = values.get(name)
    const isDeclared = declared?.kind === 'map' && declared.entries.has(name)
    if (value !== undefined) return piped(rendered(value), pipe, request)
    if (!isDeclared)
      notes.error(
        { key: '', place: { file, line: null, column: null } },
        `${whole} names an input that spec:inputs has not`,
      )
    return ''
  })
}

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
  if (pattern !== null && patternOf(`/${pattern}/`)?.test(textOf(value) ?? '') !== true) {
    expected(notes, spot, `a text that matches ${pattern} for the input "${name}"`)
    return false
  }
  return true
}

const rendered = (value: Tree): string => (value.kind === 'list' ? JSON.stringify(plain(value)) : (textOf(value) ?? ''))

const plain = (tree: Tree): unknown => {
  if (tree.kind === 'scalar') return tree.value
  if (tree.kind === 'list') return tree.items.map(plain)
  return tree.kind === 'map'
    ? Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, plain(value)]))
    : null
}

const piped = (value: string, pipe: string, { filler, notes, file }: InputRequest): string => {
  let result = value
  for (const call of pipe
    .split('|')
    .map((part) => part.trim())
    .filter((part) => part !== '')) {
    const cut = /^truncate\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(call)
    if (cut !== null) result = result.slice(Number(cut[1]), Number(cut[1]) + Number(cut[2]))
    else if (call === 'expand_vars') result = filler.text(result, 'kept')
    else if (call === 'posix_escape') result = result.replaceAll(/[^\w@%+=:,./-]/g, String.raw`\$&`)
    else
      notes.error(
        { key: '', place: { file, line: null, column: null } },
        `there is no function "${call}" for inputs; there are expand_vars, truncate and posix_escape`,
      )
  }
  return result
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
