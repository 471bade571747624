/** The demo's project: a real git repository of the sample service, with one commit for each chapter. */
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { SluiceError } from '../../core/errors.ts'

/** One commit to be made: the folder of its files, and what its author wrote. */
export type Chapter = '1-good' | '2-bad' | '3-fixed'

/** Where the demo's repository is, and how to go on in it. */
export type Project = {
  readonly directory: string
  /** Lays a chapter's files over the tree and commits them; gives the commit's id. */
  readonly commit: (chapter: Chapter) => Promise<{ readonly id: string; readonly subject: string }>
}

/** Ports that the demo's environments listen on. */
export type DemoPorts = { readonly staging: number; readonly production: number }

/** Folder of the sample service: beside the packages in the repository, inside the package once published. */
const storefront = (): string => {
  const places = ['../../../../../examples/storefront', '../../../examples/storefront']
  const found = places
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((place) => existsSync(join(place, 'demo')))
  if (found !== undefined) return found
  throw new SluiceError('not_found', {
    detail: 'the sample service examples/storefront is not part of this installation',
    hint: 'npm install sluice again',
  })
}

const author = { name: 'Demo', email: 'demo@sluice.invalid' }
const leftOut = new Set(['demo', 'dist', 'node_modules', '.sluice'])

/** Copies the sample service, sets the ports, and makes the repository. Throws `tool_missing` without git. */
export const makeProject = async (directory: string, ports: DemoPorts): Promise<Project> => {
  const source = storefront()
  await mkdir(directory, { recursive: true })
  for (const name of await readdir(source)) {
    if (!leftOut.has(name)) await cp(join(source, name), join(directory, name), { recursive: true })
  }
  const config = join(directory, 'sluice.config.ts')
  const text = await readFile(config, 'utf8')
  await writeFile(
    config,
    text.replace('listen: 8081', `listen: ${ports.staging}`).replace('listen: 8080', `listen: ${ports.production}`),
  )
  await writeFile(join(directory, '.gitignore'), 'dist/\nnode_modules/\n.sluice/\n')
  await git(directory, ['init', '--quiet', '--initial-branch=main'])
  return {
    directory,
    commit: async (chapter) => {
      const message = await readFile(join(source, 'demo', chapter, 'commit.txt'), 'utf8')
      await cp(join(source, 'demo', chapter, 'files'), directory, { recursive: true, force: true })
      await git(directory, ['add', '--all'])
      await git(directory, ['commit', '--quiet', '--message', message])
      return { id: await git(directory, ['rev-parse', 'HEAD']), subject: message.split('\n')[0] ?? '' }
    },
  }
}

const git = async (cwd: string, words: readonly string[]): Promise<string> => {
  const identity = [
    '-c',
    `user.name=${author.name}`,
    '-c',
    `user.email=${author.email}`,
    '-c',
    'commit.gpgSign=false',
    '-c',
    'core.hooksPath=',
  ]
  const result = await execa('git', [...identity, ...words], { cwd, reject: false })
  if (result.exitCode === 0) return result.stdout.trim()
  if (result.code === 'ENOENT')
    throw new SluiceError('tool_missing', {
      detail: 'git is not installed, or not on the PATH',
      hint: 'install git, then: sluice demo',
    })
  throw new SluiceError('unexpected', {
    detail: `git ${words.join(' ')} failed`,
    evidence: result.stderr.split('\n').slice(-10),
  })
}
