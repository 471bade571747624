/**
 * The forms in which a secret may show up in a log: as it is, line by line, leaf by leaf of a JSON document, escaped and encoded as programs do. Sources: the
 * value encoders of the GitHub Actions runner (`ValueEncoders.cs`) and what its issues 1488, 2232 and 2265 say leaks; RFC 4648, RFC 3986, RFC 8259.
 */

/** Shorter values and leaves are not masked: they would blank out ordinary text without hiding anything. */
const lengthMin = 4
const lineLengthMin = 6
/** A longer pattern is cut into pieces, so that what a masker holds back is bounded, bytes. */
const pieceBytesMax = 4_096
/** Larger values are masked as they are and line by line, not in their encodings, bytes: each encoding is a pattern of its own in memory. */
const encodedBytesMax = 65_536
/** Documents inside documents are looked into this deep. */
const nestingMax = 4
/** Shorter lines of an encoded text are masked only together with the line before them. */
const wrappedLengthMin = 8
/** Columns at which `base64` and MIME, `openssl`, and `xxd -p` break their lines. */
const base64Columns = [76, 64] as const
const hexColumns = [60] as const

/** Every form of a secret, as bytes to look for; none longer than 4096 bytes and none shorter than 4. A value that is too short has none. */
export const formsOf = (secret: string): readonly Buffer[] => {
  const forms = new Set<string>()
  for (const part of partsOf(secret.toWellFormed(), 0)) {
    forms.add(part)
    if (Buffer.byteLength(part) <= encodedBytesMax) for (const form of spellingsOf(part)) forms.add(form)
  }
  return [...forms].flatMap((form) => piecesOf(Buffer.from(form, 'utf8')))
}

/**
 * The forms that a program may break into lines anywhere, as bytes: hex and base64 as parts of a longer text. All of them are among `formsOf`, so that one that lies in a line of its own is found
 * by those.
 */
export const brokenFormsOf = (secret: string): readonly Buffer[] => {
  const forms = new Set<string>()
  for (const part of partsOf(secret.toWellFormed(), 0)) {
    const bytes = Buffer.from(part, 'utf8')
    if (bytes.length > encodedBytesMax) continue
    const hex = bytes.toString('hex')
    const all = [hex, hex.toUpperCase(), ...innerBase64Forms(bytes).flatMap((form) => [form, urlForm(form)])]
    for (const form of all) if (form.length >= lengthMin) forms.add(form)
  }
  return [...forms].flatMap((form) => piecesOf(Buffer.from(form, 'latin1')))
}

