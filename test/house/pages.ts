/** Rules about what people read: that links lead somewhere, that commands are there, that the map of the code shows the code. */
import { posix } from 'node:path'
import { isNode, nodesIn, type Source, type Violation, violation } from './source.ts'

/** What a rule asks of the repository. */
export type Repository = {
  /** Every file, by its path from the root. */
  readonly files: readonly string[]
  readonly read: (path: string) => string
}

/** Links of a page that lead to no file, or to no heading of it. */
export const brokenLinks = (path: string, { files, read }: Repository): readonly Violation[] => {
  const text = read(path)
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap((link) => {
    const [, target = ''] = link
    if (/^(?:https?|mailto):/.test(target)) return []
    const [file = '', heading] = target.split('#')
    const where = file === '' ? path : posix.join(posix.dirname(path), file)
    const place = `${path}:${lineOf(text, link.index)} links to ${target}`
    if (!files.some((one) => one === where || one.startsWith(`${where}/`))) return [`${place}, which is not there`]
    if (heading === undefined || headingsOf(read(where)).includes(heading)) return []
    return [`${place}, which has no such heading`]
  })
}

/** Line of an offset of a page, from 1. */
const lineOf = (text: string, at: number): number => text.slice(0, at).split('\n').length

/** Anchors of the headings of a page, as GitHub makes them. */
const headingsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

/** The text with what stands in code blanked out, so that places stay. */
const withoutCode = (text: string): string =>
  text.replaceAll(/^```[\s\S]*?^```|`[^`\n]*`/gm, (code) => code.replaceAll(/[^\n]/g, ' '))

/** Pages of a folder that its index does not link to. */
export const unlistedPages = (index: string, { files, read }: Repository): readonly Violation[] => {
  const folder = posix.dirname(index)
  const text = read(index)
  return files
    .filter((path) => path.startsWith(`${folder}/`) && path.endsWith('.md') && path !== index)
    .map((path) => posix.relative(folder, path))
    .filter((path) => !text.includes(`](${path})`))
    .map((path) => `${index} does not list ${path}`)
}

/** Commands that a page tells people to type, in code, and that there are not. `paths` are all of them: `deploy`, `env lock`. */
export const unknownCommands = (path: string, text: string, paths: readonly string[]): readonly Violation[] =>
  [...text.matchAll(/^```(\w*)\n[\s\S]*?^```|`[^`\n]+`/gm)].flatMap((code) =>
    (isTyped(code[1]) ? commandsIn(code[0]) : []).flatMap((words) =>
      isCommand(words, paths) ? [] : [`${path}:${lineOf(text, code.index)} there is no command sluice ${words}`],
    ),
  )

/** Whether a block in this language holds what people type; undefined for code inside a sentence. */
const isTyped = (language: string | undefined): boolean =>
  language === undefined || ['', 'sh', 'console', 'bash'].includes(language)

/** Commands that a hint in a source tells people to type, and that there are not. */
export const unknownHints = (source: Source, paths: readonly string[]): readonly Violation[] => {
  const found: Violation[] = []
  for (const node of nodesIn(source.body)) {
    if (node.type !== 'Property' || !isNode(node['key']) || node['key']['name'] !== 'hint') continue
    for (const inside of nodesIn([node])) {
      const said = textOf(inside)
      for (const words of said === null ? [] : commandsIn(`\`${said}\``))
        if (!isCommand(words, paths)) found.push(violation(source, inside.start, `there is no command sluice ${words}`))
    }
  }
  return found
}

const textOf = (node: { readonly type: string; readonly [field: string]: unknown }): string | null => {
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value']
  if (node.type !== 'TemplateElement') return null
  const value = node['value']
  return typeof value === 'object' && value !== null && 'raw' in value ? String(value.raw) : null
}

/** The first two words after each `sluice` that begins a line, follows `npx`, a quote or a colon. */
const commandsIn = (code: string): readonly string[] =>
  [...code.matchAll(/(?:^|[`'(|&;:]|\bnpx|\$|, | or )[ ]?sluice ([a-z][a-z-]*(?: [a-z][a-z-]*)?)/gm)].map(
    ([, words = '']) => words,
  )

const isCommand = (words: string, paths: readonly string[]): boolean => {
  const [first = '', second] = words.split(' ')
  if (first === 'help' || paths.includes(first) || paths.includes(words)) return true
  return second === undefined && paths.some((path) => path.startsWith(`${first} `))
}

/** What the code map of the architecture gets wrong: files and folders that are not there, and folders that it does not name. */
export const wrongMap = (path: string, { files, read }: Repository): readonly Violation[] => {
  const text = read(path)
  const [, map = ''] = text.split('## Code map')
  const named = [...text.matchAll(/`([\w./-]+(?:\.ts|\/))`/g)].map(([, name = '']) => name)
  const lost = named.filter((name) => !files.some((file) => `/${file}`.includes(`/${name}`)))
  const unnamed = foldersOf(files).filter((folder) => !map.includes(`${folder}/`))
  return [
    ...new Set(lost.map((name) => `${path} names ${name}, which is not there`)),
    ...unnamed.map((folder) => `the code map of ${path} does not name ${folder}/`),
  ]
}

/** Folders of the program, by their own names: the layers, and what core, adapters and runner are divided into. */
const foldersOf = (files: readonly string[]): readonly string[] => {
  const home = 'packages/sluice/src/'
  const folders = files
    .filter((path) => path.startsWith(home))
    .map((path) => path.slice(home.length).split('/').slice(0, -1))
    .flatMap(([layer, part]) => [layer ?? '', ...(divided.has(layer ?? '') ? [part ?? ''] : [])])
  return [...new Set(folders.filter((folder) => folder !== ''))]
}

const divided: ReadonlySet<string> = new Set(['core', 'adapters', 'runner', 'gateway', 'drivers', 'routers'])

/** Words that the glossary explains twice without saying apart of what. */
export const twiceExplained = (path: string, text: string): readonly Violation[] => {
  const words = [...text.matchAll(/^\| (\*\*.+?) \|/gm)].flatMap(([, cell = '']) =>
    cell.split(/[,·/] ?(?=\*\*)/).map((word) => word.replaceAll('*', '').trim()),
  )
  return [...new Set(words.filter((word, index) => words.indexOf(word) !== index))].map(
    (word) => `${path} explains "${word}" twice`,
  )
}
