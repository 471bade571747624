/** Reads unified diffs as Git writes them (git-diff(1), *Generating patch text with -p*), with any number of context lines; best with `--unified=0`. */
import type { ChangedLines } from './coverage.ts'
import { type ReportContext, unreadable } from './told.ts'

type Hunk = { old: number; new: number; line: number }

/** Lines that the diff adds, by path of the new side. Deleted files and binary ones have none. `evidence_unreadable` names the line of the diff. */
export const parseDiff = (text: string, context: ReportContext = { path: 'diff', root: '' }): ChangedLines => {
  const changed = new Map<string, number[]>()
  let path: string | null = null
  let hunk: Hunk | null = null
  for (const [index, line] of text.split('\n').entries()) {
    // Inside a hunk its counts say what belongs to it: a removed line that begins with `-- ` looks like a header.
    if (hunk !== null && (hunk.old > 0 || hunk.new > 0)) {
      if (!readHunkLine(line, hunk, path === null ? [] : (changed.get(path) ?? [])))
        throw unreadable(context, 'the diff ends inside a hunk, or a line of it is none', { line: index + 1 })
      continue
    }
    if (line.startsWith('+++ ')) {
      path = newPath(line.slice(4))
      if (path !== null && !changed.has(path)) changed.set(path, [])
    } else if (line.startsWith('@@ ')) hunk = hunkOf(line, { context, line: index + 1 })
    else if (line.startsWith('diff --git ')) path = null
  }
  if (hunk !== null && (hunk.old > 0 || hunk.new > 0)) throw unreadable(context, 'the diff ends inside a hunk')
  return new Map([...changed].filter(([, lines]) => lines.length > 0))
}

/** Whether the line can belong to a hunk. */
const readHunkLine = (line: string, hunk: Hunk, added: number[]): boolean => {
  const [mark] = line
  if (mark === '\\') return true
  if (mark === '+') {
    added.push(hunk.line)
    hunk.new -= 1
    hunk.line += 1
  } else if (mark === '-') hunk.old -= 1
  else if (mark === ' ' || line === '' || line === '\r') {
    hunk.old -= 1
    hunk.new -= 1
    hunk.line += 1
  } else return false
  return hunk.old >= 0 && hunk.new >= 0
}

const hunkOf = (line: string, place: { readonly context: ReportContext; readonly line: number }): Hunk => {
  const found = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line)
  if (found === null)
    throw unreadable(place.context, `this is no head of a hunk: ${JSON.stringify(line.slice(0, 60))}`, {
      line: place.line,
    })
  return { old: Number(found[1] ?? 1), line: Number(found[2]), new: Number(found[3] ?? 1) }
}

const newPath = (text: string): string | null => {
  // Git ends a name that has spaces with a tab.
  const name = text.startsWith('"') ? unquoted(text) : text.replace(/[\t\r].*$/, '')
  if (name === '/dev/null') return null
  return name.replace(/^[bwio]\//, '')
}

/** A quoted path: C escapes, bytes in octal. */
const unquoted = (text: string): string => {
  const bytes: number[] = []
  const body = text.slice(1, text.lastIndexOf('"'))
  const simple: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\u0007', b: '\b', f: '\f', v: '\v' }
  for (const [part, octal, letter] of body.matchAll(/\\([0-7]{3})|\\(.)|[^\\]+/g)) {
    const plain = letter === undefined ? part : (simple[letter] ?? letter)
    for (const byte of octal === undefined ? utf8(plain) : [Number.parseInt(octal, 8) & 0xff]) bytes.push(byte)
  }
  return new TextDecoder().decode(Uint8Array.from(bytes))
}

const utf8 = (text: string): Iterable<number> => new TextEncoder().encode(text)
