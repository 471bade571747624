/** What a shell asks for while a command is typed. */
import { globalOptions, type OptionWord, words } from './words.ts'

/** Prints what may come next after the words typed so far (the last one is still being typed). */
export const completeWords = (typed: readonly string[], print: (line: string) => void): number => {
  for (const candidate of candidatesOf(typed)) print(candidate)
  return 0
}

/** What may come next. Pure. */
export const candidatesOf = (typed: readonly string[]): readonly string[] => {
  const current = typed.at(-1) ?? ''
  const { path: before, isValue } = wordsOf(typed.slice(0, -1))
  // What the value of an option may be, only a control plane could say.
  if (isValue) return []
  if (current.startsWith('-')) return optionsAfter(before).filter((flag) => flag.startsWith(current))
  const paths = words.map(({ path }) => path.split(' '))
  const next = paths
    .filter((path) => path.length > before.length && before.every((one, index) => path[index] === one))
    .map((path) => path[before.length] ?? '')
  return [...new Set(next)].filter((one) => one.startsWith(current)).toSorted()
}

/** The words of a command among what was typed, without options and their values; and whether what comes next is a value. */
const wordsOf = (typed: readonly string[]): { readonly path: readonly string[]; readonly isValue: boolean } => {
  const path: string[] = []
  let isValue = false
  for (const one of typed) {
    if (isValue) isValue = false
    else if (one.startsWith('-')) isValue = valued.has(one)
    else path.push(one)
  }
  return { path, isValue }
}

/** Options that take a value, in each form in which they are typed. */
const valued: ReadonlySet<string> = new Set(
  [...globalOptions, ...words.flatMap(({ options }) => options)].flatMap(({ flags }) =>
    flags.includes('<') ? (flags.match(/(?<![a-z-])--?[a-z][a-z-]*/g) ?? []) : [],
  ),
)

const optionsAfter = (before: readonly string[]): readonly string[] => {
  const text = before.join(' ')
  const word = words.find(({ path }) => text === path || text.startsWith(`${path} `))
  return [...(word?.options ?? []), ...globalOptions].flatMap(flagsOf).toSorted()
}

const flagsOf = ({ flags }: OptionWord): readonly string[] => flags.match(/--[a-z-]+/g) ?? []
