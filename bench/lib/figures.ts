/** How every benchmark says what it measured: a table for people and, with `--json`, one object on the last line for machines. */
import { cpus, release, totalmem, type } from 'node:os'
import { parseArgs } from 'node:util'

/** One measured number. `target` is what it should be, in words; `met` whether it is. */
export type Figure = {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly target?: { readonly words: string; readonly met: boolean }
}

/** What every benchmark is asked with: `--quick` is its short form for CI, `--json` adds the object. */
export type BenchOptions = { readonly quick: boolean; readonly json: boolean }

/** Reads `--quick` and `--json`; refuses anything else. */
export const readBenchOptions = (args: readonly string[]): BenchOptions => {
  const options = { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } } as const
  const { values } = parseArgs({ args: [...args], options })
  return { quick: values.quick, json: values.json }
}

/** A figure that should be at most so much. */
export const atMost = (name: string, value: number, unit: string, limit: number): Figure => ({
  name,
  value,
  unit,
  target: { words: `≤ ${limit}`, met: value <= limit },
})

/** A figure that should be at least so much. */
export const atLeast = (name: string, value: number, unit: string, limit: number): Figure => ({
  name,
  value,
  unit,
  target: { words: `≥ ${limit}`, met: value >= limit },
})

/** Tells on stderr how far it is; stdout carries only the result. */
export const progress = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** Prints the table, what has to be said beside it, and with `json` the object. Gives whether every target was met. */
export const printFigures = (
  command: string,
  figures: readonly Figure[],
  { json, notes = [] }: { readonly json: boolean; readonly notes?: readonly string[] },
): boolean => {
  const rows = figures.map(({ name, value, unit, target }) => [
    name,
    shown(value),
    unit,
    target === undefined ? '' : `${target.words}${target.met ? '' : '  MISSED'}`,
  ])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  for (const [name = '', value = '', unit = '', target = ''] of rows) {
    const line = `${name.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)} ${unit.padEnd(widths[2] ?? 0)}  ${target}`
    process.stdout.write(`${line.trimEnd()}\n`)
  }
  for (const note of notes) process.stdout.write(`${note}\n`)
  if (json) {
    const plain = figures.map(({ name, value, unit }) => ({ name, value, unit }))
    process.stdout.write(`${JSON.stringify({ command, machine: machine(), figures: plain })}\n`)
  }
  return figures.every(({ target }) => target?.met ?? true)
}

/** What the figures were measured on. */
export const machine = (): Readonly<Record<string, string | number>> => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 1_073_741_824),
  os: `${type()} ${release()}`,
  node: process.version,
})

const shown = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0)
