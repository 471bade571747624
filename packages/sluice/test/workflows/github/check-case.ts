/** Compares what came of a case with what was expected. */
import { deepStrictEqual } from 'node:assert/strict'
import type { WorkflowCase } from '../support/case.ts'
import { plain, runCase } from './run-case.ts'

/** Runs a case; rejects where anything that it expects is otherwise. */
export const checkCase = async (one: WorkflowCase): Promise<void> => {
  const came = await runCase(one)
  const wanted: Record<string, unknown> = {}
  const got: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(one.expect)) {
    wanted[key] = value
    const whole = came[key as keyof typeof came]
    got[key] = key === 'notes' ? shortened(whole, value) : narrowed(whole, value)
  }
  deepStrictEqual(plain(got), plain(wanted), `${one.name}: ${one.about}\n${came.notes.join('\n')}`)
}

/** Of what is told for each job, only what the case asks about; results and plans are compared as a whole. */
const narrowed = (whole: unknown, wanted: unknown): unknown => {
  const isByJob = isRecord(wanted) && Object.values(wanted).some((value) => typeof value === 'object' || value === '')
  if (!isByJob || !isRecord(whole)) return whole
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, whole[name] ?? null]))
}

/** A wanted sentence that ends with `…` stands for any end. */
const shortened = (whole: unknown, wanted: unknown): unknown => {
  const sentences = Array.isArray(wanted) ? wanted.map(String) : []
  if (!Array.isArray(whole)) return whole
  return whole.map((text, index) => {
    const sentence = sentences[index] ?? ''
    return sentence.endsWith('…') && String(text).startsWith(sentence.slice(0, -1)) ? sentence : text
  })
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
