/**
 * Paths into a JSON document: of RFC 9535 (JSONPath, February 2024) the root `$`, names (`.name`, `['any name']`), indexes (`[0]`, `[-1]`) and the wildcard
 * (`.*`, `[*]`). Filters, slices and descendants are left out: what a check looks at is known.
 */

/** One step into a document. */
export type JsonSegment =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }

const form =
  /\.(?<name>[\p{L}_][\p{L}\p{N}_-]*)|\[(?<index>0|-?[1-9]\d{0,8})\]|\['(?<single>[^']*)'\]|\["(?<double>[^"]*)"\]|(?<all>\.\*|\[\*\])/uy

/** The steps of a path; null when the text is none. */
export const parseJsonPath = (text: string): readonly JsonSegment[] | null => {
  if (!text.startsWith('$')) return null
  const segments: JsonSegment[] = []
  let at = 1
  while (at < text.length) {
    form.lastIndex = at
    const groups = form.exec(text)?.groups
    if (groups === undefined) return null
    at = form.lastIndex
    const name = groups['name'] ?? groups['single'] ?? groups['double']
    if (name !== undefined) segments.push({ kind: 'name', name })
    else if (groups['index'] !== undefined) segments.push({ kind: 'index', index: Number(groups['index']) })
    else segments.push({ kind: 'all' })
  }
  return segments
}

/** The values that a path leads to, in the order of the document; none where it leads nowhere. */
export const valuesAtPath = (document: unknown, path: readonly JsonSegment[]): readonly unknown[] =>
  path.reduce<readonly unknown[]>((values, segment) => values.flatMap((value) => inside(value, segment)), [document])

const inside = (value: unknown, segment: JsonSegment): readonly unknown[] => {
  if (typeof value !== 'object' || value === null) return []
  switch (segment.kind) {
    case 'name':
      return !Array.isArray(value) && Object.hasOwn(value, segment.name)
        ? [Object.entries(value).find(([name]) => name === segment.name)?.[1]]
        : []
    case 'index': {
      if (!Array.isArray(value)) return []
      const index = segment.index < 0 ? value.length + segment.index : segment.index
      return index >= 0 && index < value.length ? [value[index]] : []
    }
    case 'all':
      return Object.values(value)
  }
}
