/** A span of time in words, for sentences: `40 s`, `30 min`, `5 h`, `7 days`. Rounded down. */
export const spanText = (ms: number): string => {
  if (ms < 120_000) return `${Math.floor(ms / 1_000)} s`
  if (ms < 7_200_000) return `${Math.floor(ms / 60_000)} min`
  return ms < 172_800_000 ? `${Math.floor(ms / 3_600_000)} h` : `${Math.floor(ms / 86_400_000)} days`
}
