/** Starting a process in a session of its own, with pipes; how is left to whoever implements it. */
import type { Readable, Writable } from 'node:stream'

/** What is to be started. */
export type ProcessOrder = {
  /** Where the program is; `argv` has the name that it is called by. */
  readonly program: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Absolute. */
  readonly directory: string
  /** Null: as we are. Only root may ask for another. */
  readonly as: { readonly uid: number; readonly gid: number } | null
  /** Whether it reads from a pipe, `stdin`; otherwise it has nothing to read. */
  readonly hasInput: boolean
}

/** How a process ended. `lost`: nobody is left who could tell. `unstartable`: what was started never became the program. */
export type ProcessEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'lost'; readonly detail: string }
  | Unstartable

/** A process that runs, the leader of its group and session. */
export type Started = {
  readonly kind: 'started'
  readonly pid: number
  /** Null when it was not asked for. */
  readonly stdin: Writable | null
  readonly stdout: Readable
  readonly stderr: Readable
  readonly end: Promise<ProcessEnd>
}

/** It never ran. */
export type Unstartable = { readonly kind: 'unstartable'; readonly detail: string }

/** Why nothing is started with an order: what is handed to a program ends at its first NUL, and what follows would be a word or a variable of its own; null where it has none. */
export const orderProblem = ({ program, argv, env, directory }: ProcessOrder): string | null => {
  const hasNul = (text: string): boolean => text.includes('\0')
  if ([program, directory, ...argv].some(hasNul)) return 'a word of its command has a NUL byte in it'
  const variable = Object.entries(env).find((pair) => pair.some(hasNul))
  // Of its value nothing is said: it may be a secret.
  return variable === undefined ? null : `the variable ${JSON.stringify(variable[0])} has a NUL byte in it`
}

/** Starts processes. */
export type Starter = { readonly start: (order: ProcessOrder) => Promise<Started | Unstartable> }
