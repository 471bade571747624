/** Loads `sluice.config.ts` of a directory. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { env, execPath, kill } from 'node:process'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { KeyPath } from '../../core/config/locate.ts'
import { SluiceError } from '../../core/errors.ts'
import { configFiles } from '../../core/config/file-names.ts'
import { limits } from '../../core/limits.ts'
import type { Settings } from '../../core/config/settings.ts'
import type { Answer, Outcome } from './outcome.ts'

/** A config as it was written and what it exports, not yet read by the schema. `madeOf`: the files that it was made of, as far as that can be told. */
export type RawConfig = {
  readonly file: string
  readonly text: string
  readonly value: unknown
  readonly madeOf: Answer['madeOf']
}

/** A loaded config: its settings, the text it was read from, and the files that it was made of. */
export type LoadedConfig = Omit<RawConfig, 'value'> & { readonly settings: Settings }

/** Reads and checks the config of `directory`. Throws `config_missing`, `config_invalid`, `needs_cycle`. Safe to repeat. */
export const loadConfig = async (directory: string, signal: AbortSignal): Promise<LoadedConfig> => {
  const { value, ...raw } = await evaluateConfig(directory, signal)
  return { ...raw, settings: await readConfig({ ...raw, value }) }
}

/**
 * Evaluates the config of `directory` in a process of its own, with nothing of the caller's environment but PATH, HOME, LANG and TMPDIR, so that one
 * commit means one config. Throws `config_missing`, `config_invalid`. Safe to repeat.
 */
export const evaluateConfig = async (directory: string, signal: AbortSignal): Promise<RawConfig> => {
  const { file, text } = await findConfig(directory)
  // The schema is loaded while the other process starts.
  void import('../../core/config/parse.ts')
  const path = join(directory, file)
  const { outcome, madeOf } = file.endsWith('.json')
    ? { outcome: parseJson(text, file), madeOf: [path] }
    : await evaluate(path, signal)
  return { file, text, madeOf, value: await valueOf(outcome, { file, text }) }
}

/** What another file of the same kind exports by default, evaluated in the same way. `not_found`, `config_invalid`. */
export const evaluateFile = async (path: string, signal: AbortSignal): Promise<unknown> => {
  const text = await readText(path)
  if (text === null) throw new SluiceError('not_found', { detail: `there is no file ${path}` })
  const outcome = path.endsWith('.json') ? parseJson(text, path) : (await evaluate(path, signal)).outcome
  return valueOf(outcome, { file: path, text })
}

/** Reads what a config exports by the schema. `config_invalid`, `needs_cycle`. */
export const readConfig = async ({ file, text, value }: Omit<RawConfig, 'madeOf'>): Promise<Settings> => {
  const [{ parseConfig }, { distance }] = await Promise.all([
    import('../../core/config/parse.ts'),
    import('fastest-levenshtein'),
  ])
  return parseConfig(value, { file, text, distance })
}

const findConfig = async (directory: string): Promise<{ readonly file: string; readonly text: string }> => {
  for (const file of configFiles) {
    const text = await readText(join(directory, file))
    if (text !== null) return { file, text }
  }
  throw new SluiceError('config_missing', {
    detail: `There is no sluice.config.ts in ${directory}.`,
    hint: 'Write one that fits this project: sluice init',
  })
}

const readText = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) return null
    throw new SluiceError('config_missing', {
      detail: `${path} cannot be read: ${String(cause)}`,
      hint: 'Check its permissions.',
      cause,
    })
  }
}

const parseJson = (text: string, file: string): Outcome => {
  try {
    return { kind: 'value', value: JSON.parse(text) }
  } catch (cause) {
    throw new SluiceError('config_invalid', {
      detail: `${file} is not JSON: ${String(cause)}.`,
      hint: `Mend ${file}.`,
      cause,
    })
  }
}

type Ended = {
  readonly code: number | null
  readonly signal: string | null
  readonly answer: string
  readonly printed: string
}

const evaluate = async (path: string, signal: AbortSignal): Promise<Answer> => {
  const ended = await runChild(path, signal)
  if (ended.answer !== '') {
    const answer: Answer = JSON.parse(ended.answer)
    return answer
  }
  const timedOut = ended.signal === 'SIGKILL'
  throw new SluiceError('config_invalid', {
    detail: timedOut
      ? `${path} was not evaluated within ${limits.configLoadMs / 1_000} s.`
      : `${path} ended its process (${ended.signal ?? `exit code ${ended.code ?? 0}`}) before it gave a value.`,
    hint: 'A config computes a value and waits for nothing: no servers, no prompts, no process.exit.',
    evidence: ended.printed
      .split('\n')
      .filter((line) => line !== '')
      .slice(-10),
  })
}

