/** One seeded bug, as data; see `mutants.ts` for all of them. */

/** What may notice a mutant: a simulator, or the tests of a part. Asked in the order given, until one does. */
export type Killer =
  | 'coreSim'
  | 'engineSim'
  | 'coreTests'
  | 'gatewayTests'
  | 'pipelineTests'
  | 'rollbackTests'
  | 'governanceTests'
  | 'notifyTests'

/** One bug, as data. `find` occurs exactly once in `file`. */
export type Mutant = {
  /** Path below `packages/sluice/src`. */
  readonly file: string
  readonly find: string
  readonly replace: string
  /** The thought behind the bug. */
  readonly why: string
  readonly killers: readonly Killer[]
}

/** A mutant as a row of the tables: file, what is there, what comes instead, and the thought behind it. */
export type MutantRow = readonly [file: string, find: string, replace: string, why: string]

/** Makes mutants of files below a folder (of `packages/sluice/src`, empty or with its slash) that these must notice. */
export const mutantsIn =
  (folder: string, killers: readonly Killer[]): ((...row: MutantRow) => Mutant) =>
  (...[file, find, replace, why]) => ({ file: `${folder}${file}`, find, replace, why, killers })
