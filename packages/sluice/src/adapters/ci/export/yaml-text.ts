/** Plain data as readable YAML: long scripts as blocks, short lists in one line, comments where they are asked for. */
import { Document, isMap, isScalar, isSeq, type Node, Scalar, visit } from 'yaml'

/** Anything that YAML holds; a key with undefined is left out. */
export type YamlValue =
  | null
  | boolean
  | number
  | string
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue | undefined }

/** What is written with a document. */
export type YamlOptions = {
  /** Lines at its head. */
  readonly head: readonly string[]
  /** A comment behind a text, by the text. */
  readonly comments: ReadonlyMap<string, string>
  /** Keys of the root that an empty line is put before. */
  readonly spaced: readonly string[]
}

/** The text of a document. */
export const yamlText = (value: YamlValue, { head, comments, spaced }: YamlOptions): string => {
  const document = new Document(withoutUndefined(value), { version: '1.2', aliasDuplicateObjects: false })
  visit(document, {
    Scalar: (key, node) => {
      if (typeof node.value !== 'string') return
      if (node.value.includes('\n')) node.type = Scalar.BLOCK_LITERAL
      // YAML 1.1, which GitLab reads, has more truth values, and numbers with colons.
      else if (needsQuotes(node.value)) node.type = Scalar.QUOTE_SINGLE
      const comment = comments.get(node.value)
      if (comment !== undefined && key !== 'key') node.comment = ` ${comment}`
    },
    Seq: (_, node) => {
      const isShort = node.items.every(
        (item) => isScalar(item) && typeof item.value === 'string' && /^[\w./@-]{1,24}$/.test(item.value),
      )
      if (isShort && node.items.length <= 6) node.flow = true
    },
  })
  const { contents } = document
  if (isMap<Node, Node>(contents))
    for (const { key, value: inner } of contents.items) {
      key.spaceBefore = isScalar(key) && spaced.includes(String(key.value))
      if (isScalar(key) && key.value === 'jobs' && isMap<Node, Node>(inner))
        for (const [index, pair] of inner.items.entries()) pair.key.spaceBefore = index > 0
    }
  if (isSeq(contents)) contents.flow = false
  const body = document.toString({ lineWidth: 0, singleQuote: true, flowCollectionPadding: true })
  return `${head.map((line) => (line === '' ? '#' : `# ${line}`)).join('\n')}\n\n${body}`
}

const needsQuotes = (text: string): boolean =>
  /^(?:y|n|yes|no|on|off|0o?\d+|\d[\d_]*(?::[0-5]?\d)+|\d{4}-\d\d?-\d\d?.*)$/i.test(text)

const withoutUndefined = (value: YamlValue): YamlValue => {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : [[key, withoutUndefined(inner)]])),
  )
}
