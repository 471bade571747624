/**
 * Main file of the process in which `actions/github-script` runs: `node script-worker.ts <file>`. Offers what `@actions/core`, `exec`, `io`, `glob` and `context` offer to usual scripts, by
 * workflow commands and command files. Parser: the file is written by `github-script.ts`.
 */
import { spawn } from 'node:child_process'
import { appendFileSync, cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join, resolve } from 'node:path'

type Job = {
  readonly script: string
  readonly github: Readonly<Record<string, unknown>>
  readonly encoding: string
  readonly workspace: string
}

const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Job

const write = (line: string): void => void process.stdout.write(`${line}\n`)

const escapeData = (value: unknown): string =>
  textOf(value).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const escapeProperty = (value: unknown): string => escapeData(value).replaceAll(':', '%3A').replaceAll(',', '%2C')

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return ''
  if (value instanceof Error) return String(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const command = (name: string, data: unknown, properties: Readonly<Record<string, unknown>> = {}): void => {
  const pairs = Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${escapeProperty(value)}`)
  write(`::${name}${pairs.length > 0 ? ` ${pairs.join(',')}` : ''}::${escapeData(data)}`)
}

const toFile = (variable: string, text: string): void => appendFileSync(process.env[variable] ?? '', text)

const keyValue = (variable: string, name: string, value: unknown): void => {
  const text = textOf(value)
  let end = 'ghadelimiter'
  while (text.includes(end)) end += '_'
  toFile(variable, `${name}<<${end}\n${text}\n${end}\n`)
}

const annotate =
  (name: string) =>
  (message: unknown, place: Readonly<Record<string, unknown>> = {}): void =>
    command(name, message, {
      title: place['title'],
      file: place['file'],
      line: place['startLine'],
      endLine: place['endLine'],
      col: place['startColumn'],
      endColumn: place['endColumn'],
    })

const input = (name: string, options: { readonly required?: boolean } = {}): string => {
  const value = (process.env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] ?? '').trim()
  if (options.required === true && value === '') throw new Error(`Input required and not supplied: ${name}`)
  return value
}

const createSummary = (): Readonly<Record<string, unknown>> => {
  let text = ''
  const add = (more: string): unknown => {
    text += more
    return summary
  }
  const summary = {
    addRaw: (more: string, isLine = false) => add(isLine ? `${more}\n` : more),
    addEOL: () => add('\n'),
    addHeading: (heading: string, level = 1) => add(`<h${level}>${heading}</h${level}>\n`),
    addCodeBlock: (code: string, language = '') =>
      add(`<pre${language === '' ? '' : ` lang="${language}"`}><code>${code}</code></pre>\n`),
    addList: (items: readonly string[], isOrdered = false) => {
      const tag = isOrdered ? 'ol' : 'ul'
      return add(`<${tag}>${items.map((item) => `<li>${item}</li>`).join('')}</${tag}>\n`)
    },
    addTable: (rows: readonly (readonly (string | { readonly data: string; readonly header?: boolean })[])[]) =>
      add(`<table>${rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('')}</table>\n`),
    addLink: (label: string, address: string) => add(`<a href="${address}">${label}</a>\n`),
    addDetails: (label: string, content: string) => add(`<details><summary>${label}</summary>${content}</details>\n`),
    addQuote: (quote: string) => add(`<blockquote>${quote}</blockquote>\n`),
    addImage: (source: string, alt: string) => add(`<img src="${source}" alt="${alt}">\n`),
    addBreak: () => add('<br>\n'),
    addSeparator: () => add('<hr>\n'),
    stringify: () => text,
    isEmptyBuffer: () => text === '',
    emptyBuffer: () => {
      text = ''
      return summary
    },
    write: async () => {
      toFile('GITHUB_STEP_SUMMARY', text)
      text = ''
      return summary
    },
  }
  return summary
}

const cell = (one: string | { readonly data: string; readonly header?: boolean }): string => {
  if (typeof one === 'string') return `<td>${one}</td>`
  return one.header === true ? `<th>${one.data}</th>` : `<td>${one.data}</td>`
}

const core = {
  debug: (message: unknown) => command('debug', message),
  info: (message: unknown) => write(textOf(message)),
  notice: annotate('notice'),
  warning: annotate('warning'),
  error: annotate('error'),
  setOutput: (name: string, value: unknown) => keyValue('GITHUB_OUTPUT', name, value),
  exportVariable: (name: string, value: unknown) => {
    process.env[name] = textOf(value)
    keyValue('GITHUB_ENV', name, value)
  },
  saveState: (name: string, value: unknown) => keyValue('GITHUB_STATE', name, value),
  getState: (name: string) => process.env[`STATE_${name}`] ?? '',
  addPath: (path: string) => {
    process.env['PATH'] = `${path}${delimiter}${process.env['PATH'] ?? ''}`
    toFile('GITHUB_PATH', `${path}\n`)
  },
  setSecret: (value: string) => command('add-mask', value),
  getInput: input,
  getBooleanInput: (name: string) => input(name) === 'true',
  getMultilineInput: (name: string) =>
    input(name)
      .split('\n')
      .filter((line) => line !== ''),
  setFailed: (message: unknown) => {
    process.exitCode = 1
    command('error', message)
  },
  isDebug: () => process.env['RUNNER_DEBUG'] === '1',
  startGroup: (name: string) => command('group', name),
  endGroup: () => command('endgroup', ''),
  group: async (name: string, work: () => Promise<unknown>) => {
    command('group', name)
    try {
      return await work()
    } finally {
      command('endgroup', '')
    }
  },
  summary: createSummary(),
}

type ExecOptions = {
  readonly cwd?: string
  readonly env?: Record<string, string>
  readonly silent?: boolean
  readonly ignoreReturnCode?: boolean
  readonly input?: Buffer
  readonly listeners?: { readonly stdout?: (data: Buffer) => void; readonly stderr?: (data: Buffer) => void }
}

const execute = async (line: string, words: readonly string[] = [], options: ExecOptions = {}) => {
  const [program = '', ...own] = [...line.matchAll(/(?:"[^"]*"|[^\s"])+/g)].map(([word]) => word.replaceAll('"', ''))
  const child = spawn(program, [...own, ...words], { cwd: options.cwd, env: options.env ?? process.env })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
    options.listeners?.stdout?.(data)
    if (options.silent !== true) process.stdout.write(data)
  })
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString()
    options.listeners?.stderr?.(data)
    if (options.silent !== true) process.stderr.write(data)
  })
  child.stdin.end(options.input)
  const exitCode = await new Promise<number>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done(code ?? 1))
  })
  if (exitCode !== 0 && options.ignoreReturnCode !== true)
    throw new Error(`The process '${program}' failed with exit code ${exitCode}`)
  return { exitCode, stdout, stderr }
}

const exec = {
  exec: async (line: string, words?: readonly string[], options?: ExecOptions) =>
    (await execute(line, words, options)).exitCode,
  getExecOutput: execute,
}

const which = async (tool: string, isRequired = false): Promise<string> => {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, tool))
    .find((path) => existsSync(path))
  if (found === undefined && isRequired) throw new Error(`Unable to locate executable file: ${tool}`)
  return found ?? ''
}

const io = {
  mkdirP: async (path: string) => void mkdirSync(path, { recursive: true }),
  rmRF: async (path: string) => rmSync(path, { recursive: true, force: true }),
  cp: async (from: string, to: string, options: { readonly recursive?: boolean } = {}) =>
    cpSync(from, to, { recursive: options.recursive ?? false }),
  mv: async (from: string, to: string) => renameSync(from, to),
  which,
}

const glob = {
  create: async (patterns: string) => ({
    glob: async () =>
      patterns
        .split('\n')
        .filter((pattern) => pattern.trim() !== '')
        .flatMap((pattern) =>
          globSync(pattern.trim(), { cwd: job.workspace }).map((path) => resolve(job.workspace, path)),
        ),
  }),
}

const text = (name: string): string => textOf(job.github[name])
const [owner = '', repo = ''] = text('repository').split('/')
const payload = (job.github['event'] ?? {}) as Readonly<Record<string, { readonly number?: number } | undefined>>
const context = {
  payload,
  eventName: text('event_name'),
  sha: text('sha'),
  ref: text('ref'),
  workflow: text('workflow'),
  action: text('action'),
  actor: text('actor'),
  job: text('job'),
  runNumber: Number(text('run_number')),
  runId: Number(text('run_id')),
  runAttempt: Number(text('run_attempt')),
  apiUrl: text('api_url'),
  serverUrl: text('server_url'),
  graphqlUrl: text('graphql_url'),
  repo: { owner, repo },
  issue: { owner, repo, number: (payload['issue'] ?? payload['pull_request'] ?? {}).number ?? payload['number'] },
}

/** Anything asked of GitHub, however deep it is named, ends in the same refusal. */
const refusal = (path: string): unknown =>
  new Proxy(() => null, {
    get: (_, name) => (name === 'then' ? undefined : refusal(`${path}.${String(name)}`)),
    apply: () => {
      throw new Error(
        `${path} asks GitHub's API, which is not reached from here: leave the step out, or guard it with a condition`,
      )
    },
  })

const requireHere = createRequire(join(job.workspace, 'script.cjs'))
const names = [
  'github',
  'octokit',
  'getOctokit',
  'context',
  'core',
  'exec',
  'glob',
  'io',
  'require',
  '__original_require__',
]
const values = [
  refusal('github'),
  refusal('github'),
  refusal('getOctokit'),
  context,
  core,
  exec,
  glob,
  io,
  requireHere,
  requireHere,
]

const run = async (): Promise<void> => {
  const AsyncFunction = (async () => null).constructor as new (
    ...parts: readonly string[]
  ) => (...given: readonly unknown[]) => Promise<unknown>
  const result = await new AsyncFunction(...names, job.script)(...values)
  if (job.encoding === 'string') core.setOutput('result', String(result))
  else core.setOutput('result', JSON.stringify(result) ?? '')
}

try {
  await run()
} catch (error) {
  core.setFailed(error instanceof Error ? `Unhandled error: ${String(error)}` : `Unhandled error: ${textOf(error)}`)
}
