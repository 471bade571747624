/**
 * Scripts. GitLab joins all lines of `before_script` and `script` into one shell (`bash -eo pipefail`), showing each before it runs, and runs
 * `after_script` in another. What only the machine knows (folders, values of secrets) is set by lines at the head of the script.
 */
import { limits } from '../../../core/limits.ts'
import { expected } from './check-keys.ts'
import type { Notes } from './notes.ts'
import type { Tree } from './tree.ts'

/** The lines of a script: lists inside lists (from `!reference`) are opened. */
export const linesOf = (tree: Tree | null, key: string, notes: Notes): readonly string[] => {
  const lines: string[] = []
  const add = (node: Tree, depth: number): void => {
    if (lines.length > limits.scriptLinesMax) return
    if (node.kind === 'list' && depth <= limits.scriptDepthMax) for (const item of node.items) add(item, depth + 1)
    else if (node.kind === 'scalar') {
      if (typeof node.value === 'string') lines.push(node.text)
      // A reference that leads nowhere was told before.
      else if (node.value !== null || !notes.hasErrors())
        expected(
          notes,
          { key, place: node.place },
          `a text; put quotes around ${node.value === null ? 'nothing' : node.text}`,
        )
    } else
      expected(
        notes,
        { key, place: node.place },
        'a text, or a list of texts; put quotes around what has a colon and a space in it',
      )
  }
  if (tree !== null) add(tree, 0)
  if (lines.length <= limits.scriptLinesMax) return lines
  notes.error(
    { key, place: tree?.place ?? { file: '', line: null, column: null } },
    `a script of more than ${limits.scriptLinesMax} lines`,
  )
  return []
}

/** Shell words of a job: GitLab takes bash where there is one. */
export const shellWords = (shell: 'bash' | 'sh'): readonly string[] =>
  shell === 'bash' ? ['bash', '--noprofile', '--norc', '-eo', 'pipefail', '{0}'] : ['sh', '-e', '{0}']

const headEnd = '# --- the lines of the job'

/** One script of lines, each shown before it runs; `head` is run first and not shown. */
export const joinedScript = (head: readonly string[], lines: readonly string[]): string =>
  [...(head.length === 0 ? [] : [...head, headEnd]), ...lines.flatMap((line) => [shownLine(line), line])].join('\n')

/** The lines that a joined script was made of; a script that was not made so is one line. */
export const scriptLines = (
  script: string,
): { readonly head: readonly string[]; readonly lines: readonly string[] } => {
  const all = script.split('\n')
  const end = all.indexOf(headEnd)
  const head = end < 0 ? [] : all.slice(0, end)
  const lines: string[] = []
  for (const [index, line] of all.slice(end + 1).entries()) {
    if (line.startsWith(echo)) lines.push('')
    else if (index === 0) return { head: [], lines: [script] }
    else {
      const open = lines.at(-1) ?? ''
      lines[lines.length - 1] = isFresh(all, end + 1 + index) ? line : `${open}\n${line}`
    }
  }
  return { head, lines }
}

const isFresh = (all: readonly string[], index: number): boolean => all[index - 1]?.startsWith(echo) === true

const echo = "printf '%s\\n' '$ "

/** As GitLab's runner shows a line: a script of several by its first. */
const shownLine = (line: string): string => {
  const [first = '', ...more] = line.trimEnd().split('\n')
  const text = more.length === 0 ? first : `${first} # collapsed multi-line command`
  return `${echo}${text.replaceAll("'", `'\\''`)}'`
}
