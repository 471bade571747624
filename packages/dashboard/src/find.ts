/** Finding things by parts of their names. */

/** Something that can be found. */
export type Found = { readonly text: string; readonly about: string; readonly href: string }

/** What holds every word that was typed, in order of the list. */
export const matching = (all: readonly Found[], typed: string, max: number): readonly Found[] => {
  const wanted = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const found: Found[] = []
  for (const one of all) {
    const text = `${one.text} ${one.about}`.toLowerCase()
    if (wanted.every((word) => text.includes(word))) found.push(one)
    if (found.length === max) break
  }
  return found
}
