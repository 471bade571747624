/** A bare repository whose pushes start runs: git's own repository, and a hook in it. */
import { execFile } from 'node:child_process'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { writeWhole } from '../../lib/files.ts'
import { git, must } from '../../lib/git.ts'

/** What the hook calls: the program, and for which project. */
export type BareRepository = {
  readonly path: string
  readonly self: readonly string[]
  readonly projectDir: string
  readonly stateDir: string
}

const mark = '# Written by sluice source init.'

/** Makes the repository, or takes the one that is there, and puts the hook into it. Safe to repeat. `command_conflict` where somebody's own hook is, `usage_invalid` where no bare repository can be. */
export const makeBare = async (
  wanted: BareRepository,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly isNew: boolean }> => {
  const path = resolve(wanted.path)
  const isNew = await madeAt(path, signal)
  const hook = join(path, 'hooks', 'post-receive')
  const there = await readFile(hook, 'utf8').catch(() => null)
  if (there !== null && !there.includes(mark))
    throw new SluiceError('command_conflict', {
      detail: `${hook} is somebody's own, and stays as it is`,
      hint: `have it end with: ${callOf(wanted)}`,
    })
  await mkdir(join(path, 'hooks'), { recursive: true })
  await writeWhole(hook, hookText(wanted), 0o755)
  await ownHooks(path, signal)
  return { path, isNew }
}

/** Whether the repository at a path has the hook. */
export const hasHook = async (path: string): Promise<boolean> =>
  (await readFile(join(path, 'hooks', 'post-receive'), 'utf8').catch(() => '')).includes(mark)

const madeAt = async (path: string, signal: AbortSignal): Promise<boolean> => {
  const found = await stat(path).catch(() => null)
  if (found === null) {
    await mkdir(path, { recursive: true })
    must(await git(path, ['init', '--quiet', '--bare', '--initial-branch=main', '.'], signal), `making ${path}`)
    return true
  }
  const asked = found.isDirectory()
    ? await git(path, ['rev-parse', '--is-bare-repository', '--absolute-git-dir'], signal)
    : null
  const [isBare, place] = asked?.code === 0 ? asked.out.split('\n') : []
  // A folder inside of some other repository is none itself.
  if (isBare === 'true' && place !== undefined && resolve(place) === path) return false
  throw new SluiceError('usage_invalid', {
    detail: `${path} is there, and is no bare repository`,
    hint: 'name a path where nothing is: sluice source init storefront.git',
  })
}

/** Where somebody's settings keep hooks elsewhere, this repository would have none. Asked without our own word against hooks. */
const ownHooks = async (path: string, signal: AbortSignal): Promise<void> => {
  const own = join(path, 'hooks')
  const elsewhere = await new Promise<string>((done) => {
    execFile('git', ['-C', path, 'config', '--get', 'core.hooksPath'], { signal }, (_error, out) => done(out.trim()))
  })
  if (elsewhere === '' || elsewhere === own) return
  must(await git(path, ['config', 'core.hooksPath', own], signal), `setting the hooks of ${path}`)
}

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`

const callOf = ({ self, projectDir, stateDir }: BareRepository): string =>
  [...self, 'source', 'received', '--project', projectDir, '--state-dir', stateDir].map(quoted).join(' ')

const hookText = (wanted: BareRepository): string => `#!/bin/sh
${mark} It tells the control plane what was pushed; a push is never refused by it.
exec ${callOf(wanted)}
`
