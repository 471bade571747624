/**
 * Keeps what was found out of a job (under its key, `<run>/…`) for its turn, no more than `max` in all. Where there is no room, what was kept longest of another run makes it: that run may have been
 * called off, and nobody asks any more. Of its own run the first stay, because their turn comes first.
 */
export const keepMiss = <Found>(
  kept: Map<string, Found>,
  [key, found]: readonly [string, Found],
  max: number,
): void => {
  if (kept.size >= max && !kept.has(key)) {
    const [longest] = kept.keys()
    if (longest === undefined || runOf(longest) === runOf(key)) return
    kept.delete(longest)
  }
  kept.set(key, found)
}

const runOf = (key: string): string => key.slice(0, key.indexOf('/'))
