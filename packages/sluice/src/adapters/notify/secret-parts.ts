/** Shorter parts of an address are words that are in every other one. */
const partLengthMin = 8

/** What of a secret is one in itself: the value; and of an address its path, and each longer part of path and query, which an answer may repeat without the rest. */
export const secretParts = (value: string): readonly string[] => {
  const url = URL.parse(value)
  if (url === null || !/^https?:$/.test(url.protocol)) return [value]
  const parts = [...url.pathname.split('/'), ...url.searchParams.values()].flatMap((part) => [part, decoded(part)])
  return [value, url.href, `${url.pathname}${url.search}`, url.pathname, ...parts].filter(
    (part) => part.length >= partLengthMin,
  )
}

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
