/** The working tree as a commit, made beside everything that is the user's: an index of its own, and no ref that names it. */
import { randomBytes } from 'node:crypto'
import { copyFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { git, gitWith, must } from '../../lib/git.ts'

/** Id of a commit that holds the files of the working tree as they are; HEAD's own when nothing differs from it. */
export const treeCommit = async (directory: string, signal: AbortSignal): Promise<string> => {
  const ask = async (words: readonly string[], what: string): Promise<string> =>
    must(await git(directory, words, signal), what).out.trim()
  const root = await ask(['rev-parse', '--show-toplevel'], 'finding the working tree')
  const head = await ask(['rev-parse', 'HEAD'], 'reading HEAD')
  const folder = resolve(directory, await ask(['rev-parse', '--git-dir'], 'finding the repository'))
  const index = join(folder, `sluice-index-${randomBytes(6).toString('hex')}`)
  // The same files on the same commit are the same commit, however often they are asked for.
  const date = await ask(['log', '-1', '--format=%ct +0000', head], 'reading HEAD')
  const variables = { GIT_INDEX_FILE: index, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
  const within = async (words: readonly string[], what: string): Promise<string> =>
    must(await gitWith({ cwd: root, variables }, words, signal), what).out.trim()
  try {
    // The user's index knows which files did not change; without one everything is read.
    await copyFile(join(folder, 'index'), index).catch(() => {})
    await within(['add', '--all', '--', '.'], 'reading the working tree')
    const tree = await within(['write-tree'], 'writing the working tree')
    if (tree === (await ask(['rev-parse', `${head}^{tree}`], 'reading HEAD'))) return head
    const who = ['-c', 'user.name=Sluice', '-c', 'user.email=sluice@localhost']
    const words = [...who, 'commit-tree', '--no-gpg-sign', '-p', head, '-m', 'the working tree', tree]
    return await within(words, 'committing the working tree')
  } finally {
    await rm(index, { force: true })
  }
}
