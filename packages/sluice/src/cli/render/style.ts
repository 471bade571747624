/** How text looks: colours and marks, where the stream can show them. Colour never says anything that a word or a mark does not. */
import { stripVTControlCharacters, styleText } from 'node:util'

/** Ways to write on one stream. */
export type Style = {
  readonly unicode: boolean
  /** Whether lines may be painted again in place; elsewhere what changes is told line by line. */
  readonly repaints: boolean
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
export type Abilities = {
  readonly color: boolean
  readonly unicode: boolean
  readonly repaints?: boolean
  readonly columns?: number
}

/** A style for a stream with these abilities. */
export const createStyle = ({
  color,
  unicode,
  repaints = false,
  columns = Number.POSITIVE_INFINITY,
}: Abilities): Style => {
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
    repaints,
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

/** What a stream can show, by the conventions of NO_COLOR (no-color.org), FORCE_COLOR, TERM, CI and the locale. */
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
  const repaints = isTTY && !isDumb && variables['CI'] === undefined
  return { color, unicode: speaksUtf8 && !isDumb, repaints, ...(isTTY ? { columns } : {}) }
}

/** How many cells a text takes once printed, without its escape sequences: letters of East Asia and emoji take two, what is drawn over the letter before it none. */
export const widthOf = (text: string): number => {
  const bare = stripStyle(text)
  if (isNarrow(bare)) return bare.length
  let width = 0
  for (const letter of bare) width += cellsOf(letter)
  return width
}

/** What nearly every line is made of, and counted at once: up to the last letters before the first that combine. */
const isNarrow = (text: string): boolean => /^[ -\u02ff\u2010-\u2027\u2500-\u259f]*$/.test(text)

const widePattern =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u
const overPattern = /\p{Mn}|\p{Me}|\u200b|\u200c|\u200d/u

const cellsOf = (letter: string): number => (overPattern.test(letter) ? 0 : widePattern.test(letter) ? 2 : 1)

/** The text without escape sequences. */
const stripStyle = (text: string): string => stripVTControlCharacters(text)

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
    for (const letter of part) {
      room -= cellsOf(letter)
      if (room < 0) break
      cut += letter
    }
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
