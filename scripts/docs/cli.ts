/** Renders `docs/cli.md` from the command tree. Pure. */
import { globalOptions, type OptionWord, type Word, wordGroups } from '../../packages/sluice/src/cli/words.ts'
import { errorTable } from '../../packages/sluice/src/core/errors.ts'

const opening = [
  '# The command line',
  '',
  'Made from the command tree by `npm run docs`. `sluice <command> --help` says the same; `sluice completion bash | zsh | fish` completes it.',
  '',
  'stdout carries results only; progress goes to stderr: painted in place on a terminal, one line per change elsewhere, and a line every 30 s when nothing changes.',
  'With `--json` the result is one object on stdout, errors too (`{"schemaVersion":1,"error":{…}}`), and streams are JSON lines of the events that the server sends.',
  'Ctrl-C leaves what is watched alone and says how to come back to it (a run without a server is called off); a second Ctrl-C ends at once.',
  '',
]

/** The whole page. */
export const cliPage = (): string =>
  [
    ...opening,
    ...wordGroups.flatMap(({ title, words }) => [`## ${title}`, '', ...words.flatMap(section)]),
    '## Options that every command takes',
    '',
    ...optionTable(globalOptions),
    '## Exit codes',
    '',
    '| code | means |',
    '|---|---|',
    ...exitCodes.map(([code, means]) => `| ${code} | ${means} |`),
    '',
    'Which error has which exit code: [errors.md](errors.md).',
    '',
  ].join('\n')

const section = ({ path, args, text, options, examples }: Word): readonly string[] => [
  `### sluice ${path}${args === '' ? '' : ` ${args}`}`,
  '',
  sentence(text),
  '',
  ...(options.length === 0 ? [] : optionTable(options)),
  '```sh',
  ...examples.map((example) => `sluice ${example}`),
  '```',
  '',
]

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`

const optionTable = (options: readonly OptionWord[]): readonly string[] => [
  '| option | |',
  '|---|---|',
  ...options.map(({ flags, text }) => `| \`${flags.replaceAll('|', '\\|')}\` | ${text.replaceAll('|', '\\|')} |`),
  '',
]

const meanings: Readonly<Record<number, string>> = {
  0: 'it was done, and observed',
  1: 'unexpected: a mistake in Sluice, or a world that broke under it',
  2: 'the words or the config are off; nothing was done',
  3: 'it was done and did not succeed: a run failed, a rollout was taken back',
  4: 'the token is missing or stale',
  5: 'blocked: a lock, a freeze, an approval, something under way',
  6: 'waiting took too long; the work goes on, and its id is printed',
  7: 'no control plane or gateway answers',
  130: 'Ctrl-C',
}

/** Codes that the error table gives, and the two that no error does. */
const exitCodes: readonly (readonly [number, string])[] = [
  ...new Set([0, 130, ...Object.values(errorTable).map(({ exit }) => exit)]),
]
  .toSorted((a, b) => a - b)
  .map((code) => [code, meanings[code] ?? ''] as const)
