/** Shannon entropy of a text's own characters, bits per character: 0 for one character repeated, about 4 for hex, 5 to 6 for base64. Source: Shannon, 1948. */
export const entropyOf = (text: string): number => {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return [...counts.values()].reduce((sum, count) => sum - (count / total) * Math.log2(count / total), 0)
}
