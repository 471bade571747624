/** How a script of a step is run. Source: docs.github.com, "Workflow syntax", *jobs.<job_id>.steps[*].shell*, read 2026-08; actions/runner, `ScriptHandlerHelpers`. */

/** Words of the command, in which `{0}` stands for the script's file; how the file's name ends; and the script as it is written. */
export type ShellCommand = { readonly words: readonly string[]; readonly ending: string; readonly script: string }

/** The command for a `shell` (null: what GitHub takes where nothing is said); `has` says whether a program is there. Throws an `Error` for what is no shell. */
export const shellCommand = (shell: string | null, script: string, has: (program: string) => boolean): ShellCommand => {
  if (shell === null || shell.trim() === '')
    return { words: [has('bash') ? 'bash' : 'sh', '-e', '{0}'], ending: '.sh', script }
  const [said = '', ...rest] = wordsOf(shell.trim())
  // GitHub's machines have Python by this name; Debian and macOS have the third one by its number alone.
  const program = said === 'python' && rest.length === 0 && !has(said) && has('python3') ? 'python3' : said
  const words = rest.length > 0 ? rest : builtIn[said]
  if (words === undefined || !words.some((word) => word.includes('{0}')))
    throw new Error(
      "Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh) or a format string containing '{0}'",
    )
  if (!has(program)) throw new Error(`${program}: command not found`)
  return { words: [program, ...words], ending: endings[said] ?? '', script: scriptFor(said, script) }
}

const builtIn: Readonly<Record<string, readonly string[]>> = {
  bash: ['--noprofile', '--norc', '-e', '-o', 'pipefail', '{0}'],
  sh: ['-e', '{0}'],
  python: ['{0}'],
  pwsh: ['-command', ". '{0}'"],
  powershell: ['-command', ". '{0}'"],
  cmd: ['/D', '/E:ON', '/V:OFF', '/S', '/C', 'CALL "{0}"'],
}

const endings: Readonly<Record<string, string>> = {
  bash: '.sh',
  sh: '.sh',
  python: '.py',
  pwsh: '.ps1',
  powershell: '.ps1',
  cmd: '.cmd',
}

const scriptFor = (program: string, script: string): string =>
  program === 'pwsh' || program === 'powershell'
    ? `$ErrorActionPreference = 'stop'\n${script}\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }`
    : script

/** Words of a format string; quotes keep spaces together. */
const wordsOf = (text: string): readonly string[] =>
  [...text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'))
