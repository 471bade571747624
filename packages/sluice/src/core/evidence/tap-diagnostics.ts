/** Reads the YAML block under a test point, as far as TAP producers write it: scalars, block scalars, nested keys. It never fails; what it cannot read is left out. */
import { limits } from '../limits.ts'

/** Texts of the block by their keys, nested ones joined by a dot: `error`, `at.line`. */
export const readDiagnostics = (lines: readonly string[]): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  const parents: { readonly indent: number; readonly key: string }[] = []
  let index = 0
  while (index < lines.length && found.size < limits.reportGapsMax) {
    const line = lines[index] ?? ''
    index += 1
    const indent = indentOf(line)
    const pair = /^\s*(['"]?)([\w.$ -]{1,60})\1:(?:\s+(.*))?$/.exec(line)
    if (pair === null) continue
    while (parents.length > 0 && (parents.at(-1)?.indent ?? 0) >= indent) parents.pop()
    const key = [...parents.map((parent) => parent.key), (pair[2] ?? '').trim()].join('.')
    const value = (pair[3] ?? '').trim()
    if (/^[|>][+-]?\d?$/.test(value)) {
      const end = blockEnd(lines, index, indent)
      found.set(key, blockText(lines.slice(index, end), value.startsWith('>')))
      index = end
    } else if (/^(?:"[^"]*|'[^']*)$/.test(value)) {
      // A quoted text over several lines: no writer indents it as YAML wants, so where it ends is anybody's guess.
      continue
    } else if (value === '') parents.push({ indent, key: (pair[2] ?? '').trim() })
    else found.set(key, scalar(value))
  }
  return found
}

const indentOf = (line: string): number => line.length - line.trimStart().length

const blockEnd = (lines: readonly string[], start: number, indent: number): number => {
  let end = start
  while (end < lines.length && ((lines[end] ?? '').trim() === '' || indentOf(lines[end] ?? '') > indent)) end += 1
  return end
}

const blockText = (lines: readonly string[], isFolded: boolean): string => {
  const indent = lines.reduce<number>(
    (least, line) => (line.trim() === '' ? least : Math.min(least, indentOf(line))),
    limits.reportNameMax,
  )
  const text = lines.map((line) => line.slice(indent))
  return text.join(isFolded ? ' ' : '\n').replace(/\s+$/, '')
}

const scalar = (text: string): string => {
  if (text.startsWith("'") && text.endsWith("'") && text.length > 1) return text.slice(1, -1).replaceAll("''", "'")
  if (!text.startsWith('"') || !text.endsWith('"') || text.length < 2) return text
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'string' ? value : text
  } catch {
    return text.slice(1, -1)
  }
}
