/** What reports say, made safe to store, compare and print. */
import { SluiceError } from '../errors.ts'
import { limits } from '../limits.ts'

/** What a reader is told besides the text: the file's path for its errors, and the checkout that absolute paths are cut at. */
export type ReportContext = {
  readonly path: string
  /** Absolute; empty where unknown. */
  readonly root: string
}

/** Where in a report something is wrong. Lines and columns from 1. */
export type ReportPlace = {
  readonly line?: number | undefined
  readonly column?: number | undefined
  /** For JSON: `runs[0].results`. */
  readonly at?: string | undefined
}

/** The error of a report that cannot be read; it never counts as good. */
export const unreadable = (
  context: ReportContext,
  sentence: string,
  place: ReportPlace & { readonly cause?: unknown } = {},
): SluiceError => {
  const position = [context.path, place.line, place.line === undefined ? undefined : place.column]
    .filter((part) => part !== undefined)
    .join(':')
  const at = place.at === undefined || place.at === '' ? '' : ` at ${place.at}`
  return new SluiceError('evidence_unreadable', {
    detail: `${position}${at}: ${sentence}`,
    hint: 'look at how the report is written; until it can be read, every gate over it is broken',
    ...(place.cause === undefined ? {} : { cause: place.cause }),
  })
}

// Control characters but tab and line feed, and what turns the direction of text: neither belongs on a terminal.
// oxlint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g

// CSI and OSC sequences, as colours and links of test output.
// oxlint-disable-next-line no-control-regex
const escapes = /\u001B(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-Z\\^_])/g

/** A text without escape sequences, control characters and half characters, at most `limits.reportTextMax` characters long. */
export const told = (text: string, charactersMax: number = limits.reportTextMax): string => {
  // Twice: what is cut first bounds the work, what is cut last bounds the result.
  const cut = text.length > 4 * charactersMax ? text.slice(0, 4 * charactersMax) : text
  const clean = cut.replaceAll(escapes, '').replaceAll('\r\n', '\n').replaceAll(unprintable, '').toWellFormed()
  return clean.length > charactersMax ? `${clean.slice(0, charactersMax - 1).toWellFormed()}…` : clean
}

/** A name: one line, white space folded. */
export const toldName = (text: string): string => told(text, limits.reportNameMax).replaceAll(/\s+/g, ' ').trim()

/** The first line that says anything. */
export const firstLine = (text: string): string =>
  text
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trim() ?? ''

/** A path as the model has it: `/` between its parts, below the checkout where it lies there, no `file:`, no `./`. */
export const toldPath = (path: string, root: string): string => {
  const plain = fromUrl(told(path, limits.reportNameMax)).replaceAll('\\', '/')
  const base = root.replaceAll('\\', '/').replace(/\/+$/, '')
  const inside = base !== '' && plain.startsWith(`${base}/`) ? plain.slice(base.length + 1) : plain
  const parts: string[] = []
  for (const part of inside.split('/')) {
    if (part === '.' || (part === '' && parts.length > 0)) continue
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..' && parts.at(-1) !== '') parts.pop()
    else parts.push(part)
  }
  return parts.join('/')
}

const fromUrl = (path: string): string => {
  if (!path.startsWith('file:')) return path
  const bare = path.replace(/^file:\/\/(?:localhost)?(?=\/)/, '').replace(/^file:/, '')
  return decoded(bare)
}

/** A URI's text with its %-escapes read; as it stands where they are none. */
export const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A number as people write it: with at most `digits` decimals, no trailing zeros. */
export const numberText = (value: number, digits = 2): string => String(Number(value.toFixed(digits)))
