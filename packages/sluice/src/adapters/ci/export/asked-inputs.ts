/** What a document of another system asks whoever starts it for, as inputs of the config; and what of that a config has no word for. */
import { readInputs } from '../../../core/pipeline/inputs.ts'
import type { JsonValue, LoweringNote, ManualInput } from '../../../core/pipeline/job-plan.ts'
import { child, descend, parseTree, toJson, type Tree } from '../github/tree.ts'
import { readDocument } from '../gitlab/document.ts'
import { createNotes } from '../gitlab/notes.ts'
import { booleanOf, hasKey, type MapTree, placeOf, textOf, textsOf, valueOf } from '../gitlab/tree.ts'
import { isVariableName } from './config-fields.ts'

/** Inputs, and what is to be said of them. `byName`: the same by their names over there, in lower case. */
export type AskedInputs = {
  readonly inputs: readonly ManualInput[]
  readonly byName: ReadonlyMap<string, ManualInput>
  readonly notes: readonly LoweringNote[]
}

/** A document that asks for nothing. */
export const nothingAsked: AskedInputs = { inputs: [], byName: new Map(), notes: [] }

type Say = (message: string) => void
type Asked = readonly (readonly [string, ManualInput])[]

const askedOf = (asked: Asked, notes: readonly LoweringNote[]): AskedInputs => ({
  inputs: asked.map(([, input]) => input),
  byName: new Map(asked.map(([name, input]) => [name.toLowerCase(), input])),
  notes,
})

/** The inputs of `on.workflow_dispatch`. */
export const askedByGithub = (file: string, text: string): AskedInputs => {
  const { tree } = parseTree(file, text)
  const declared = descend(tree, ['on', 'workflow_dispatch', 'inputs'])
  if (declared?.kind !== 'map') return nothingAsked
  const notes: LoweringNote[] = []
  const taken = new Set([...text.matchAll(/\bsecrets\.(\w+)/gi)].map(([, name = '']) => name).concat(ofShells))
  const asked = declared.entries.map(({ key, keyPlace, value }) => {
    const say: Say = (message) =>
      void notes.push({ level: 'warning', key: `on.workflow_dispatch.inputs.${key}`, message, file, ...keyPlace })
    const name = freeName(key, taken)
    taken.add(name)
    if (name !== key) say(`input ${key} is $${name} here`)
    return [key, fitting(githubInput(name, value, say), say)] as const
  })
  if (asked.some(([, input]) => input.default !== null) && isStartedByOthers(child(tree, 'on')))
    notes.push({
      level: 'warning',
      key: 'on.workflow_dispatch.inputs',
      message: 'in runs that nobody starts by hand inputs have their defaults here; GitHub has nothing in their place',
      file,
      ...declared.place,
    })
  return askedOf(asked, notes)
}

/** What shells and Sluice have names of their own for. */
const ofShells = ['PATH', 'HOME', 'SHELL', 'USER', 'PWD', 'IFS', 'TMPDIR', 'CI', 'ENV', 'BASH_ENV']

/** The name as a variable, which an input becomes: `dry-run` is `dry_run`. */
const freeName = (name: string, taken: ReadonlySet<string>): string => {
  const plain = name.replaceAll(/\W/g, '_')
  const isFree = (one: string): boolean => isVariableName(one) && !taken.has(one) && !one.startsWith('SLUICE_')
  if (isFree(plain)) return plain
  for (let place = 1; ; place += 1) {
    const other = `INPUT_${plain}${place === 1 ? '' : `_${place}`}`
    if (isFree(other)) return other
  }
}

const isStartedByOthers = (on: Tree | null): boolean =>
  on?.kind === 'map' && on.entries.some(({ key }) => key !== 'workflow_dispatch' && key !== 'workflow_call')