/**
 * Runs it in a process group of its own, which ends with it, is late, or is called off. What left the group may keep the pipes open for ever; nothing that comes
 * through them after the config's own end is its value.
 */
const runChild = (path: string, signal: AbortSignal): Promise<Ended> => {
  const script = fileURLToPath(new URL('evaluate.ts', import.meta.url))
  const variables = ['PATH', 'HOME', 'LANG', 'TMPDIR'].flatMap((name) =>
    env[name] === undefined ? [] : [[name, env[name]] as const],
  )
  if (signal.aborted) return Promise.reject(calledOff(path, signal))
  return new Promise((resolve, reject) => {
    const child = spawn(execPath, ['--no-warnings', script, path], {
      env: Object.fromEntries(variables),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    })
    const answer = collect(child.stdio[3], limits.configBytesMax)
    const out = collect(child.stdout, limits.evidenceBytesMax)
    const err = collect(child.stderr, limits.evidenceBytesMax)
    let drained: NodeJS.Timeout | null = null
    const finish = (): void => {
      clearTimeout(late)
      if (drained !== null) clearTimeout(drained)
      signal.removeEventListener('abort', abort)
      endGroup(child.pid)
      for (const stream of child.stdio) stream?.destroy()
    }
    const conclude = (code: number | null, killedBy: string | null): void => {
      finish()
      resolve({ code, signal: killedBy, answer: answer(), printed: out() + err() })
    }
    const abort = (): void => {
      finish()
      reject(calledOff(path, signal))
    }
    const afterDrain = (code: number | null, killedBy: string | null): void => {
      endGroup(child.pid)
      drained ??= setTimeout(() => conclude(code, killedBy), limits.configDrainMs)
    }
    const late = setTimeout(() => afterDrain(null, 'SIGKILL'), limits.configLoadMs)
    signal.addEventListener('abort', abort, { once: true })
    child.once('error', (cause) => {
      finish()
      reject(new SluiceError('tool_missing', { detail: `${execPath} cannot be started: ${cause.message}`, cause }))
    })
    child.once('exit', afterDrain)
    child.once('close', conclude)
  })
}

const calledOff = (path: string, { reason }: AbortSignal): Error =>
  new DOMException(`evaluating ${path} was called off`, { name: 'AbortError', cause: reason })

const endGroup = (leader: number | undefined): void => {
  if (leader === undefined) return
  try {
    kill(-leader, 'SIGKILL')
  } catch {
    // Nothing of it is left: that is what was wanted.
  }
}

/** Gathers a stream's text; what is beyond `bytesMax` is dropped. */
const collect = (stream: unknown, bytesMax: number): (() => string) => {
  const chunks: Buffer[] = []
  let bytes = 0
  if (stream instanceof Readable) {
    stream.on('data', (chunk: Buffer) => {
      if (bytes < bytesMax) chunks.push(chunk.subarray(0, bytesMax - bytes))
      bytes += chunk.length
    })
  }
  return () => Buffer.concat(chunks).toString('utf8')
}

const valueOf = async (
  outcome: Outcome,
  source: { readonly file: string; readonly text: string },
): Promise<unknown> => {
  if (outcome.kind === 'value') return outcome.value
  if (outcome.kind === 'no_default') {
    throw new SluiceError('config_invalid', {
      detail: `${source.file} has no default export.`,
      hint: 'Write: export default defineConfig({ … })',
    })
  }
  if (outcome.kind === 'not_data') {
    const { locate } = await import('../../core/config/locate.ts')
    const place = locate(source.text, outcome.path)
    throw new SluiceError('config_invalid', {
      detail: `${nameOf(outcome.path)} is ${outcome.what}, and a config is data (${source.file}${place === null ? '' : `:${place.line}:${place.column}`}).`,
      hint: 'Write text, numbers, true, false, null, lists and objects only.',
      evidence: place === null ? [] : lineOf(source.text, place.line),
    })
  }
  const where =
    outcome.line === 0
      ? source.file
      : `${source.file}:${outcome.line}${outcome.column === 0 ? '' : `:${outcome.column}`}`
  throw new SluiceError('config_invalid', {
    detail: `${source.file} cannot be evaluated: ${outcome.name}: ${outcome.message} (${where}).`,
    hint: `Mend ${where}, then: sluice validate`,
    evidence: outcome.line === 0 ? [] : lineOf(source.text, outcome.line),
  })
}

const lineOf = (text: string, line: number): readonly string[] => [
  `  ${line} | ${(text.split('\n')[line - 1] ?? '').slice(0, limits.evidenceLineMax)}`,
]

const nameOf = (path: KeyPath): string => (path.length === 0 ? 'The default export' : path.join('.'))
