/** Path patterns of gates: `*` and `?` within a part, `**` over parts, `{a,b}`; matched against whole paths below the checkout. */

/** Whether a path fits a pattern. Time grows with the product of both lengths at most, whatever they hold. */
export const matchesGlob = (path: string, pattern: string): boolean =>
  expand(pattern).some((one) => matchesParts(path.split('/'), one.split('/')))

/** Whether a text fits a pattern in which `*` stands for any characters. */
export const matchesWildcard = (text: string, pattern: string): boolean => matchesText(text, pattern)

const alternativesMax = 64

/** Patterns without braces; nested braces are taken as they stand. */
const expand = (pattern: string): readonly string[] => {
  const done: string[] = []
  const open = [pattern]
  while (open.length > 0 && done.length + open.length <= alternativesMax) {
    const one = open.pop() ?? ''
    const found = /\{([^{}]*,[^{}]*)\}/.exec(one)
    if (found === null) done.push(one)
    else
      open.push(
        ...(found[1] ?? '')
          .split(',')
          .map((choice) => one.slice(0, found.index) + choice + one.slice(found.index + found[0].length)),
      )
  }
  return [...done, ...open]
}

const matchesParts = (path: readonly string[], pattern: readonly string[]): boolean =>
  matchesSequence({ items: path, pattern, isStar: (part) => part === '**', fits: matchesText })

const matchesText = (text: string, pattern: string): boolean =>
  matchesSequence({
    items: [...text],
    pattern: [...pattern],
    isStar: (letter) => letter === '*',
    fits: (letter, wanted) => wanted === '?' || letter === wanted,
  })

type Sequence = {
  readonly items: readonly string[]
  readonly pattern: readonly string[]
  readonly isStar: (one: string) => boolean
  readonly fits: (item: string, wanted: string) => boolean
}

/** Greedy matching with one way back, to the last star: no backtracking over all of them. */
const matchesSequence = ({ items, pattern, isStar, fits }: Sequence): boolean => {
  let at = 0
  let wanted = 0
  let star = -1
  let resume = 0
  while (at < items.length) {
    const want = pattern[wanted]
    if (want !== undefined && isStar(want)) {
      star = wanted
      resume = at
      wanted += 1
    } else if (want !== undefined && fits(items[at] ?? '', want)) {
      at += 1
      wanted += 1
    } else if (star !== -1) {
      resume += 1
      at = resume
      wanted = star + 1
    } else return false
  }
  return pattern.slice(wanted).every(isStar)
}
