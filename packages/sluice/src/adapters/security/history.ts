/** What the commits of a range brought in: their messages, and the lines that they added. */
import type { ScannedText } from '../../core/security/secrets/types.ts'
import { limits } from '../../core/limits.ts'
import { type GitAnswer, gitLines } from '../../lib/git.ts'

/** File name under which a commit's message is scanned. */
const messageFile = '(commit message)'

/** A range of commits: all that `to` has and `from` has not; `from` null for the whole history of `to`. */
export type CommitRange = { readonly from: string | null; readonly to: string }

/**
 * Added texts of a range, oldest commit first, in pieces of at most `limits.secretsTextMax` characters. Of a merge, the lines that none of its parents has, so that
 * nothing comes in by the resolution of a conflict unseen. At the end git's answer, whose code says whether the range was read whole.
 */
export const addedTexts = async function* (
  directory: string,
  { from, to }: CommitRange,
  signal: AbortSignal,
): AsyncGenerator<ScannedText, GitAnswer> {
  const range = from === null ? to : `${from}..${to}`
  const lines = gitLines(directory, [...patchWords, '--end-of-options', range, '--'], signal)
  const reader = patchReader()
  for (;;) {
    const next = await lines.next()
    if (next.done === true) {
      yield* reader.end()
      return next.value
    }
    yield* reader.line(next.value)
  }
}

/** Everything that a user's configuration could change about the form of a patch is said. */
const patchWords =
  '-c core.quotePath=false -c log.showRoot=true log --patch --reverse --unified=0 --diff-merges=dense-combined --no-relative --submodule=short --find-renames --no-color --no-ext-diff --no-textconv --text --no-show-signature --no-notes --encoding=UTF-8 --src-prefix=a/ --dst-prefix=b/ --format=%x00%H%n%B%x00'.split(
    ' ',
  )

type PatchReader = {
  readonly line: (line: string) => readonly ScannedText[]
  readonly end: () => readonly ScannedText[]
}

const patchReader = (): PatchReader => {
  let commit = ''
  let file: string | null = null
  let isMessage = false
  let parents = 1
  let number = 0
  const piece = pieceOf()
  const flush = (what: 'more' | 'end' = 'end'): readonly ScannedText[] => piece.take(file ?? messageFile, commit, what)
  const header = (line: string): readonly ScannedText[] => {
    const done = flush()
    file = line.startsWith('+++ ') ? pathOf(line.slice(4)) : null
    return done
  }
  return {
    end: () => flush(),
    line: (line) => {
      if (isMessage) {
        isMessage = line !== '\u0000' && !line.endsWith('\u0000')
        number += 1
        piece.add(line.replace('\u0000', ''), number)
        return isMessage ? [] : flush()
      }
      if (line.startsWith('\u0000')) {
        const done = flush()
        commit = line.slice(1, 41)
        file = null
        isMessage = true
        number = 0
        return done
      }
      if (line.startsWith('diff --git ') || line.startsWith('diff --cc ') || line.startsWith('diff --combined ')) {
        parents = 0
        return header(line)
      }
      if (parents === 0 && (line.startsWith('+++ ') || line.startsWith('--- '))) return header(line)
      const hunk = /^(@@+) .*?\+(\d+)(?:,\d+)? @@/.exec(line)
      if (hunk !== null) {
        parents = (hunk[1]?.length ?? 2) - 1
        number = Number(hunk[2])
        return []
      }
      if (file === null || parents === 0) return []
      const columns = line.slice(0, parents)
      if (columns.includes('-') || line.startsWith('\\')) return []
      if (columns === '+'.repeat(parents)) piece.add(line.slice(parents), number)
      number += 1
      return piece.isFull() ? flush('more') : []
    },
  }
}

/** Lines gathered until there are enough of them. */
export type Piece = {
  readonly add: (line: string, number: number) => void
  readonly isFull: () => boolean
  /**
   * The text gathered so far, and none when nothing is new in it. `more`: the next piece begins with the end of this one, so that a key of several lines is whole
   * in one of the two; `end`: the piece is empty after it.
   */
  readonly take: (file: string, commit: string | null, what: 'more' | 'end') => readonly ScannedText[]
}

type Line = { readonly text: string; readonly number: number }

/** An empty piece. Contents that git calls binary (a NUL among them) are not text and are left out. */
export const pieceOf = (): Piece => {
  let lines: Line[] = []
  let added = 0
  return {
    add: (line, number) => {
      for (let at = 0; at === 0 || at < line.length; at += limits.secretsTextMax)
        lines.push({ text: line.slice(at, at + limits.secretsTextMax), number })
      added += line.length + 1
    },
    isFull: () => added >= limits.secretsTextMax,
    take: (file, commit, what) => {
      const text = lines.map((line) => line.text).join('\n')
      const isWorthIt = added > 0 && text !== '' && !text.includes('\u0000')
      const taken = isWorthIt ? [{ file, commit, text, lines: lines.map(({ number }) => number) }] : []
      lines = what === 'more' ? overlapOf(lines) : []
      added = 0
      return taken
    },
  }
}

const overlapOf = (lines: readonly Line[]): Line[] => {
  let size = 0
  const from = lines.findLastIndex(({ text }) => {
    size += text.length + 1
    return size > limits.secretsOverlapMax
  })
  return lines.slice(from + 1)
}

/** Path in a `+++` line: without its prefix and, where git quoted it, without quotes. `/dev/null` is no file. */
const pathOf = (text: string): string | null => {
  const plain = text.replace(/\t$/, '')
  if (plain === '/dev/null') return null
  const unquoted = plain.startsWith('"')
    ? plain.slice(1, -1).replaceAll(/\\(["\\tn])/g, (_, one: string) => ({ t: '\t', n: '\n' })[one] ?? one)
    : plain
  return unquoted.replace(/^b\//, '')
}
