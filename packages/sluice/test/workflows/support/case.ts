/** The form of a case of the corpus: a project, what starts it, and everything that must come of it. Independent of what runs it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { JsonValue, Texts } from '../../../src/core/pipeline/job-plan.ts'

/** One case. What is left out of `expect` is not looked at; what is there is compared as a whole. */
export type WorkflowCase = {
  readonly name: string
  /** The semantic that the case holds, as a sentence. */
  readonly about: string
  /** Files of the project by path; the workflow is among them. */
  readonly files: Texts
  readonly workflow: string
  /** Parts of the event that differ from a push to main. */
  readonly event: Readonly<Record<string, JsonValue>>
  readonly secrets: Texts
  readonly vars: Texts
  /** Words of the command line, for instance `skipActions`. */
  readonly options: Readonly<Record<string, JsonValue>>
  readonly expect: {
    /** Result of every job and leg. */
    readonly jobs?: Readonly<Record<string, string>>
    readonly outputs?: Readonly<Record<string, Texts>>
    /** Every line that processes of a job log. */
    readonly output?: Readonly<Record<string, readonly string[]>>
    readonly summary?: Readonly<Record<string, string>>
    /** `level place title: message`. */
    readonly annotations?: Readonly<Record<string, readonly string[]>>
    readonly groups?: Readonly<Record<string, readonly string[]>>
    readonly reports?: Readonly<Record<string, readonly string[]>>
    /** `level line:column key: message`; a message may end with `…`. */
    readonly notes?: readonly string[]
    /** Why jobs were skipped. */
    readonly because?: Texts
    readonly order?: readonly string[]
    /** Names and conditions of the plan, before anything runs. */
    readonly plan?: Texts
    readonly failedStep?: Texts
    /** Why jobs failed, in the words of their run. */
    readonly failure?: Texts
    readonly runName?: string
  }
}

/** Reads every case of a folder, in the order of their names. */
export const readCases = (folder: string): readonly WorkflowCase[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yml'))
    .toSorted()
    .map((name) => {
      const written: Partial<WorkflowCase> & Pick<WorkflowCase, 'about' | 'files' | 'expect'> = parse(
        readFileSync(join(folder, name), 'utf8'),
      )
      return {
        workflow: '.github/workflows/ci.yml',
        event: {},
        secrets: {},
        vars: {},
        options: {},
        ...written,
        name: name.replace(/\.yml$/, ''),
      }
    })
