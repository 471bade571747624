/** How many edits lie between two texts; handed in, because core has no library for it. */
export type Distance = (a: string, b: string) => number

/** The candidate that `text` was probably meant to be; null when none is near (more than a third of it would have to change, two at least). */
export const nearest = (text: string, candidates: readonly string[], distance: Distance): string | null => {
  const far = Math.max(2, Math.ceil(text.length / 3))
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: distance(text.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.edits - b.edits)
  const [best] = ranked
  return best !== undefined && best.edits <= far && best.edits < text.length ? best.candidate : null
}