const githubInput = (name: string, tree: Tree, say: Say): ManualInput => {
  const text = (key: string): string | null => textIn(child(tree, key))
  const type = text('type') ?? 'string'
  const options = child(tree, 'options')
  if (type === 'environment') say('the names of environments, which GitHub offers for it, are not known: it is a text')
  const kind = type === 'boolean' || type === 'number' || type === 'choice' ? type : 'text'
  return {
    name,
    kind,
    choices: kind === 'choice' && options?.kind === 'list' ? options.items.map((item) => textIn(item) ?? '') : [],
    // A box that nobody ticked is a no.
    default: text('default') ?? (kind === 'boolean' ? 'false' : null),
    isRequired: kind !== 'boolean' && child(tree, 'required') !== null && isTrue(child(tree, 'required')),
    description: text('description') ?? '',
  }
}

const isTrue = (tree: Tree | null): boolean => tree?.kind === 'scalar' && tree.value === true

const textIn = (tree: Tree | null): string | null => {
  const value: JsonValue = tree === null ? null : toJson(tree)
  return value === null || typeof value === 'object' ? null : String(value)
}

/** The same, as a config takes it. */
const fitting = (input: ManualInput, say: Say): ManualInput => {
  const choices = input.choices.filter((choice) => choice !== '')
  if (choices.length < input.choices.length) say('an empty choice is none here')
  if (input.kind === 'choice' && choices.length === 0) {
    say('a choice without choices is a text here')
    return { ...input, kind: 'text', choices }
  }
  const known = { ...input, choices }
  const read = readInputs([{ ...known, isRequired: false }], {})
  if (read.kind === 'given') return known
  if (known.default !== '') say(`the default is left out: ${read.detail}`)
  return { ...known, default: null }
}

/** Variables that GitLab's form for a run by hand shows. What `spec:inputs` names is filled in before the file is read, and so is no variable. */
export const askedByGitlab = (file: string, text: string): AskedInputs => {
  const document = readDocument(text, file, createNotes())
  if (document === null) return nothingAsked
  const notes = unmapped(document.header)
  const variables = valueOf(document.content, 'variables')
  if (variables?.kind !== 'map') return askedOf([], notes)
  const asked = [...variables.entries].flatMap(([name, { at, value }]): Asked => {
    if (value.kind !== 'map' || (!hasKey(value, 'description') && !hasKey(value, 'options'))) return []
    const say: Say = (message) => void notes.push({ level: 'warning', key: `variables.${name}`, message, ...at })
    const input = gitlabInput(name, value)
    if (!isVariableName(name)) {
      say(`${name} is no name of a variable here, and so nobody is asked for it`)
      return []
    }
    if (/\$/.test(input.default ?? '') && booleanOf(valueOf(value, 'expand')) !== false) {
      say('its value is made of other variables, which a default is not: nobody is asked for it')
      return []
    }
    return [[name, fitting(input, say)]]
  })
  return askedOf(asked, notes)
}

const gitlabInput = (name: string, value: MapTree): ManualInput => {
  const options = textsOf(valueOf(value, 'options'))
  const written = options.filter((option) => option !== '')
  const isSwitch = written.length === 2 && written.includes('true') && written.includes('false')
  const standard = textOf(valueOf(value, 'value')) ?? options[0] ?? ''
  const description = textOf(valueOf(value, 'description')) ?? ''
  return {
    name,
    kind: isSwitch ? 'boolean' : written.length > 0 ? 'choice' : 'text',
    choices: isSwitch ? [] : written,
    default: standard === '' ? null : standard,
    isRequired: false,
    // How an export to GitLab says that there is none.
    description: description === name ? '' : description,
  }
}

const unmapped = (header: MapTree | null): LoweringNote[] => {
  const declared = valueOf(valueOf(header, 'spec'), 'inputs')
  if (declared?.kind !== 'map') return []
  return [...declared.entries].map(([name, { value }]) => ({
    level: 'warning',
    key: `spec.inputs.${name}`,
    message: `the input ${name} is filled in with ${JSON.stringify(textOf(valueOf(value, 'default')) ?? '')}: GitLab puts it into the text before it reads the file, so that it is no variable; who is to be asked for it stands under pipeline.on.manual.inputs`,
    ...placeOf(declared, name),
  }))
}
