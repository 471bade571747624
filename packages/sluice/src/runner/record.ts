/**
 * What a job has done so far, in `steps.json` beside its files: enough to begin with a later step. It is written whole after each step that another
 * follows. It is not synced: a record, or a layer, from before the machine last started is not trusted (see `bootId`).
 */
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One step that is done. */
export type StepRecord = {
  readonly name: string
  readonly outputs: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  readonly path: readonly string[]
  readonly layers: readonly string[] | null
}

/** Writes what was done, in the order of the steps. Variables of later steps may be secrets: nobody else may read it. */
export const writeRecord = async (folder: string, steps: readonly StepRecord[]): Promise<void> => {
  const temporary = join(folder, '.steps.json')
  await writeFile(temporary, JSON.stringify({ form: 1, boot: bootId(), steps }), { mode: 0o600 })
  await rename(temporary, join(folder, 'steps.json'))
}

/** The steps on record whose checkpoints can be built on; none when there is no record, or the machine was started since. */
export const readRecord = async (folder: string): Promise<readonly StepRecord[]> => {
  const text = await readFile(join(folder, 'steps.json'), 'utf8').catch(() => null)
  if (text === null) return []
  // Only who goes on with an earlier attempt waits for the schema's library to load.
  const { recordForm } = await import('./record-form.ts')
  const found = recordForm.safeParse(JSON.parse(text))
  return found.success && found.data.boot === bootId() ? found.data.steps : []
}

/** How many of the steps can be taken over: up to the last at or before `count` whose layers are all there. */
export const usableSteps = async (steps: readonly StepRecord[], count: number): Promise<number> => {
  for (let done = Math.min(count, steps.length); done > 0; done -= 1) {
    const layers = steps[done - 1]?.layers ?? null
    if (layers === null) continue
    const there = await Promise.all(layers.map((path) => stat(path).catch(() => null)))
    if (!there.includes(null)) return done
  }
  return 0
}

/** Which start of the machine this is: what was not synced may be gone after another. Source: random(4), `boot_id`. */
const bootId = (): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
