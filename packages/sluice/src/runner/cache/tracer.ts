/**
 * Which files the processes of a job open, told by the kernel through strace. Used where a job asks for strict checking; each opened file costs two stops of the
 * process that opens it. Source: strace(1), 6.1: `-y` prints what descriptors and `AT_FDCWD` stand for, `--seccomp-bpf` stops only for the calls that are wanted.
 */
import { execFile } from 'node:child_process'
import { createReadStream, lstatSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { SluiceError } from '../../core/errors.ts'

/** A way to see what is opened. */
export type Tracer = {
  /** For people: `strace 6.1`. */
  readonly label: string
  /** The words that run a command and write what it opens to a file. */
  readonly wrap: (argv: readonly string[], file: string) => readonly string[]
}

/** What the processes opened, relative to the workspace; nothing outside of it is told. */
export type Traced = { readonly reads: readonly string[]; readonly writes: readonly string[] }

const calls =
  'open,openat,openat2,creat,execve,execveat,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,chdir'

/** Finds a tracer that works here; `tool_missing` says what to install, or what forbids it. */
export const findTracer = async (environment: Readonly<Record<string, string | undefined>>): Promise<Tracer> => {
  const run = promisify(execFile)
  const folder = await mkdtemp(join(tmpdir(), 'sluice-tracer-'))
  try {
    const env = { ...environment }
    const { stdout } = await run('strace', ['-V'], { env })
    const label = /^strace -- version (\S+)/.exec(stdout)?.[1] ?? 'of unknown version'
    // A container may have the program and forbid what it does.
    await run('strace', [...options(join(folder, 'trial')), 'true'], { env })
    return { label: `strace ${label}`, wrap: (argv, file) => ['strace', ...options(file), ...argv] }
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new SluiceError('tool_missing', {
      detail: isAbsent
        ? 'cache.strict needs strace to see what a job reads, and it is not installed'
        : 'cache.strict needs strace to see what a job reads, and it may not trace processes here',
      hint: isAbsent
        ? 'install strace (apt-get install strace), or set cache.strict to false'
        : 'allow ptrace (in a container: --cap-add SYS_PTRACE), or set cache.strict to false',
      cause: error,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const options = (file: string): readonly string[] => [
  '-f',
  '-qq',
  '-y',
  '--seccomp-bpf',
  '-s',
  '4096',
  '-e',
  `trace=${calls}`,
  '-e',
  'signal=none',
  '-o',
  file,
]

/** Reads what a tracer wrote. Folders are no files; what was opened and is gone counts by how it was opened. */
export const readTrace = async (file: string, workspace: string, start: string = workspace): Promise<Traced> => {
  const reads = new Set<string>()
  const writes = new Set<string>()
  const parser = traceParser(start)
  for await (const line of createInterface({ input: createReadStream(file, 'latin1'), crlfDelay: Infinity })) {
    for (const { path, isWrite } of parser(line)) {
      const inside = path.startsWith(`${workspace}/`) ? path.slice(workspace.length + 1) : null
      if (inside === null) continue
      if (isWrite) writes.add(inside)
      // Made by the job before it was read: nothing that its result depends on.
      else if (!writes.has(inside)) reads.add(inside)
    }
  }
  const isFolder = (path: string): boolean =>
    lstatSync(join(workspace, path), { throwIfNoEntry: false })?.isDirectory() === true
  const files = (paths: ReadonlySet<string>): readonly string[] =>
    [...paths].filter((path) => !isFolder(path)).toSorted()
  return { reads: files(reads), writes: files(writes) }
}

type Touch = { readonly path: string; readonly isWrite: boolean }

/** A parser of lines, one process's calls apart from another's: a call that others interrupt is told in two halves. */
const traceParser = (start: string): ((line: string) => readonly Touch[]) => {
  const halves = new Map<string, string>()
  const folders = new Map<string, string>()
  return (line) => {
    const [, pid = '', said = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const half = /^(.*) <unfinished \.\.\.>$/.exec(said)?.[1]
    if (half !== undefined) {
      halves.set(pid, half)
      return []
    }
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(said)?.[1]
    const call = rest === undefined ? said : `${halves.get(pid) ?? ''}${rest}`
    const folder = /AT_FDCWD<((?:[^>\\]|\\.)*)>/.exec(call)?.[1]
    if (folder !== undefined) folders.set(pid, decode(folder))
    return touches(call, folders.get(pid) ?? start, (path) => folders.set(pid, path))
  }
}

const touches = (call: string, folder: string, move: (path: string) => void): readonly Touch[] => {
  const [, name = '', given = '', result = ''] = /^(\w+)\((.*)\) += (.*)$/.exec(call) ?? []
  if (name === '' || result.startsWith('-1') || result.startsWith('?')) return []
  const paths = [...given.matchAll(/(?:<((?:[^>\\]|\\.)*)>, )?"((?:[^"\\]|\\.)*)"/g)].map(([, base, path = '']) =>
    posix.resolve(base === undefined ? folder : decode(base), decode(path)),
  )
  const [first] = paths
  if (name === 'chdir') {
    if (first !== undefined) move(first)
    return []
  }
  if (name.startsWith('exec')) return first === undefined ? [] : [{ path: first, isWrite: false }]
  if (!name.startsWith('open') && name !== 'creat') return paths.slice(0, 2).map((path) => ({ path, isWrite: true }))
  if (/\bO_(?:PATH|DIRECTORY)\b/.test(given)) return []
  const opened = /^\d+<((?:[^>\\]|\\.)*)>/.exec(result)?.[1]
  const path = opened === undefined ? first : decode(opened)
  if (path === undefined) return []
  const isMade = name === 'creat' || /\bO_TRUNC\b|\bO_EXCL\b/.test(given)
  const isWrite = isMade || /\bO_(?:WRONLY|RDWR)\b/.test(given)
  // Opened for both and kept: what was in it may have been read.
  return /\bO_RDWR\b/.test(given) && !isMade
    ? [
        { path, isWrite: false },
        { path, isWrite: true },
      ]
    : [{ path, isWrite }]
}

/** C escapes of bytes (`\303\274`, `\"`) as the UTF-8 that they are. */
const decode = (text: string): string => {
  const bytes = text.replaceAll(/\\(?:[0-7]{1,3}|x[0-9a-f]{2}|.)/g, (escape) => {
    const rest = escape.slice(1)
    if (/^[0-7]/.test(rest)) return String.fromCharCode(Number.parseInt(rest, 8))
    if (rest.startsWith('x')) return String.fromCharCode(Number.parseInt(rest.slice(1), 16))
    return letters[rest] ?? rest
  })
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

const letters: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' }
