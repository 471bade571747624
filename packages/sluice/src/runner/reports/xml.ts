/**
 * Walks through an XML report as a stream of elements: no tree in memory, no entities but XML's own five (a document that defines others and uses them is
 * refused), nothing loaded from elsewhere. XML 1.0, fifth edition; positions come from the parser.
 */
import { SaxesParser } from 'saxes'
import { limits } from '../../core/limits.ts'
import { type ReportContext, unreadable } from '../../core/evidence/told.ts'

/** Attributes of an element; absent ones are undefined. */
export type XmlAttributes = Readonly<Record<string, string | undefined>>

/** What a reader sees of a document. */
export type XmlVisitor = {
  /** An element begins; `parent` is the name of the one around it, null for the root. */
  readonly open: (name: string, attributes: XmlAttributes, parent: string | null) => void
  /** An element ends; `text` is what stood directly in it, at most `limits.reportTextMax` characters. */
  readonly close: (name: string, text: string) => void
}

// Tests print control characters, and many writers of JUnit XML copy them as they are; they carry nothing that a report says.
// oxlint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g

/** Calls the visitor for every element in order. `evidence_unreadable` with line and column for anything that is not well-formed. */
export const walkXml = (text: string, context: ReportContext, visitor: XmlVisitor): void => {
  const parser = new SaxesParser({ position: true, xmlns: false })
  const open: { readonly name: string; text: string }[] = []
  const placed = (sentence: string, cause?: unknown): Error =>
    unreadable(context, sentence, { line: parser.line, column: parser.column + 1, cause })
  parser.on('error', (error) => {
    throw placed(`this is not well-formed XML: ${sentenceOf(error)}`, error)
  })
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length >= limits.reportDepthMax) throw placed(`elements are deeper than ${limits.reportDepthMax}`)
    const parent = open.at(-1)?.name ?? null
    const local = localOf(name)
    open.push({ name: local, text: '' })
    visitor.open(local, attributes, parent)
  })
  const addText = (part: string): void => {
    const element = open.at(-1)
    // Kept up to a few times of what is shown, because escape sequences go away later.
    if (element !== undefined && element.text.length < 4 * limits.reportTextMax) element.text += part
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => {
    const element = open.pop()
    if (element !== undefined) visitor.close(element.name, element.text)
  })
  const clean = text.toWellFormed().replaceAll(forbidden, '\uFFFD')
  for (let at = 0; at < clean.length; at += chunkLength) parser.write(clean.slice(at, at + chunkLength))
  parser.close()
}

/** Characters handed to the parser at a time: it copies what an element has so far with each. */
const chunkLength = 262_144

const localOf = (name: string): string => name.slice(name.indexOf(':') + 1)

// Without the parser's own position, which the path before it has already.
const sentenceOf = ({ message }: Error): string => message.replace(/^\d+:\d+: /, '').replace(/\.$/, '')

/** Name of the root element; null when there is none within the first characters. One pass over them, whatever they hold. */
export const rootElement = (text: string): string | null => {
  const head = text.slice(0, headLength)
  let at = head.indexOf('<')
  while (at !== -1) {
    const skipped = prologues.find(([start]) => head.startsWith(start, at))
    if (skipped === undefined) {
      const name = /^<([^\s/>!?<]{1,200})/.exec(head.slice(at, at + 201))?.[1]
      return name === undefined ? null : localOf(name)
    }
    const end = head.indexOf(skipped[1], at)
    if (end === -1) return null
    at = head.indexOf('<', end)
  }
  return null
}

const headLength = 65_536

/** What may come before the root: instructions, comments, a document type (with or without declarations of its own). */
const prologues: readonly (readonly [start: string, end: string])[] = [
  ['<?', '?>'],
  ['<!--', '-->'],
  ['<!', '>'],
]

/** A number of an attribute; null for anything else. Thousands may be parted by commas, as Surefire writes them. */
export const numberAttribute = (value: string | undefined): number | null => {
  const plain = value?.trim().replaceAll(/,(?=\d{3}(?:\D|$))/g, '') ?? ''
  return /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(plain) ? Number(plain) : null
}
