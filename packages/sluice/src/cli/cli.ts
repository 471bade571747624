/** What a command works with: where it prints, what was asked for globally, and the way to a control plane. Made once, in `program.ts`. */
import type { BuiltinAnswer } from '../core/security/builtin-answer.ts'
import type { BuiltinName } from '../core/config/builtins.ts'
import type { PolicyFile } from '../core/judge/policy-file.ts'
import type { AffectedJobs } from '../core/pipeline/cache/affected.ts'
import type { Settings } from '../core/config/settings.ts'
import type { LoweringNote } from '../core/pipeline/job-plan.ts'
import type { Client } from '../http/client/client.ts'
import type { Checkpoint } from '../core/ledger/checkpoint.ts'
import type { ConsistencyClaim } from '../core/ledger/merkle-proof.ts'
import type { ProofFinding } from '../core/ledger/proof-file.ts'
import type { SourceRules } from '../core/source/rules.ts'
import type { Verification } from '../core/ledger/verify.ts'
import type { Style } from './render/style.ts'

/** A stream of text, as far as a command needs one. */
export type Output = {
  readonly write: (text: string) => unknown
  /** Resolves once its reader has taken so much that more may be written without heaping up here. */
  readonly flushed: () => Promise<void>
  readonly isTTY: boolean
  readonly columns: number
  readonly rows: number
}

/** What is asked of every command in the same way. */
export type Globals = {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  /** False: never ask, not for a password either, and open no browser. */
  readonly input: boolean
  readonly yes: boolean
  /** Address of a control plane elsewhere; null for the one of the project. */
  readonly server: string | null
  /** The environment to speak of, where a command has no argument for it. */
  readonly environment: string | null
  readonly projectDir: string
  readonly stateDir: string
}

/** A command's surroundings. */
export type Cli = {
  readonly globals: Globals
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly stdout: Output
  readonly stderr: Output
  /** Style of stdout and of stderr: one may be a terminal and the other a file. */
  readonly style: Style
  readonly noteStyle: Style
  readonly host: Host
  /** Name for the ledger. */
  readonly actor: string
  /** A line of the result. Of what a terminal acts upon only colours pass. */
  readonly print: (line: string) => void
  /** A line of progress; nothing when quiet. */
  readonly note: (line: string) => void
  /** The result as one object; `schemaVersion` is put first. */
  readonly json: (value: object) => void
  /** Falls at the first Ctrl-C while somebody waits for it; the second ends the process. */
  readonly interrupted: AbortSignal
}

/** A control plane opened in this process. */
export type InProcessApi = {
  readonly client: Client
  readonly stateDir: string
  readonly close: () => Promise<void>
}

