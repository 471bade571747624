/**
 * `actions/upload-artifact` and `actions/download-artifact`. GitHub keeps files relative to the folder that all of them share. Sluice keeps them where they stand in the workspace, for whoever
 * takes them afterwards, and with them a small file that says which folder that was, so that a download gives the paths that GitHub would.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import picomatch from 'picomatch'
import { SluiceError } from '../../../../core/errors.ts'
import type { Texts } from '../../../../core/pipeline/job-plan.ts'
import { textOf } from '../expressions.ts'
import { matchFiles, rootOf } from '../run/hash-files.ts'
import { tellWarning } from '../run/job-state.ts'
import { isYes, linesOf, moot, type BuiltIn, type BuiltInCall } from './action.ts'

/** Keeps files of the workspace under a name. */
export const uploadArtifact: BuiltIn = {
  inputs: {
    name: 'artifact',
    path: '',
    'if-no-files-found': 'warn',
    'include-hidden-files': 'false',
    overwrite: 'false',
    ...moot('retention-days', 'compression-level', 'archive'),
  },
  run: async (call) => {
    const { state, unit, inputs, signal } = call
    const name = inputs['name'] ?? ''
    if (/[":<>|*?\r\n\\/]/.test(name))
      throw new Error(`The artifact name is not valid: ${name}. Contains one of " : < > | * ? \\r \\n \\ /`)
    const patterns = linesOf(inputs['path'])
    if (patterns.length === 0) throw new Error('Input required and not supplied: path')
    const found = filesOf(call, patterns)
    if (found.files.length === 0) return nothingFound(call, patterns)
    const isTakenNow = !isYes(inputs['overwrite']) && (await isTaken(call, name))
    if (isTakenNow && !adds(call))
      throw new Error(
        `Failed to CreateArtifact: Received non-retryable error: Failed request: (409) Conflict: an artifact with this name already exists on the workflow run (${name})`,
      )
    const kept = isTakenNow ? await added(call, name, found) : found.isInside ? found : broughtIn(call, found)
    const marker = join(markers, `${name}.json`)
    const root = relative(state.shell.directory, kept.root)
    mkdirSync(join(state.shell.directory, markers), { recursive: true })
    writeFileSync(join(state.shell.directory, marker), JSON.stringify({ name, root, job: state.request.job.name }))
    const paths = kept.files.map((file) => relative(state.shell.directory, file))
    await state.shell.keepArtifact(name, [...paths, marker].map(literal), signal)
    rmSync(join(state.shell.directory, markers), { recursive: true, force: true })
    state.made.artifacts.add(name)
    state.shell.note(`Artifact ${name}: ${paths.length} file${paths.length === 1 ? '' : 's'}`)
    unit.outputs['artifact-id'] = String(state.made.files)
    unit.outputs['artifact-url'] = ''
    unit.outputs['artifact-digest'] = ''
  },
}

/** Takes files that earlier jobs kept: one name, a pattern of names, or all of them, each in a folder of its name. */
export const downloadArtifact: BuiltIn = {
  inputs: {
    name: '',
    path: '',
    pattern: '',
    'merge-multiple': 'false',
    'artifact-ids': '',
    repository: '',
    'run-id': '',
    ...moot('github-token', 'digest-mismatch', 'skip-decompress'),
  },
  run: async (call) => {
    const { state, unit, inputs } = call
    for (const name of ['artifact-ids', 'run-id', 'repository'])
      if ((inputs[name] ?? '') !== '')
        throw new Error(`${name} names artifacts of GitHub, which are not fetched; use name or pattern`)
    const path = (inputs['path'] ?? '').replace(/^~(?=\/|$)/, homedir())
    const target = resolve(state.shell.directory, path)
    const name = inputs['name'] ?? ''
    if (name !== '') await takeOne(call, name, target)
    else {
      const matches = picomatch((inputs['pattern'] ?? '') === '' ? '*' : (inputs['pattern'] ?? ''), { dot: true })
      const names = (await namesOf(call)).filter((one) => matches(one))
      const isMerged = isYes(inputs['merge-multiple'])
      for (const one of names) await takeOne(call, one, isMerged ? target : join(target, one))
      state.shell.note(`Total of ${names.length} artifact(s) downloaded`)
    }
    unit.outputs['download-path'] = target
  },
}

/** Where the small files stand; they are gone once an artifact has been kept or taken. */
const markers = '.github-artifact'

type FoundFiles = { readonly files: readonly string[]; readonly root: string; readonly isInside: boolean }

/** Files that the patterns find, and the folder that all of what was searched for shares. */
const filesOf = ({ state, inputs }: BuiltInCall, patterns: readonly string[]): FoundFiles => {
  const workspace = state.shell.directory
  const absolute = patterns.map((pattern) => {
    const bare = pattern
      .replace(/^!/, '')
      .trim()
      .replace(/^~(?=\/|$)/, homedir())
    return { isNegative: pattern.startsWith('!'), path: resolve(workspace, bare) }
  })
  const positive = absolute.filter(({ isNegative }) => !isNegative).map(({ path }) => path)
  const isInside = positive.every((path) => isBelow(workspace, path))
  const base = isInside ? workspace : '/'
  const found = matchFiles(
    base,
    absolute.map(({ isNegative, path }) => `${isNegative ? '!' : ''}${path}`),
    true,
  )
  const roots = positive.map(rootOf)
  const files = isYes(inputs['include-hidden-files'])
    ? found
    : found.filter((file) => roots.some((root) => isShown(file, root, workspace)))
  return { files, root: commonRoot(positive, files), isInside }
}

/** Hidden is what lies below a folder that is searched, or is that folder, and has a dot in front; folders above it do not count. Source: actions/toolkit, `glob`. */
const isShown = (file: string, root: string, workspace: string): boolean => {
  if (!isBelow(root, file)) return false
  const parts = [...(root === workspace ? [] : [basename(root)]), ...relative(root, file).split(sep)]
  return !parts.some((part) => part.startsWith('.'))
}

const isBelow = (folder: string, path: string): boolean => !relative(folder, path).startsWith('..')

/** One search path: its folder. Several: what their folders have in common. Source: actions/upload-artifact, `shared/search.ts`. */
const commonRoot = (patterns: readonly string[], files: readonly string[]): string => {
  const [file = '/'] = files
  const bases = patterns.map((pattern) => {
    const path = rootOf(pattern)
    return path === pattern && existsSync(path) && !statSync(path).isDirectory() ? dirname(path) : path
  })
  const [only] = bases
  if (only === undefined) return dirname(file)
  if (bases.length === 1) return only
  const split = bases.map((path) => path.split('/'))
  const shared: string[] = []
  for (const [index, part] of (split[0] ?? []).entries()) {
    if (!split.every((parts) => parts[index] === part)) break
    shared.push(part)
  }
  return shared.join('/') || '/'
}

/** Copies files from outside of the workspace into it, because only from there they can be kept. */
const broughtIn = ({ state, inputs }: BuiltInCall, { files, root }: FoundFiles): FoundFiles => {
  const folder = join(state.shell.directory, markers, `files-of-${inputs['name'] ?? ''}`)
  const copies = files.map((file) => {
    const copy = join(folder, relative(root, file))
    mkdirSync(dirname(copy), { recursive: true })
    cpSync(file, copy)
    return copy
  })
  return { files: copies, root: folder, isInside: true }
}

/** Up to its version 3 the action adds to what has the name already. */
const adds = ({ step }: BuiltInCall): boolean => /@v?[1-3](?:\.|$)/.test(textOf(step['uses'] ?? null))

const added = async (call: BuiltInCall, name: string, found: FoundFiles): Promise<FoundFiles> => {
  const earlier = join(call.state.shell.directory, markers, `files-of-${name}`)
  await takeOne(call, name, earlier)
  broughtIn(call, found)
  return { files: matchFiles(call.state.shell.directory, [earlier], true), root: earlier, isInside: true }
}

const nothingFound = ({ state, inputs }: BuiltInCall, patterns: readonly string[]): void => {
  const message = `No files were found with the provided path: ${patterns.join(', ')}. No artifacts will be uploaded.`
  const what = inputs['if-no-files-found']
  if (what === 'error') throw new Error(message)
  if (what === 'ignore') state.shell.note(message)
  else tellWarning(state, message)
}

/** Takes the meaning of wildcards from the characters of a path. */
const literal = (path: string): string => path.replaceAll(/[\\*?[\]{}()!]/g, '\\$&')

const takeOne = async ({ state, signal }: BuiltInCall, name: string, target: string): Promise<void> => {
  const folder = mkdtempSync(join(state.folders.temporary, 'artifact-'))
  try {
    await state.shell.takeArtifact(name, folder, signal)
    const marker = join(folder, markers, `${name}.json`)
    const root = markerIn(marker)['root'] ?? ''
    rmSync(marker, { force: true })
    const from = join(folder, root)
    mkdirSync(target, { recursive: true })
    // Each by itself: the target may be a link to a folder, as the workspace is, and that is no folder to copy onto.
    for (const name of existsSync(from) ? readdirSync(from) : [])
      if (name !== markers) cpSync(join(from, name), join(target, name), { recursive: true })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`Unable to download artifact(s): Artifact not found for name: ${name} (${reason})`, {
      cause: error,
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const markerIn = (marker: string): Texts => {
  const content: unknown = existsSync(marker) ? JSON.parse(readFileSync(marker, 'utf8')) : null
  return typeof content === 'object' && content !== null
    ? Object.fromEntries(Object.entries(content).map(([name, value]) => [name, String(value)]))
    : {}
}

/** Whether a name is another job's, or was given by this one already; an earlier attempt at this job does not count. */
const isTaken = async ({ state, signal }: BuiltInCall, name: string): Promise<boolean> => {
  if (state.made.artifacts.has(name)) return true
  const folder = mkdtempSync(join(state.folders.temporary, 'artifact-'))
  try {
    await state.shell.takeArtifact(name, folder, signal)
    return markerIn(join(folder, markers, `${name}.json`))['job'] !== state.request.job.name
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'artifact_missing') return false
    throw error
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const namesOf = async ({ state, signal }: BuiltInCall): Promise<readonly string[]> => {
  const folder = mkdtempSync(join(state.folders.temporary, 'artifacts-'))
  try {
    return (await state.shell.takeArtifact(null, folder, signal)).toSorted()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
