/** What a shell asks for while a command is typed. */
import { globalOptions, type OptionWord, type Word, words } from './words.ts'

/** Prints what may come next after the words typed so far (the last one is still being typed). `environments` is asked only where their names may come next. */
export const completeWords = async (
  typed: readonly string[],
  print: (line: string) => void,
  environments: () => Promise<readonly string[]>,
): Promise<number> => {
  const names = wantsEnvironment(typed) ? await environments() : []
  for (const candidate of candidatesOf(typed, names)) print(candidate)
  return 0
}

/** What may come next, with the names of the environments as far as they are known. Pure. */
export const candidatesOf = (typed: readonly string[], environments: readonly string[] = []): readonly string[] => {
  const current = typed.at(-1) ?? ''
  const { path: before, valueOf } = wordsOf(typed.slice(0, -1))
  const names = wantsEnvironment(typed) ? environments.filter((name) => name.startsWith(current)) : []
  // What the value of another option may be, only a control plane could say.
  if (valueOf !== null) return names
  if (current.startsWith('-')) return optionsAfter(before).filter((flag) => flag.startsWith(current))
  const paths = words.map(({ path }) => path.split(' '))
  const next = paths
    .filter((path) => path.length > before.length && before.every((one, index) => path[index] === one))
    .map((path) => path[before.length] ?? '')
    .filter((one) => one.startsWith(current))
  return [...new Set([...next, ...names])].toSorted()
}

/** Whether what is being typed may be the name of an environment: the value of `--env`, or an argument that is one. Pure. */
const wantsEnvironment = (typed: readonly string[]): boolean => {
  const { path: before, valueOf } = wordsOf(typed.slice(0, -1))
  if (valueOf !== null) return valueOf === '--env'
  if ((typed.at(-1) ?? '').startsWith('-')) return false
  const word = wordAt(before)
  if (word === undefined) return false
  const at = before.length - word.path.split(' ').length
  return word.args.split(' ')[at] === '[environment]'
}

/** Of what was typed before: the place of a control plane, as the options of a command say it. Pure. */
export const placeOptions = (
  typed: readonly string[],
): Readonly<Record<'server' | 'project' | 'stateDir', unknown>> => {
  const after = (flag: string): string | undefined => {
    const at = typed.lastIndexOf(flag, typed.length - 3)
    return at === -1 ? undefined : typed[at + 1]
  }
  return { server: after('--server'), project: after('--project'), stateDir: after('--state-dir') }
}

/** The words of a command among what was typed, without options and their values; and the option whose value comes next, null for none. */
const wordsOf = (typed: readonly string[]): { readonly path: readonly string[]; readonly valueOf: string | null } => {
  const path: string[] = []
  let valueOf: string | null = null
  for (const one of typed) {
    if (valueOf !== null) valueOf = null
    else if (!one.startsWith('-')) path.push(one)
    else if (valued.has(one)) valueOf = one
  }
  return { path, valueOf }
}

/** Options that take a value, in each form in which they are typed. */
const valued: ReadonlySet<string> = new Set(
  [...globalOptions, ...words.flatMap(({ options }) => options)].flatMap(({ flags }) =>
    flags.includes('<') ? (flags.match(/(?<![a-z-])--?[a-z][a-z-]*/g) ?? []) : [],
  ),
)

const optionsAfter = (before: readonly string[]): readonly string[] =>
  [...(wordAt(before)?.options ?? []), ...globalOptions].flatMap(flagsOf).toSorted()

/** The command that was typed, whatever was typed after it. */
const wordAt = (before: readonly string[]): Word | undefined => {
  const text = before.join(' ')
  return words.find(({ path }) => text === path || text.startsWith(`${path} `))
}

const flagsOf = ({ flags }: OptionWord): readonly string[] => flags.match(/--[a-z-]+/g) ?? []
