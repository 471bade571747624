/** A git repository for one case. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Makes a repository with one commit of the files; gives its id. Files that begin with `#!` can be executed. */
export const makeRepository = (directory: string, files: Readonly<Record<string, string>>): string => {
  mkdirSync(directory, { recursive: true })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
    if (text.startsWith('#!')) chmodSync(join(directory, path), 0o755)
  }
  const git = (...words: readonly string[]): string =>
    execFileSync(
      'git',
      ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false', ...words],
      {
        cwd: directory,
        encoding: 'utf8',
        env: { ...process.env, GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z', GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z' },
      },
    ).trim()
  git('init', '--quiet', '--initial-branch=main')
  git('add', '--all', '--force')
  git('commit', '--quiet', '--message=First')
  return git('rev-parse', 'HEAD')
}