/** The texts that are secret in themselves: the value, what its quotes hold, its lines, and the leaves of the document that it may be. */
const partsOf = (value: string, depth: number): ReadonlySet<string> => {
  const whole = value.trim()
  const bare = /^(["'])(.{8,})\1$/s.exec(whole)?.[2] ?? whole
  const lines = whole.split(/[\r\n]+/).map((line) => line.trim())
  const parts = new Set([
    ...[whole, bare].filter(({ length }) => length >= lengthMin && !isOrnament(whole)),
    ...(lines.length === 1 ? [] : lines.filter((line) => line.length >= lineLengthMin && !isOrnament(line))),
  ])
  if (depth < nestingMax)
    for (const leaf of leavesOf(whole)) for (const part of partsOf(leaf, depth + 1)) parts.add(part)
  return parts
}

/** Brackets, rulers and the like, of which every log is full. */
const isOrnament = (line: string): boolean => /^[\s{}[\](),:;"']*$/.test(line) || /^([-=*#_~.])\1*$/.test(line)

/** Texts and numbers of a JSON document, numbers as they are written in it; none for a text that is no object or array. */
const leavesOf = (text: string): readonly string[] => {
  if (!/^[[{]/.test(text)) return []
  const leaves: string[] = []
  try {
    JSON.parse(text, (_key, value: unknown, ...rest: readonly unknown[]) => {
      if (typeof value === 'string') leaves.push(value)
      if (typeof value === 'number') leaves.push(sourceOf(rest[0]) ?? String(value))
      return value
    })
  } catch {
    return []
  }
  return leaves
}

/** Parser of the third argument of a reviver, which holds the text of a number (ECMAScript 2026). */
const sourceOf = (context: unknown): string | null =>
  typeof context === 'object' && context !== null && 'source' in context && typeof context.source === 'string'
    ? context.source
    : null

const spellingsOf = (part: string): readonly string[] => {
  const bytes = Buffer.from(part, 'utf8')
  return [
    ...jsonForms(part),
    ...percentForms(part),
    ...markupForms(part),
    ...shellForms(part),
    ...hexForms(bytes),
    ...base64Forms(bytes),
  ].filter((form) => form.length >= lengthMin)
}

/** Inside a JSON text, as several languages write it, and inside a JSON text inside a JSON text. */
const jsonForms = (part: string): readonly string[] => {
  const plain = JSON.stringify(part).slice(1, -1)
  const inAscii = escapeUnits(plain, /[\u007F-\uFFFF]/g)
  const forMarkup = escapeUnits(plain, /[<>&\u2028\u2029]/g)
  const forMarkupInAscii = escapeUnits(inAscii, /[<>&]/g)
  const once = [
    plain,
    inAscii,
    forMarkup,
    forMarkupInAscii,
    inAscii.replaceAll('/', '\\/'),
    plain.replaceAll('/', '\\/'),
  ]
  return [
    ...once,
    ...once.map((form) => form.replaceAll(/\\u[\da-f]{4}/g, (unit) => `\\u${unit.slice(2).toUpperCase()}`)),
    JSON.stringify(plain).slice(1, -1),
    // Literals of Python and JavaScript in single quotes.
    plain.replaceAll('\\"', '"'),
    plain.replaceAll('\\"', '"').replaceAll("'", "\\'"),
  ]
}

const escapeUnits = (text: string, units: RegExp): string =>
  text.replaceAll(units, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Inside a URL: a component by ECMAScript, by RFC 3986 to the letter, with slashes left (a path), as a form, as a whole URL; in capitals or not. */
const percentForms = (part: string): readonly string[] => {
  const component = encodeURIComponent(part)
  const strict = component.replaceAll(/[!'()*]/g, percentOf)
  const form = strict.replaceAll('%20', '+')
  const forms = [
    component,
    strict,
    strict.replaceAll('%2F', '/'),
    component.replaceAll('%20', '+'),
    form,
    form.replaceAll('~', '%7E').replaceAll('%2A', '*'),
    encodeURI(part),
  ]
  return [...forms, ...forms.map((one) => one.replaceAll(/%[\dA-F]{2}/g, (byte) => byte.toLowerCase()))]
}

const percentOf = (letter: string): string => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`

/** Inside HTML and XML: text, and attributes as several libraries write them. */
const markupForms = (part: string): readonly string[] => {
  const text = part.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const quotes = ['&quot;', '&#34;', '&#x22;']
  const apostrophes = ["'", '&#39;', '&#x27;', '&apos;']
  return [
    text,
    part.replaceAll('&', '&amp;').replaceAll('<', '&lt;'),
    ...quotes.flatMap((quote) =>
      apostrophes.map((apostrophe) => text.replaceAll('"', quote).replaceAll("'", apostrophe)),
    ),
  ]
}

/** As shells quote: `set -x`, `printf %q`, `${x@Q}`, double quotes, ANSI-C quotes; doubled quotes (SQL, YAML, expressions); parts of a PowerShell command at `&`. */
const shellForms = (part: string): readonly string[] => [
  part.replaceAll("'", String.raw`'\''`),
  part.replaceAll("'", `'"'"'`),
  part.replaceAll(/["$`\\]/g, String.raw`\$&`),
  part.replaceAll('"', String.raw`\"`),
  part.replaceAll(/[^\w@%+=:./\u0080-\u{10FFFF}-]/gu, String.raw`\$&`),
  part.replaceAll(/[^\w@%+=:,./\u0080-\u{10FFFF}-]/gu, String.raw`\$&`),
  part.replaceAll(/[\\'\p{Cc}]/gu, ansiEscape),
  part.replaceAll("'", "''"),
  part.replaceAll('"', '""'),
  ...part.split('&').filter((piece) => piece.length >= lineLengthMin && piece.length < part.length),
]

const ansiEscape = (letter: string): string => {
  const named: Readonly<Record<string, string>> = {
    '\\': String.raw`\\`,
    "'": String.raw`\'`,
    '\n': String.raw`\n`,
    '\r': String.raw`\r`,
    '\t': String.raw`\t`,
    '\u001B': String.raw`\E`,
  }
  return named[letter] ?? `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`
}

const hexForms = (bytes: Buffer): readonly string[] => {
  const hex = bytes.toString('hex')
  const forms = [hex, ...linesOf(hex, hexColumns)]
  return [...forms, ...forms.map((form) => form.toUpperCase())]
}

/** Base64 of the value as a part of a longer text, and as its end; and, alone, in lines. */
const base64Forms = (bytes: Buffer): readonly string[] => {
  const ends = atOffsets(bytes).map(({ padded, head }) => padded.slice(head))
  const all = [...innerBase64Forms(bytes), ...ends, ...linesOf(bytes.toString('base64'), base64Columns)]
  return [...all, ...all.map(urlForm)]
}

/** At each of the three byte offsets that it may have in a longer text, without the characters that its neighbours decide. */
const innerBase64Forms = (bytes: Buffer): readonly string[] =>
  atOffsets(bytes).map(({ padded, head, length }) => padded.slice(head, length))

type AtOffset = { readonly padded: string; readonly head: number; readonly length: number }

const atOffsets = (bytes: Buffer): readonly AtOffset[] =>
  [0, 1, 2].map((offset) => ({
    padded: Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64'),
    head: offset === 0 ? 0 : offset + 1,
    length: Math.floor(((offset + bytes.length) * 8) / 6),
  }))

const urlForm = (form: string): string => form.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

/** The lines into which a program breaks an encoded text: together, and each (it may be indented, or end in a carriage return). */
const linesOf = (text: string, columns: readonly number[]): readonly string[] =>
  columns.flatMap((width) => {
    if (text.length <= width) return []
    const lines = Array.from({ length: Math.ceil(text.length / width) }, (_, index) =>
      text.slice(index * width, (index + 1) * width),
    )
    return [lines.join('\n'), ...lines.filter((line) => line.replaceAll('=', '').length >= wrappedLengthMin)]
  })

/** The bytes in pieces of about the same length; touching masks become one, so that nobody sees the seam. */
const piecesOf = (bytes: Buffer): readonly Buffer[] => {
  if (bytes.length <= pieceBytesMax) return bytes.length < lengthMin ? [] : [bytes]
  const count = Math.ceil(bytes.length / pieceBytesMax)
  const size = Math.ceil(bytes.length / count)
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size)).filter(
    ({ length }) => length >= lengthMin,
  )
}
