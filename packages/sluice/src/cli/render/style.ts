/** How text looks: colours and marks, where the stream can show them. Colour never says anything that a word or a mark does not. */
import { stripVTControlCharacters, styleText } from 'node:util'

/** Ways to write on one stream. */
export type Style = {
  readonly unicode: boolean
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly warn: (text: string) => string
  readonly live: (text: string) => string
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
  readonly mark: (kind: Mark) => string
  /** A bar of `width` cells, `share` (0–1) of it filled. */
  readonly bar: (share: number, width: number) => string
  readonly arrow: string
  readonly ellipsis: string
  readonly dot: string
  /** Cells of a line; Infinity where nothing has to fit. */
  readonly columns: number
}

/** What a mark says. */
export type Mark = 'done' | 'current' | 'waiting' | 'failed' | 'warn' | 'back' | 'paused'

const unicodeMarks: Readonly<Record<Mark, string>> = {
  done: '✔',
  current: '●',
  waiting: '◷',
  failed: '✖',
  warn: '⚠',
  back: '↩',
  paused: '⏸',
}
const asciiMarks: Readonly<Record<Mark, string>> = {
  done: '+',
  current: '*',
  waiting: '.',
  failed: 'x',
  warn: '!',
  back: '<',
  paused: '=',
}

/** What a stream can show. */
export type Abilities = { readonly color: boolean; readonly unicode: boolean; readonly columns?: number }

/** A style for a stream with these abilities. */
export const createStyle = ({ color, unicode, columns = Number.POSITIVE_INFINITY }: Abilities): Style => {
  const paint =
    (format: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      color ? styleText(format, text, { validateStream: false }) : text
  const colors: Readonly<Record<Mark, (text: string) => string>> = {
    done: paint('green'),
    current: paint('cyan'),
    waiting: paint('dim'),
    failed: paint('red'),
    warn: paint('yellow'),
    back: paint('yellow'),
    paused: paint('yellow'),
  }
  const marks = unicode ? unicodeMarks : asciiMarks
  const [full, empty] = unicode ? ['█', '░'] : ['#', '-']
  return {
    unicode,
    good: paint('green'),
    bad: paint('red'),
    warn: paint('yellow'),
    live: paint('cyan'),
    dim: paint('dim'),
    bold: paint('bold'),
    mark: (kind) => colors[kind](marks[kind]),
    bar: (share, width) => {
      const cells = Math.max(0, Math.min(width, Math.round(share * width)))
      // A share that is not nothing and not everything is never drawn as if it were.
      const shown = share > 0 && cells === 0 ? 1 : share < 1 && cells === width ? width - 1 : cells
      return full.repeat(shown) + empty.repeat(width - shown)
    },
    arrow: unicode ? '→' : '->',
    ellipsis: unicode ? '…' : '...',
    dot: unicode ? '·' : '-',
    columns,
  }
}

/** What a stream can show, by the conventions of NO_COLOR (no-color.org), FORCE_COLOR, TERM and the locale. */
export const abilitiesOf = (
  variables: Readonly<Record<string, string | undefined>>,
  { isTTY, columns, noColor }: { readonly isTTY: boolean; readonly columns: number; readonly noColor: boolean },
): Abilities => {
  const given = (name: string): boolean => variables[name] !== undefined && variables[name] !== ''
  const forced = given('FORCE_COLOR') && variables['FORCE_COLOR'] !== '0'
  const isDumb = variables['TERM'] === 'dumb'
  const color = noColor || given('NO_COLOR') || variables['FORCE_COLOR'] === '0' ? false : forced || (isTTY && !isDumb)
  const locale = [variables['LC_ALL'], variables['LC_CTYPE'], variables['LANG']].find(
    (one) => one !== undefined && one !== '',
  )
  const speaksUtf8 =
    locale === undefined ? process.platform === 'darwin' || process.platform === 'win32' : /utf-?8/i.test(locale)
  return { color, unicode: speaksUtf8 && !isDumb, ...(isTTY ? { columns } : {}) }
}

/** How wide a text is once printed: without escape sequences; marks and letters of Latin scripts count one. */
export const widthOf = (text: string): number => [...stripStyle(text)].length

/** The text without escape sequences. */
export const stripStyle = (text: string): string => stripVTControlCharacters(text)

const escape = '\u001B['

/** The text filled up with spaces to `width`. */
export const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))

/** The text cut to `width` cells; escape sequences stay whole, and the style is ended where it is cut. */
export const clip = (text: string, width: number): string => {
  if (widthOf(text) <= width) return text
  let room = width
  let cut = ''
  for (const part of text.split(new RegExp(`(${escape.replace('[', '\\[')}[0-9;?]*[A-Za-z])`))) {
    if (part.startsWith(escape)) {
      cut += part
      continue
    }
    const letters = [...part].slice(0, room)
    room -= letters.length
    cut += letters.join('')
  }
  return cut
}

/** The text in lines of at most `width` cells, broken at spaces where there are any. */
export const wrap = (text: string, width: number): readonly string[] => {
  if (widthOf(text) <= width) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
