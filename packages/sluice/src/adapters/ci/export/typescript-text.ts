/** Plain data as readable TypeScript: short values in one line, scripts as template texts. */

/** A value of a config; a key with undefined is left out. `comment` lines go before a key. */
export type CodeValue =
  | null
  | boolean
  | number
  | string
  | readonly CodeValue[]
  | { readonly [key: string]: CodeValue | undefined }

const widthMax = 100

/** The text of a value, for a place that is indented by so many characters. */
export const codeText = (
  value: CodeValue,
  indent: number = 0,
  comments: ReadonlyMap<string, readonly string[]> = new Map(),
): string => {
  if (typeof value === 'string') return textCode(value)
  if (typeof value !== 'object' || value === null) return String(value)
  const flat = comments.size === 0 ? flatText(value) : null
  if (flat !== null && indent + flat.length <= widthMax) return flat
  const inner = ' '.repeat(indent + 2)
  const lines = Array.isArray(value)
    ? value.map((item: CodeValue) => `${inner}${codeText(item, indent + 2)},`)
    : entriesOf(value).flatMap(([key, item]) => [
        ...(comments.get(key) ?? []).map((text) => `${inner}${commentText(text)}`),
        `${inner}${keyCode(key)}: ${codeText(item, indent + 2)},`,
      ])
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  return [open, ...lines, `${' '.repeat(indent)}${close}`].join('\n')
}

/** A comment of one line, whatever lines its text has: what somebody wrote must not become code. */
export const commentText = (text: string): string => `// ${text.replaceAll(/\s+/g, ' ').trim()}`

const entriesOf = (value: CodeValue): readonly (readonly [string, CodeValue])[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, item] as const]))
    : []

/** A value in one line; null where it has texts of several lines. */
const flatText = (value: CodeValue): string | null => {
  if (typeof value === 'string') return value.includes('\n') ? null : textCode(value)
  if (typeof value !== 'object' || value === null) return String(value)
  const parts = Array.isArray(value)
    ? value.map((item: CodeValue) => flatText(item))
    : entriesOf(value).map(([key, item]) => {
        const text = flatText(item)
        return text === null ? null : `${keyCode(key)}: ${text}`
      })
  if (parts.includes(null)) return null
  if (Array.isArray(value)) return `[${parts.join(', ')}]`
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
}

const keyCode = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : textCode(key))

/** Lines of a template text stand at the edge, since spaces before them would be part of it. */
const textCode = (text: string): string => {
  if (text.includes('\n')) return `\`${text.replaceAll(/[\\`]|\$(?=\{)/g, String.raw`\$&`)}\``
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')
  return `${quote}${escaped.replaceAll(quote, `\\${quote}`)}${quote}`
}
