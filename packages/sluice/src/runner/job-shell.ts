/** The machine under one job, as a dialect sees it. */
import { StringDecoder } from 'node:string_decoder'
import { relative, resolve } from 'node:path'
import { SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Annotation, CacheSearch, Execution, ExecutionEnd, JobShell } from '../ports/dialect.ts'
import type { RunAs } from './isolation/launcher.ts'
import type { JobLog } from './log/job-log.ts'
import type { OnOutput, Processes } from './processes.ts'
import type { RunFiles } from './run-files.ts'
import type { Workspace } from './workspace/workspace.ts'

/** Folders kept under a key from run to run. Paths are relative to `directory`, or absolute; `directory` is listed, read and written, but has no `realpath`. */
export type FolderCache = {
  /** Gives the key that was found, null when there is none. */
  readonly restore: (cache: CacheSearch & { readonly directory: string }, signal: AbortSignal) => Promise<string | null>
  /** Does nothing when the key is there already. */
  readonly save: (
    cache: { readonly key: string; readonly paths: readonly string[]; readonly directory: string },
    signal: AbortSignal,
  ) => Promise<void>
}

/** What a shell is made of. */
export type JobShellOptions = {
  readonly workspace: Workspace
  readonly processes: Processes
  readonly log: JobLog
  readonly env: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
  readonly runFiles: RunFiles
  readonly caches: FolderCache | null
  /** Changes the words of every command; absent: as they are. */
  readonly wrap?: (argv: readonly string[], directory: string | null) => readonly string[]
}

/** What a job said besides its log. */
export type Said = {
  readonly annotations: readonly Annotation[]
  readonly summary: string
  /** Paths relative to the workspace. */
  readonly reports: readonly { readonly format: string; readonly path: string }[]
  /** Absolute paths outside of the workspace. */
  readonly provided: readonly { readonly format: string; readonly path: string }[]
}

/** Implements the port over processes, workspace and log of one job. */
export class LocalJobShell implements JobShell {
  readonly directory: string
  readonly temporary: string
  readonly env: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
  readonly #options: JobShellOptions
  readonly #annotations: Annotation[] = []
  readonly #reports: { readonly format: string; readonly path: string }[] = []
  readonly #provided: { readonly format: string; readonly path: string }[] = []
  #summary = ''

  constructor(options: JobShellOptions) {
    this.#options = options
    this.directory = options.workspace.directory
    this.temporary = options.workspace.temporary
    this.env = options.env
    this.secrets = options.secrets
  }

