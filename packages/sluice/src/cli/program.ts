/** The command line: reads what was typed, runs the command, and turns what went wrong into words and an exit code. */
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { Command as Parser, CommanderError, Option } from 'commander'
import { errorTable, publicCode, SluiceError } from '../core/errors.ts'
import type { Cli, Globals, Host, Input, Output } from './cli.ts'
import { completeWords, placeOptions } from './complete.ts'
import { findProject } from './project-directory.ts'
import { errorLines } from './render/error.ts'
import { jsonLine, stripAllButColours } from './render/plain.ts'
import { abilitiesOf, createStyle, type Style } from './render/style.ts'
import { ToldError } from './told-error.ts'
import { familyTexts, globalOptions, type Word, wordGroups, words } from './words.ts'

/** What the program is run with; `main.ts` gives the real ones. */
export type ProgramInput = {
  readonly argv: readonly string[]
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly stdout: Output
  readonly stderr: Output
  readonly host: Host
  readonly interrupted: AbortSignal
}

/** Runs one command line and gives its exit code. Never rejects. */
export const runProgram = async (input: ProgramInput): Promise<number> => {
  const { argv, host, stdout } = input
  if (argv[0] === '__complete') return complete(input, argv.slice(1))
  let exitCode = 0
  const parser = createParser({ version: host.version, output: stdout, first: argv[0] }, async (word, typed) => {
    exitCode = await runWord(input, word, typed)
  })
  try {
    await parser.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    if (error instanceof CommanderError && error.code === 'commander.help') {
      // A family without its second word (`sluice env`), or nothing at all.
      const family = parser.commands.find((one) => argv.includes(one.name())) ?? parser
      family.outputHelp()
      return 0
    }
    const isWrong = error instanceof CommanderError
    return fail(input, isWrong ? usageError(error, argv) : error, {
      json: argv.includes('--json'),
      noColor: argv.includes('--no-color'),
    })
  }
}

const complete = (input: ProgramInput, typed: readonly string[]): Promise<number> =>
  completeWords(
    typed,
    (line) => void input.stdout.write(`${line}\n`),
    async () => {
      const { environmentNames } = await import('./environment-names.ts')
      return environmentNames(createCli(input, placeOptions(typed)))
    },
  )

type Run = (word: Word, typed: Input) => Promise<void>

/** What a parser is made with. `first`: the word that was typed first; where that is one of ours, the others are left out, because to make all of them takes longer than to run some. */
export type ParserOptions = {
  readonly version: string
  readonly output: Pick<Output, 'write' | 'columns'>
  readonly first?: string | undefined
}

/** The parser of the tree, made from the table. */
export const createParser = ({ version, output, first }: ParserOptions, run: Run): Parser => {
  const root = new Parser('sluice')
    .configureOutput({
      writeOut: (text) => void output.write(text),
      // What commander would say of a mistake is said in our own words.
      writeErr: () => {},
      getOutHelpWidth: () => output.columns,
      getOutHasColors: () => false,
    })
    .description('Sluice takes a commit to production, and takes it back by itself when it is bad.')
    .usage('<command> [options]')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .showSuggestionAfterError(true)
    .addHelpText('after', '\nFirst time here?  sluice demo   ·   In your project:  sluice init')
  for (const { flags, text } of globalOptions) root.option(flags, text)
  const families = new Map<string, Parser>()
  const isOurs = words.some(({ path }) => path.split(' ')[0] === first)
  for (const { title, words: group } of wordGroups) {
    for (const word of group) {
      const [name = '', second] = word.path.split(' ')
      if (isOurs && name !== first) continue
      const parent = second === undefined ? root : familyOf(root, families, { name, title })
      addWord(parent.command(second ?? name), { word, title, isTop: second === undefined }, run)
    }
  }
  return root
}

const familyOf = (
  root: Parser,
  families: Map<string, Parser>,
  { name, title }: { readonly name: string; readonly title: string },
): Parser => {
  const known = families.get(name)
  if (known !== undefined) return known
  const family = root
    .command(name)
    .description(
      `${familyTexts[name] ?? ''}: ${words.flatMap(({ path }) => (path.startsWith(`${name} `) ? [path.slice(name.length + 1)] : [])).join(', ')}`,
    )
    .helpCommand(false)
    .helpGroup(`${title}:`)
  families.set(name, family)
  return family
}

const addWord = (
  command: Parser,
  { word, title, isTop }: { readonly word: Word; readonly title: string; readonly isTop: boolean },
  run: Run,
): void => {
  command.description(word.text)
  if (isTop) command.helpGroup(`${title}:`)
  if (word.args !== '') command.arguments(word.args)
  for (const { flags, text } of word.options) command.addOption(new Option(flags, text))
  const examples = word.examples.map((example) => `  sluice ${example}`).join('\n')
  command.addHelpText(
    'after',
    `\nExamples:\n${examples}\n\nEvery command also takes: ${globalOptions.map(({ flags }) => flags.split(/[ ,]/)[0]).join(' ')}`,
  )
  command.action(async () => {
    const given: readonly unknown[] = command.processedArgs
    await run(word, {
      args: given.map((one) => (typeof one === 'string' ? one : undefined)),
      rest: given.flatMap((one) => (Array.isArray(one) ? one.map(String) : [])),
      options: optionsOf(command),
    })
  })
}

