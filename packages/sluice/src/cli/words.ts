/** The command tree as data: help, completion, `docs/cli.md` and the program itself come from it. Commands load when they are run. */
import type { Command } from './cli.ts'
import { cacheWords } from './words/cache.ts'
import { environmentWords } from './words/environments.ts'
import { governanceWords } from './words/governance.ts'
import { identityWords } from './words/identity.ts'
import { notifyWords } from './words/notify.ts'
import { projectWords } from './words/project.ts'
import { ledgerWords } from './words/ledger.ts'
import { reportWords } from './words/reports.ts'
import { recordWords } from './words/records.ts'
import { holdWords, returnWords } from './words/rollback.ts'
import { rolloutWords } from './words/rollouts.ts'
import { secretWords } from './words/secrets.ts'
import { sourceWords } from './words/source.ts'
import { trainWords } from './words/trains.ts'
import { serverWords } from './words/server.ts'

/** One option of a command. `flags` as commander writes them: `-m, --message <why>`. */
export type OptionWord = { readonly flags: string; readonly text: string }

/** One command. */
export type Word = {
  /** `deploy`, `env lock`. */
  readonly path: string
  /** `<environment>`, `[ref]`, `[job...]`. */
  readonly args: string
  readonly text: string
  readonly options: readonly OptionWord[]
  /** Typed examples, without the `sluice` before them. */
  readonly examples: readonly string[]
  readonly load: () => Promise<{ readonly command: Command }>
}

/** A heading of the help and its commands. */
export type WordGroup = { readonly title: string; readonly words: readonly Word[] }

/** Every command, in the order in which a person meets them. */
export const wordGroups: readonly WordGroup[] = [
  { title: 'Start', words: projectWords },
  { title: 'Deliver', words: [...rolloutWords, ...returnWords, ...trainWords] },
  { title: 'Govern', words: governanceWords },
  { title: 'Look', words: [...recordWords, ...reportWords, ...ledgerWords, ...holdWords, ...cacheWords] },
  { title: 'Tell', words: notifyWords },
  { title: 'Environments', words: [...environmentWords, ...secretWords] },
  { title: 'Source', words: sourceWords },
  { title: 'Who', words: identityWords },
  { title: 'Run Sluice', words: serverWords },
]

/** Every command. */
export const words: readonly Word[] = wordGroups.flatMap((group) => group.words)

/** What words of two parts have in common: `env`, `runs`, … */
export const familyTexts: Readonly<Record<string, string>> = {
  runs: 'runs of the pipeline',
  source: 'where commits come from, and what arrived',
  cache: 'what runs keep for the next one',
  releases: 'releases',
  rollout: 'rollouts under way and past',
  env: 'environments',
  approvals: 'what waits for a yes',
  changes: 'change records',
  drill: 'rehearsals of the way back',
  incidents: 'incidents',
  notify: 'who is told what, and what became of it',
  report: 'reports of a period',
  ledger: 'the record of everything that was done, and its proofs',
  token: 'tokens of people and programs',
  user: 'people and their roles',
  secrets: 'secrets of instances and jobs',
}

/** Options that every command takes. */
export const globalOptions: readonly OptionWord[] = [
  { flags: '--json', text: 'print one JSON object (streams: JSON lines)' },
  { flags: '--no-color', text: 'no colours (so do NO_COLOR and a pipe)' },
  { flags: '--no-input', text: 'never ask (only for passwords it would)' },
  { flags: '-y, --yes', text: 'answer yes to whatever might be asked' },
  { flags: '-q, --quiet', text: 'results only, no progress' },
  { flags: '-v, --verbose', text: 'say more' },
  { flags: '--server <url>', text: 'control plane to ask (SLUICE_SERVER; token in SLUICE_TOKEN)' },
  { flags: '--env <name>', text: 'environment, where a command has no argument for it' },
  { flags: '--project <dir>', text: 'project to work in (else the nearest with a sluice.config.ts)' },
  { flags: '--state-dir <dir>', text: 'state of the control plane (SLUICE_STATE_DIR; else .sluice in the project)' },
]
