/** Commits of a range, read and judged with the libraries of commitlint. */
import type { QualifiedRules } from '@commitlint/types'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { ConventionalCommit } from '../../core/conventions/commit.ts'
import { broken, type Finding, scanned, type ScanResult } from '../../core/security/scan.ts'
import { git } from '../../lib/git.ts'
import type { CommitRange } from './history.ts'

/** Which commits are read. */
export type CommitsRequest = {
  readonly directory: string
  readonly range: CommitRange
  /** Only commits that touch this folder, for a package of a repository of several; null for all. */
  readonly folder: string | null
}

/** Rules that differ from those of `@commitlint/config-conventional`. */
export type CommitPolicy = {
  /** Types that are allowed; null for those of the convention. */
  readonly types: readonly string[] | null
  /** Scopes that are allowed; null for any. */
  readonly scopes: readonly string[] | null
  readonly headerLengthMax: number
  /** Whether commits whose author is a merge button or that are to be squashed (`fixup!`) pass. */
  readonly fixups: 'refuse' | 'allow'
}

/** A commit as git has it. */
export type RawCommit = { readonly id: string; readonly parents: readonly string[]; readonly message: string }

/** Commits of a range, newest first. Throws `not_found` for a range that git cannot read. */
export const readCommits = async (
  { directory, range: { from, to }, folder }: CommitsRequest,
  signal: AbortSignal,
): Promise<readonly RawCommit[]> => {
  const range = from === null ? to : `${from}..${to}`
  const words = [
    'log',
    '-z',
    '--format=%H%x00%P%x00%B',
    `--max-count=${limits.releaseCommitsMax}`,
    '--no-show-signature',
  ]
  const paths = folder === null ? [] : [folder]
  const { code, out, err } = await git(
    directory,
    [...words, '--encoding=UTF-8', '--end-of-options', range, '--', ...paths],
    signal,
  )
  if (code !== 0)
    throw new SluiceError('not_found', {
      detail: `git cannot read the commits ${range}: ${err.trim().split('\n').at(-1) ?? ''}`,
      hint: 'fetch the whole history (git fetch --unshallow), or name a range that is here',
    })
  // Each with a NUL after it, which no message can hold.
  const fields = out.split('\0')
  return Array.from({ length: Math.floor(fields.length / 3) }, (_, index) => {
    const [id = '', parents = '', message = ''] = fields.slice(3 * index)
    return { id, parents: parents.split(' ').filter(Boolean), message: message.trimEnd() }
  })
}

/** Reads messages as conventional commits. What is none keeps its header and has no type. */
export const parseCommits = async (commits: readonly RawCommit[]): Promise<readonly ConventionalCommit[]> => {
  if (commits.length === 0) return []
  const { parse, grammar } = await loadParser()
  return Promise.all(
    commits.map(async ({ id, parents, message }): Promise<ConventionalCommit> => {
      const read = await parse(message === '' ? '(no message)' : message, undefined, grammar)
      const header = message.split('\n', 1)[0] ?? ''
      const breaking = read.notes.map(({ text }) => text)
      return {
        id,
        header,
        type: read['type'] ?? null,
        scope: read['scope'] ?? null,
        description: read['subject'] ?? header,
        breaking,
        references: [
          ...new Set(
            read.references.map(({ owner, repository, prefix, issue }) =>
              owner === null || owner === undefined ? `${prefix}${issue}` : `${owner}/${repository}${prefix}${issue}`,
            ),
          ),
        ],
        reverts: /\bThis reverts commit ([0-9a-f]{7,64})\b/.exec(message)?.[1] ?? null,
        isMerge: parents.length > 1,
      }
    }),
  )
}

/**
 * Judges the messages of a range: one finding for each rule that a commit breaks. Merges and git's own reverts pass. `broken` for a range that cannot be read.
 */
export const checkCommits = async (
  request: CommitsRequest & { readonly policy: CommitPolicy },
  signal: AbortSignal,
): Promise<ScanResult> => {
  let commits: readonly RawCommit[]
  try {
    commits = await readCommits(request, signal)
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code === 'outcome_unknown') throw error
    return broken(error.detail)
  }
  if (commits.length === 0) return scanned([], { commits: 0 })
  const judge = await loadJudge(request.policy)
  const findings: Finding[] = []
  for (const commit of commits) if (commit.parents.length < 2) findings.push(...(await judge(commit)))
  return scanned(findings, { commits: commits.length })
}

const loadJudge = async (policy: CommitPolicy): Promise<(commit: RawCommit) => Promise<readonly Finding[]>> => {
  const [{ default: lint }, { default: conventional }, { grammar }] = await Promise.all([
    import('@commitlint/lint'),
    import('@commitlint/config-conventional'),
    loadParser(),
  ])
  const rules: QualifiedRules = {
    ...conventional.rules,
    'header-max-length': [2, 'always', policy.headerLengthMax],
    ...(policy.types === null ? {} : { 'type-enum': [2, 'always', [...policy.types]] }),
    ...(policy.scopes === null ? {} : { 'scope-enum': [2, 'always', [...policy.scopes]] }),
  }
  return async ({ id, message }) => {
    if (isToBeSquashed(message))
      return policy.fixups === 'allow'
        ? []
        : [finding(id, message, { name: 'fixup', level: 2, message: 'is to be squashed: git rebase --autosquash' })]
    const { errors, warnings } = await lint(message, rules, { parserOpts: grammar, defaultIgnores: true })
    return [...errors, ...warnings].map((problem) => finding(id, message, problem))
  }
}

const isToBeSquashed = (message: string): boolean => /^(?:fixup|squash|amend)! /.test(message)

type Problem = { readonly name: string; readonly level: number; readonly message: string }

const finding = (id: string, message: string, problem: Problem): Finding => ({
  rule: `commit/${problem.name}`,
  severity: problem.level === 2 ? 'medium' : 'low',
  message: `${id.slice(0, 7)} ${JSON.stringify((message.split('\n', 1)[0] ?? '').slice(0, 100))}: ${problem.message}.`,
  file: null,
  line: null,
  commit: id,
  excerpt: null,
  fingerprint: `${id.slice(0, 16)}:${problem.name}`,
  help: 'https://www.conventionalcommits.org/en/v1.0.0/',
})

/** The parser and the grammar of the convention. */
const loadParser = async () => {
  const [{ parse }, { default: createPreset }] = await Promise.all([
    import('@commitlint/parse'),
    import('conventional-changelog-conventionalcommits'),
  ])
  const preset: { readonly parser?: Parameters<typeof parse>[2] } = createPreset()
  return { parse, grammar: preset.parser ?? {} }
}
