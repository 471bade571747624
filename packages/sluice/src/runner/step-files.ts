/**
 * The files by which a step says something to the job: `$SLUICE_OUTPUT` and `$SLUICE_ENV` (`NAME=value` lines, or `NAME<<END`, lines, `END` for values of
 * several lines), `$SLUICE_PATH` (a folder a line) and `$SLUICE_SUMMARY` (Markdown). They have the form of GitHub's, so that scripts serve both.
 * Source: "Workflow commands for GitHub Actions", environment files (2026).
 */
import { constants, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { limits } from '../core/limits.ts'

/** What a step said. `faults` are sentences about what could not be read, of any length. */
export type StepWords = {
  readonly outputs: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  /** The folder added last comes first. */
  readonly path: readonly string[]
  readonly summary: string
  readonly faults: readonly string[]
}

const names = { output: 'SLUICE_OUTPUT', env: 'SLUICE_ENV', path: 'SLUICE_PATH', summary: 'SLUICE_SUMMARY' } as const

/** Variables that name the files in a folder of the step's own. */
export const stepFileVariables = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(names).map(([file, name]) => [name, join(folder, file)]))

/**
 * Makes the folder with the step's script in it, for nobody else to read, and gives the script's path. The files come into being when a step appends to them. At once: handing so little to
 * another thread takes longer than doing it.
 */
export const makeStepFolder = (folder: string, run: string): string => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const script = join(folder, 'script')
  writeFileSync(script, run.endsWith('\n') ? run : `${run}\n`)
  return script
}

/** Reads what a step wrote; most write nothing. */
export const readStepFiles = async (folder: string): Promise<StepWords> => {
  const there = new Set(readdirSync(folder))
  const faults: string[] = []
  const text = async (file: keyof typeof names): Promise<string> => {
    if (!there.has(file)) return ''
    const read = await readBounded(join(folder, file)).catch(() => null)
    if (read === null)
      faults.push(`$${names[file]} is no plain file of at most ${limits.stepFileBytesMax} bytes; it was not read`)
    return read ?? ''
  }
  const assignments = async (file: 'output' | 'env'): Promise<Readonly<Record<string, string>>> => {
    const { values, fault } = parseAssignments(await text(file))
    if (fault !== null) faults.push(`$${names[file]}: ${fault}`)
    return values
  }
  const outputs = await assignments('output')
  const wanted = Object.entries(await assignments('env'))
  const kept = wanted.filter(([name]) => !name.startsWith('SLUICE_'))
  if (kept.length < wanted.length) faults.push('$SLUICE_ENV: names that begin with SLUICE_ are not set by steps')
  const path = (await text('path')).split(/\r?\n/).filter((line) => line !== '')
  return { outputs, env: Object.fromEntries(kept), path: path.toReversed(), summary: await text('summary'), faults }
}

/** Reads `NAME=value` lines and `NAME<<END` blocks. What comes before a fault counts. A fault has the line whole: it is masked before it is cut. */
export const parseAssignments = (
  text: string,
): { readonly values: Readonly<Record<string, string>>; readonly fault: string | null } => {
  const values: [string, string][] = []
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  const finish = (fault: string | null): ReturnType<typeof parseAssignments> => ({
    values: Object.fromEntries(values),
    fault,
  })
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    if (line.trim() === '') continue
    const block = /^([^=]*?)<<(.+)$/.exec(line)
    if (block !== null) {
      const [, name = '', end = ''] = block
      const last = lines.indexOf(end, index + 1)
      if (!isName(name)) return finish(`line ${index + 1}: ${JSON.stringify(name)} is no name`)
      if (last === -1) return finish(`line ${index + 1}: the block of ${name} has no ${JSON.stringify(end)} to end it`)
      values.push([name, lines.slice(index + 1, last).join('\n')])
      index = last
      continue
    }
    const at = line.indexOf('=')
    if (at === -1 || !isName(line.slice(0, at)))
      return finish(`line ${index + 1} is neither NAME=value nor NAME<<END: ${line}`)
    values.push([line.slice(0, at), line.slice(at + 1)])
  }
  return finish(null)
}

/** Reads a dotenv report: `NAME=value` lines, blank ones and comments. Source: GitLab CI/CD, `artifacts:reports:dotenv`, and its `ParseDotenvArtifactService` (2026): no blocks, nothing is unquoted, spaces around do not count. */
export const parseDotenv = (text: string): ReturnType<typeof parseAssignments> => {
  const values: [string, string][] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const at = line.indexOf('=')
    if (at === -1 || !isName(line.slice(0, at).trim()))
      return {
        values: Object.fromEntries(values),
        fault: `line ${index + 1} is not NAME=value: ${line}`,
      }
    values.push([line.slice(0, at).trim(), line.slice(at + 1).trim()])
  }
  return { values: Object.fromEntries(values), fault: null }
}

const isName = (name: string): boolean => /^[^\s=<>"'$`]+$/.test(name)

/** Null for what is too large or no plain file: a step may have put a link or a pipe in its place, and a pipe would never end. */
export const readBounded = async (path: string): Promise<string | null> => {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const found = await file.stat()
    if (!found.isFile() || found.size > limits.stepFileBytesMax) return null
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