/** Of two options of one name the word's own counts: `--input` of a run; `--no-input` of all is `asks`. */
const optionsOf = (command: Parser): Input['options'] => {
  const all: Input['options'] = command.optsWithGlobals()
  return { ...all, ...command.opts(), asks: all['input'] !== false }
}

const runWord = async (input: ProgramInput, word: Word, typed: Input): Promise<number> => {
  const noColor = typed.options['color'] === false
  try {
    const { command } = await word.load()
    return await command(createCli(input, typed.options), typed)
  } catch (error) {
    return fail(input, error, { json: typed.options['json'] === true, noColor })
  }
}

const createCli = (input: ProgramInput, options: Input['options']): Cli => {
  const { stdout, stderr, variables, cwd } = input
  const globals = globalsOf(options, { variables, cwd })
  const noColor = options['color'] === false
  const shown = abilitiesOf(variables, { isTTY: stdout.isTTY, columns: stdout.columns, noColor })
  const noted = abilitiesOf(variables, { isTTY: stderr.isTTY, columns: stderr.columns, noColor })
  return {
    globals,
    variables,
    cwd,
    stdout,
    stderr,
    style: createStyle(shown),
    noteStyle: createStyle(noted),
    host: input.host,
    actor: variables['SLUICE_ACTOR'] ?? userName(variables),
    // Whatever a line is made of, a terminal gets text and colours.
    print: (line) => void stdout.write(`${stripAllButColours(line, shown.color)}\n`),
    note: (line) => {
      if (!globals.quiet) stderr.write(`${stripAllButColours(line, noted.color)}\n`)
    },
    json: (value) => void stdout.write(`${jsonLine({ schemaVersion: 1, ...value })}\n`),
    interrupted: input.interrupted,
  }
}

/** Who runs this process. A container may run it as a number that has no name. */
const userName = (variables: ProgramInput['variables']): string => {
  try {
    return userInfo().username
  } catch {
    return variables['USER'] || `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

/** Parser of the options that every command takes. */
const globalsOf = (options: Input['options'], { variables, cwd }: Pick<ProgramInput, 'variables' | 'cwd'>): Globals => {
  const text = (name: string): string | null => {
    const value = options[name]
    return typeof value === 'string' ? value : null
  }
  const given = text('project')
  const projectDir = given === null ? findProject(cwd) : resolve(cwd, given)
  const state = text('stateDir') ?? variables['SLUICE_STATE_DIR'] ?? null
  return {
    json: options['json'] === true,
    quiet: options['quiet'] === true,
    verbose: options['verbose'] === true,
    input: options['asks'] !== false,
    yes: options['yes'] === true,
    server: text('server'),
    environment: text('env'),
    projectDir,
    stateDir: state === null ? join(projectDir, '.sluice') : resolve(cwd, state),
  }
}

/** A mistake in what was typed, with what was probably meant. */
const usageError = (error: CommanderError, argv: readonly string[]): SluiceError => {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const meant = /\(Did you mean (?:one of )?(.+?)\?\)/.exec(rest.join(' '))?.[1] ?? null
  const typed = `${argv.filter((one) => !one.startsWith('-')).join(' ')} `
  const known = words.map(({ path }) => path).filter((path) => typed.startsWith(`${path} `))
  const help = `sluice ${known.at(-1) ?? argv.find((one) => Object.hasOwn(familyTexts, one)) ?? ''} --help`.replace(
    / {2,}/g,
    ' ',
  )
  // `sluice abort` is a word of a family, not a mistyped `export`.
  const unknown = /^unknown command '(.+)'$/.exec(first)?.[1]
  const ofFamilies = words.flatMap(({ path }) => (path.endsWith(` ${unknown}`) ? [`sluice ${path}`] : []))
  const said = ofFamilies.length > 0 && ofFamilies.length <= 3 ? ofFamilies.join('   or   ') : meant
  return new SluiceError('usage_invalid', {
    // What there was too much of is not repeated: it may be a secret that somebody put where it does not belong.
    detail: first.replace(/(but got \d+): .*$/s, '$1'),
    hint: said === null ? help : `did you mean ${said}?   ${help}`,
  })
}

const fail = async (
  { stdout, stderr, variables }: ProgramInput,
  error: unknown,
  { json, noColor }: { readonly json: boolean; readonly noColor: boolean },
): Promise<number> => {
  const told = error instanceof ToldError ? error.error : error
  const now = error instanceof ToldError ? error.now : null
  const known = told instanceof SluiceError ? told : unforeseen(told)
  if (json) {
    const { code, detail, hint, evidence, retry } = known
    stdout.write(
      `${jsonLine({ schemaVersion: 1, error: { code: publicCode(code), name: code, detail, hint, evidence, retry, now } })}\n`,
    )
  } else {
    const style: Style = createStyle(abilitiesOf(variables, { isTTY: stderr.isTTY, columns: stderr.columns, noColor }))
    stderr.write(`${errorLines(known, now, style).join('\n')}\n`)
  }
  return errorTable[known.code].exit
}

const unforeseen = (error: unknown): SluiceError =>
  new SluiceError('unexpected', {
    detail: error instanceof Error ? error.message : String(error),
    hint: 'this is a mistake in Sluice; the lines above say where',
    evidence: error instanceof Error && error.stack !== undefined ? error.stack.split('\n').slice(1, 6) : [],
    cause: error,
  })
