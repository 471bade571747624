/** What every benchmark prints: a table for people and, with `--json`, one object on the last line for programs. */
import type { Machine } from './machine.ts'

/** One measured figure. */
export type Figure = { readonly name: string; readonly value: number; readonly unit: string }

/** Prints the table and, when asked, the object. `notes` say how to read the figures. */
export const report = (result: {
  readonly command: string
  readonly machine: Machine
  readonly figures: readonly Figure[]
  readonly notes: readonly string[]
  readonly json: boolean
}): void => {
  const { command, machine, figures, notes } = result
  const width = Math.max(...figures.map(({ name }) => name.length))
  const lines = figures.map(({ name, value, unit }) => `  ${name.padEnd(width)}  ${number(value).padStart(12)} ${unit}`)
  process.stdout.write(
    `${command} on ${machine.cpu}, ${machine.cores} cores, load ${machine.loadAtStart} at the start\n${lines.join('\n')}\n`,
  )
  for (const note of notes) process.stdout.write(`  ${note}\n`)
  if (result.json) process.stdout.write(`${JSON.stringify({ command, machine, figures })}\n`)
}

/** Progress goes where results do not. */
export const progress = (text: string): void => void process.stderr.write(`${text}\n`)

/** The middle value; the mean of the two middle ones when there are two. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}

/** The value below which the given part (0–1) of the sorted values lies. */
export const quantile = (sorted: ArrayLike<number>, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0

const number = (value: number): string =>
  Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en-US') : String(Math.round(value * 1_000) / 1_000)
