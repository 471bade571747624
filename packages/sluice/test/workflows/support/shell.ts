/** A job's machine for the corpus: real processes in a real folder, what it is told kept for looking at. */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import picomatch from 'picomatch'
import type { Texts } from '../../../src/core/pipeline/job-plan.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { endGroup } from '../../../src/lib/process-group.ts'
import type { Annotation, Execution, ExecutionEnd, JobShell } from '../../../src/ports/dialect.ts'

/** What a job has said. */
export type Said = {
  /** Lines of its processes, masked, in order. */
  readonly output: string[]
  /** Lines of the runner's own. */
  readonly notes: string[]
  /** Names of the folds, indented by depth. */
  readonly groups: string[]
  readonly annotations: Annotation[]
  readonly summary: string[]
  readonly reports: string[]
}

/** Folders of a run that jobs share. */
export type Shelves = { readonly artifacts: string; readonly caches: string }

/** A shell over child processes, with artifacts and caches as plain folders. */
export const testShell = (place: {
  readonly directory: string
  readonly temporary: string
  readonly env: Texts
  readonly secrets: Texts
  readonly shelves: Shelves
}): { readonly shell: JobShell; readonly said: Said } => {
  const said: Said = { output: [], notes: [], groups: [], annotations: [], summary: [], reports: [] }
  const masks = new Set<string>(Object.values(place.secrets).filter((secret) => secret !== ''))
  const masked = (text: string): string => {
    let clean = text
    for (const secret of [...masks].toSorted((a, b) => b.length - a.length)) clean = clean.replaceAll(secret, '***')
    return clean
  }
  let depth = 0
  const shell: JobShell = {
    directory: place.directory,
    temporary: place.temporary,
    env: place.env,
    secrets: place.secrets,
    exec: async (execution, signal, onLine) => {
      const read = (line: string, stream: 'stdout' | 'stderr'): void => {
        const told = onLine === undefined ? line : onLine(line, stream)
        if (told !== null) said.output.push(masked(told))
      }
      return execute({ ...execution, env: { ...place.env, ...execution.env } }, signal, read)
    },
    note: (text) => void said.notes.push(masked(text)),
    group: (name) => {
      said.groups.push(`${'  '.repeat(depth)}${masked(name)}`)
      depth += 1
    },
    endGroup: () => {
      depth = Math.max(0, depth - 1)
    },
    mask: (value) => void masks.add(value),
    annotate: (annotation) => void said.annotations.push({ ...annotation, message: masked(annotation.message) }),
    summarize: (markdown) => void said.summary.push(masked(markdown)),
    ...shelved(place.directory, place.shelves),
    report: (format, path) => void said.reports.push(`${format} ${path}`),
  }
  return { shell, said }
}

type Shelved = Pick<JobShell, 'keepArtifact' | 'takeArtifact' | 'restoreCache' | 'saveCache'>

/** Artifacts and caches as plain folders. */
const shelved = (directory: string, shelves: Shelves): Shelved => ({
  keepArtifact: async (name, paths) => {
    const files = filesIn(directory).filter((file) => paths.some((path) => picomatch(path, { dot: true })(file)))
    if (files.length === 0) throw new SluiceError('artifact_missing', { detail: `nothing for ${name}` })
    copy(files, directory, join(shelves.artifacts, name))
  },
  takeArtifact: async (name, target) => {
    const names = name === null ? readdirSync(shelves.artifacts) : [name]
    return names.flatMap((one) => {
      const shelf = join(shelves.artifacts, one)
      if (!existsSync(shelf)) throw new SluiceError('artifact_missing', { detail: `there is no artifact ${one}` })
      const files = filesIn(shelf)
      copy(files, shelf, target)
      return files
    })
  },
  restoreCache: async ({ key, restoreKeys, paths }) => {
    const keys = readdirSync(shelves.caches).map((name) => decodeURIComponent(name))
    const found = keys.includes(key)
      ? key
      : restoreKeys.flatMap((prefix) =>
          keys
            .filter((one) => one.startsWith(prefix))
            .toSorted()
            .slice(-1),
        )[0]
    if (found === undefined) return null
    const shelf = join(shelves.caches, encodeURIComponent(found))
    for (const path of paths)
      if (existsSync(join(shelf, encodeURIComponent(path))))
        cpSync(join(shelf, encodeURIComponent(path)), absolute(directory, path), { recursive: true })
    return found
  },
  saveCache: async ({ key, paths }) => {
    const shelf = join(shelves.caches, encodeURIComponent(key))
    if (existsSync(shelf)) return
    mkdirSync(shelf, { recursive: true })
    for (const path of paths)
      if (existsSync(absolute(directory, path)))
        cpSync(absolute(directory, path), join(shelf, encodeURIComponent(path)), { recursive: true })
  },
})

const absolute = (directory: string, path: string): string => (isAbsolute(path) ? path : resolve(directory, path))

const copy = (files: readonly string[], from: string, to: string): void => {
  for (const file of files) {
    mkdirSync(dirname(join(to, file)), { recursive: true })
    rmSync(join(to, file), { force: true })
    cpSync(join(from, file), join(to, file))
  }
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('.git/') && statSync(join(folder, path)).isFile())
    .map((path) => relative(folder, join(folder, path)))
    .toSorted()

/** How long a process may take to end once it was told to, milliseconds. */
const graceMs = 300

const execute = (
  { argv, env, directory, timeoutMs }: Execution,
  signal: AbortSignal,
  read: (line: string, stream: 'stdout' | 'stderr') => void,
): Promise<ExecutionEnd> =>
  new Promise((done) => {
    const [program = '', ...words] = argv
    const child = spawn(program, words, { cwd: directory, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let isLate = false
    const end = (): void => {
      if (child.pid !== undefined) void endGroup(child.pid, graceMs)
    }
    const timer =
      timeoutMs === null
        ? null
        : setTimeout(() => {
            isLate = true
            end()
          }, timeoutMs)
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
    for (const stream of ['stdout', 'stderr'] as const) {
      let rest = ''
      child[stream].setEncoding('utf8')
      child[stream].on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) read(line.replace(/\r$/, ''), stream)
      })
      child[stream].on('end', () => {
        if (rest !== '') read(rest, stream)
      })
    }
    const finish = (ended: ExecutionEnd): void => {
      if (timer !== null) clearTimeout(timer)
      signal.removeEventListener('abort', end)
      done(ended)
    }
    child.once('error', (error) => finish({ kind: 'unstartable', detail: error.message }))
    child.once('close', (code, name) => {
      if (isLate) finish({ kind: 'timed_out' })
      else if (signal.aborted) finish({ kind: 'cancelled' })
      else if (code === null) finish({ kind: 'signalled', signal: name ?? '' })
      else finish({ kind: 'exited', code })
    })
  })