/** What only the composition root can make; handed in by `main.ts` and loaded when first asked for. */
export type Host = {
  readonly version: string
  /** Program and arguments that start this CLI again. */
  readonly self: readonly string[]
  readonly openInProcess: (options: {
    readonly projectDir: string
    readonly stateDir: string
    readonly mode: 'read' | 'work'
    /** Name for the ledger. */
    readonly actor: string
    /** The ref that a run will be started of; null for none. */
    readonly runOf: string | null
    readonly onFatal: (error: Error) => void
    readonly onCacheTrouble: (text: string) => void
  }) => Promise<InProcessApi>
  readonly serve: (options: {
    readonly projectDir: string
    readonly stateDir: string
    readonly host: string
    readonly port: number | null
    readonly onFatal: (error: Error) => void
  }) => Promise<{
    readonly url: string
    readonly stateDir: string
    /** False: it was told to end while it started. */
    readonly isWanted: boolean
    readonly close: () => Promise<void>
  }>
  /** Ends the gateway and every instance, once no control plane runs. */
  readonly endEverything: (stateDir: string) => Promise<{ readonly gateway: boolean; readonly instances: number }>
  /** Runs a gateway until it is told to end; gives the exit code. */
  readonly gateway: (args: readonly string[]) => Promise<number>
  readonly loadConfig: (
    directory: string,
    signal: AbortSignal,
  ) => Promise<{ readonly file: string; readonly settings: Settings }>
  /** Those of the names that the control plane of this state directory has no secret for. */
  readonly missingSecrets: (
    stateDir: string,
    names: readonly string[],
    signal: AbortSignal,
  ) => Promise<readonly string[]>
  /** A built-in step on the project as it stands; options of the config's step of that name count where none are given. */
  readonly runStep: (
    request: {
      readonly projectDir: string
      readonly stateDir: string
      readonly name: BuiltinName
      readonly options: Readonly<Record<string, unknown>>
      readonly range: { readonly from: string; readonly to: string } | null
    },
    signal: AbortSignal,
  ) => Promise<BuiltinAnswer & { readonly changelog: string | null }>
  /** What keeps jobs apart here. */
  readonly isolation: (
    stateDir: string,
  ) => Promise<{ readonly kind: 'layers' | 'processes' | 'none'; readonly text: string }>
  /** The config that a pipeline of another system becomes; `file` is relative to the project. */
  readonly importPipeline: (
    request: { readonly kind: 'github' | 'gitlab'; readonly projectDir: string; readonly file: string },
    signal: AbortSignal,
  ) => Promise<{ readonly text: string; readonly jobs: number; readonly notes: readonly LoweringNote[] }>
  /** The judge policy that a canary config of Kayenta or an AnalysisTemplate of Argo becomes; `shown` is what its text calls the file. */
  readonly importPolicy: (
    kind: 'kayenta' | 'argo',
    file: { readonly path: string; readonly shown: string },
  ) => Promise<{
    readonly name: string
    readonly text: string
    readonly notes: readonly string[]
    readonly semantics: readonly string[]
  }>
  /** What a policy file exports. */
  readonly loadPolicy: (path: string, signal: AbortSignal) => Promise<PolicyFile>
  /** The document of another system that the pipeline of the settings becomes. */
  readonly exportPipeline: (
    request: { readonly kind: 'github' | 'gitlab'; readonly projectDir: string; readonly settings: Settings },
    signal: AbortSignal,
  ) => Promise<{ readonly text: string; readonly notes: readonly string[] }>
  /** Jobs that what changed since a commit concerns. */
  readonly affected: (
    question: { readonly directory: string; readonly base: string; readonly settings: Settings },
    signal: AbortSignal,
  ) => Promise<AffectedJobs>
  /** A bare repository, made or taken, whose pushes tell the control plane of a project. */
  readonly makeBare: (
    wanted: {
      readonly path: string
      readonly self: readonly string[]
      readonly projectDir: string
      readonly stateDir: string
    },
    signal: AbortSignal,
  ) => Promise<{ readonly path: string; readonly isNew: boolean }>
  /** Whether a repository has the hook that does. */
  readonly hasHook: (path: string) => Promise<boolean>
  /** Keeps a push until a control plane takes it up, and lets go of it. */
  readonly spoolPush: (stateDir: string, push: { readonly id: string; readonly body: unknown }) => Promise<void>
  readonly unspoolPush: (stateDir: string, id: string) => Promise<void>
  /** How many branches and tags the repository has that commits come from; rejects with what git says. */
  readonly askRemote: (
    place: { readonly projectDir: string; readonly stateDir: string },
    rules: SourceRules,
    signal: AbortSignal,
  ) => Promise<number>
  /** What the state directory's cache holds. */
  readonly cachedThings: (stateDir: string) => Promise<
    readonly {
      readonly scope: string
      readonly kind: 'job' | 'folder'
      readonly name: string
      readonly madeBy: string
      readonly createdAt: number
      readonly bytes: number
    }[]
  >
  /** Empties it and gives the bytes that it held. */
  readonly cleanCache: (stateDir: string) => Promise<number>
  /** Checks an export or a database. `signedBy` is null when there was no checkpoint. */
  readonly verifyLedgerFile: (
    path: string,
    noted: {
      readonly anchor: { readonly seq: number; readonly hash: string } | undefined
      readonly checkpoint: string | null
      readonly keys: readonly string[]
    },
  ) => Promise<{
    readonly kind: string
    readonly path: string
    readonly found: Verification
    readonly signedBy: readonly string[] | null
  }>
  /** A checkpoint in a file, or a note, and the keys that signed it; `ledger_broken` when one of those given did not. */
  readonly checkCheckpoint: (
    given: string | { readonly note: string },
    keys: readonly string[],
  ) => Promise<Checkpoint & { readonly signedBy: readonly string[] }>
  readonly isContinued: (claim: ConsistencyClaim) => Promise<boolean>
  readonly checkProof: (path: string, keys: readonly string[]) => Promise<ProofFinding>
}

/** What was typed, after the command's own words. */
export type Input = {
  readonly args: readonly (string | undefined)[]
  /** Of variadic arguments. */
  readonly rest: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
}

/** A command: does its work and gives the exit code. */
export type Command = (cli: Cli, input: Input) => Promise<number>

/** The text of an option; null when it was not given. */
export const textOption = ({ options }: Input, name: string): string | null => {
  const value = options[name]
  return typeof value === 'string' ? value : null
}

/** Whether a flag was given (or, for `--no-x`, not taken back). */
export const flagOption = ({ options }: Input, name: string): boolean => options[name] === true

/** The environment a command speaks of: its argument, or `--env`. */
export const environmentOf = ({ globals }: Cli, given: string | undefined): string | null =>
  given ?? globals.environment