  async exec(
    { argv, env, directory, timeoutMs }: Execution,
    signal: AbortSignal,
    onLine?: (line: string, stream: 'stdout' | 'stderr') => string | null,
  ): Promise<ExecutionEnd> {
    const { log, processes, wrap = (words) => words } = this.#options
    const lines = onLine === undefined ? null : new LineTap(log, onLine)
    const onOutput: OnOutput = (stream, chunk) => {
      const isTaken = lines === null ? log.write(stream, chunk) : lines.push(stream, chunk)
      return isTaken ? null : log.drained()
    }
    const as: RunAs | null = null
    const end = await processes.run(
      {
        argv: wrap(argv, directory),
        env: { ...this.env, ...env, ...this.#marks() },
        directory,
        timeoutMs,
        as,
        onOutput,
      },
      signal,
    )
    lines?.end()
    return end
  }

  note(text: string): void {
    this.#options.log.note(text)
  }

  group(name: string): void {
    this.#options.log.group(name)
  }

  endGroup(): void {
    this.#options.log.endGroup()
  }

  mask(value: string): void {
    this.#options.log.addMask(value)
  }

  annotate(annotation: Annotation): void {
    if (this.#annotations.length >= limits.annotationsMax) return
    const { log } = this.#options
    const { title, message, file } = annotation
    const masked = (text: string | null): string | null => (text === null ? null : log.masked(text))
    this.#annotations.push({ ...annotation, title: masked(title), message: log.masked(message), file: masked(file) })
    log.annotate(annotation)
  }

  summarize(markdown: string): void {
    const room = limits.stepFileBytesMax - this.#summary.length
    this.#summary += this.#options.log.masked(markdown).slice(0, Math.max(0, room))
    this.#options.log.summarize(markdown)
  }

  keepArtifact(name: string, paths: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#options.runFiles.keep(name, { directory: this.directory, paths, exclude: [], glob: true }, signal)
  }

  takeArtifact(name: string | null, directory: string, signal: AbortSignal): Promise<readonly string[]> {
    return this.#options.runFiles.take(name, resolve(this.directory, directory), signal)
  }

  async restoreCache(cache: CacheSearch, signal: AbortSignal): Promise<string | null> {
    return (await this.#options.caches?.restore({ ...cache, directory: this.directory }, signal)) ?? null
  }

  async saveCache(
    cache: { readonly key: string; readonly paths: readonly string[] },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#options.caches?.save({ ...cache, directory: this.directory }, signal)
  }

  report(format: string, path: string): void {
    this.#reports.push({ format, path: relative(this.directory, resolve(this.directory, path)) })
  }

  /** Evidence that lies outside of the workspace, absolute. */
  provide(format: string, path: string): void {
    this.#provided.push({ format, path })
  }

  /** What was collected. */
  said(): Said {
    return {
      annotations: [...this.#annotations],
      summary: this.#summary,
      reports: [...this.#reports],
      provided: [...this.#provided],
    }
  }

  /** What no step may take away: it is how the job's processes are found again. */
  #marks(): Readonly<Record<string, string>> {
    const mark = this.env[markVariable]
    if (mark === undefined) throw new SluiceError('unexpected', { detail: 'the job has no mark' })
    return { [markVariable]: mark }
  }
}

/** Carries the job's folder, which no two jobs of this machine share. */
export const markVariable = 'SLUICE_JOB_MARK'

type OnLine = (line: string, stream: 'stdout' | 'stderr') => string | null

/** What of a line was handed on before its end came: nothing, its beginning, or nothing because the listener took it. */
type Handed = 'nothing' | 'beginning' | 'taken'

type TappedSource = { readonly decoder: StringDecoder; rest: string; handed: Handed }

/**
 * Hands whole lines to a listener before the log gets what the listener makes of them. Of a line longer than `limits.tappedLineMax` the listener sees only the
 * beginning, and what it decides holds for the line. The log gets no line feed that the job did not print: it masks, and cuts, by itself.
 */
class LineTap {
  readonly #log: JobLog
  readonly #onLine: OnLine
  readonly #sources: Readonly<Record<'stdout' | 'stderr', TappedSource>> = {
    stdout: { decoder: new StringDecoder('utf8'), rest: '', handed: 'nothing' },
    stderr: { decoder: new StringDecoder('utf8'), rest: '', handed: 'nothing' },
  }

  constructor(log: JobLog, onLine: OnLine) {
    this.#log = log
    this.#onLine = onLine
  }

  /** Whether the log takes more at once. */
  push(stream: 'stdout' | 'stderr', chunk: Uint8Array): boolean {
    const source = this.#sources[stream]
    const lines = (source.rest + source.decoder.write(Buffer.from(chunk))).split('\n')
    source.rest = lines.pop() ?? ''
    let isTaken = true
    for (const line of lines) isTaken = this.#end(stream, line) && isTaken
    // A line without an end must not grow without one.
    if (source.rest.length > (source.handed === 'nothing' ? limits.tappedLineMax : 0)) {
      isTaken = this.#begin(stream, source.rest) && isTaken
      source.rest = ''
    }
    return isTaken
  }

  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const source = this.#sources[stream]
      const rest = source.rest + source.decoder.end()
      source.rest = ''
      if (rest !== '' || source.handed !== 'nothing') this.#end(stream, rest)
    }
  }

  /** A part of a line, and not its last. */
  #begin(stream: 'stdout' | 'stderr', part: string): boolean {
    const source = this.#sources[stream]
    if (source.handed === 'taken') return true
    const logged = source.handed === 'beginning' ? part : this.#onLine(part, stream)
    source.handed = logged === null ? 'taken' : 'beginning'
    return logged === null || this.#log.write(stream, Buffer.from(logged))
  }

  /** A line, or what is left of it. */
  #end(stream: 'stdout' | 'stderr', line: string): boolean {
    const source = this.#sources[stream]
    const { handed } = source
    source.handed = 'nothing'
    if (handed === 'taken') return true
    const logged = handed === 'beginning' ? line : this.#onLine(line.endsWith('\r') ? line.slice(0, -1) : line, stream)
    return logged === null || this.#log.write(stream, Buffer.from(`${logged}\n`))
  }
}
