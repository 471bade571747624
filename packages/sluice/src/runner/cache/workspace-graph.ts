/**
 * The packages of a monorepo as its package manager sees them: `workspaces` of the root's package.json (npm, yarn) or `pnpm-workspace.yaml`.
 * Sources: npm docs, *Workspaces*; pnpm docs, *pnpm-workspace.yaml*; Yarn docs, *Workspaces* (2026).
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import type { WorkspaceGraph, WorkspacePackage } from '../../core/pipeline/cache/affected.ts'
import { askGit } from './git.ts'
import { byCode, readGlobs } from './globs.ts'
import { listCheckout } from './listing.ts'

/** Reads the packages of a checkout. `config_invalid` for a manifest that cannot be read, `not_found` outside of a repository. */
export const workspaceGraph = async (directory: string, signal: AbortSignal): Promise<WorkspaceGraph> => {
  const { paths } = await listCheckout(directory, signal)
  const root = readManifest(directory, 'package.json')
  const manager = managerOf(directory, root)
  const wanted = manager === 'pnpm' ? await pnpmGlobs(directory) : workspaceGlobs(root)
  const globs = readGlobs(wanted.map((glob) => manifestGlob(glob)))
  const members = paths
    .filter((path) => path.endsWith('/package.json') && !/(?:^|\/)node_modules\//.test(path) && globs.matches(path))
    .filter((path) => existsSync(join(directory, path)))
    .map((path) => ({ directory: posix.dirname(path), manifest: readManifest(directory, path) }))
  const all = [{ directory: '', manifest: root }, ...members].map(({ directory: place, manifest }) => ({
    name: typeof manifest['name'] === 'string' ? manifest['name'] : place || 'root',
    directory: place,
    dependencies: dependenciesOf(manifest),
  }))
  const names = new Set(all.map(({ name }) => name))
  const packages = all.map(({ name, directory: place, dependencies }): WorkspacePackage => ({
    name,
    directory: place,
    needs: dependencies.filter((need) => need !== name && names.has(need)).toSorted(byCode),
  }))
  return { manager, packages, shared: sharedFiles.filter((path) => existsSync(join(directory, path))) }
}

/** Files that differ from `base` where both came from (`git merge-base`), with what is not committed; sorted. `not_found` for a base that git does not know. */
export const changedFiles = async (
  directory: string,
  base: string,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const from = (await askGit(directory, ['merge-base', '--end-of-options', base, 'HEAD'], signal)).trim()
  const [changed, others] = await Promise.all([
    askGit(directory, ['diff', '--name-only', '--no-renames', '--relative', '-z', from, '--'], signal),
    askGit(directory, ['ls-files', '-o', '--exclude-standard', '-z'], signal),
  ])
  const paths = [...changed.split('\0'), ...others.split('\0')].filter((path) => path !== '')
  return [...new Set(paths)].toSorted(byCode)
}

type Manifest = Readonly<Record<string, unknown>>

const sharedFiles = [
  'package.json',
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'yarn.lock',
  '.npmrc',
  '.yarnrc.yml',
]

/** A parser: an object, or an error that names the file. */
const readManifest = (directory: string, path: string): Manifest => {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(directory, path), 'utf8'))
    if (isRecord(manifest)) return manifest
    throw new TypeError('it is not an object')
  } catch (error) {
    throw new SluiceError('config_invalid', {
      detail: `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'affected-only runs need a package.json at the root',
      cause: error,
    })
  }
}

const managerOf = (directory: string, { packageManager }: Manifest): WorkspaceGraph['manager'] => {
  const named = typeof packageManager === 'string' ? /^(npm|pnpm|yarn)@/.exec(packageManager)?.[1] : undefined
  if (named === 'npm' || named === 'pnpm' || named === 'yarn') return named
  if (existsSync(join(directory, 'pnpm-workspace.yaml')) || existsSync(join(directory, 'pnpm-lock.yaml'))) return 'pnpm'
  return existsSync(join(directory, 'yarn.lock')) ? 'yarn' : 'npm'
}

/** A list of globs, or yarn's `{ packages: [...] }`. */
const workspaceGlobs = ({ workspaces }: Manifest): readonly string[] =>
  texts(isRecord(workspaces) ? workspaces['packages'] : workspaces)

const pnpmGlobs = async (directory: string): Promise<readonly string[]> => {
  const path = join(directory, 'pnpm-workspace.yaml')
  if (!existsSync(path)) return []
  const { parse } = await import('yaml')
  try {
    const document: unknown = parse(readFileSync(path, 'utf8'))
    return isRecord(document) ? texts(document['packages']) : []
  } catch (error) {
    throw new SluiceError('config_invalid', {
      detail: `pnpm-workspace.yaml cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      cause: error,
    })
  }
}

/** `packages/*` names folders; what is looked for are the manifests in them. */
const manifestGlob = (glob: string): string => {
  const [, not = '', folder = ''] = /^(!?)(.*?)\/*$/.exec(glob) ?? []
  return `${not}${folder.replace(/^\.\//, '')}/package.json`
}

const dependenciesOf = (manifest: Manifest): readonly string[] => [
  ...new Set(
    ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'].flatMap((kind) => {
      const list = manifest[kind]
      return isRecord(list) ? Object.keys(list) : []
    }),
  ),
]

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []

const isRecord = (value: unknown): value is Manifest =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
