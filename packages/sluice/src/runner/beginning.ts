/** Where a job begins: at its first step, or at a later one over checkpoints of an earlier attempt. */
import { SluiceError } from '../core/errors.ts'
import type { JobRequest } from '../ports/runner.ts'
import type { Isolation } from './isolation/detect.ts'
import { readRecord, type StepRecord, usableSteps } from './record.ts'

/** Layers to begin over, the lowest first (none: the checkout), and the steps that they hold the result of. */
export type Beginning = { readonly lowers: readonly string[]; readonly earlier: readonly StepRecord[] }

const first: Beginning = { lowers: [], earlier: [] }

/** Finds it. `command_conflict` when a step was named and there is no checkpoint before it. */
export const beginningOf = async (
  { from, key, job }: JobRequest,
  place: { readonly folder: string; readonly isolation: Isolation; readonly folderOf: (key: string) => string },
): Promise<Beginning> => {
  if (from === undefined || (from.kind === 'step' && from.step === 0)) return first
  const folder = from.kind === 'step' ? place.folderOf(from.key) : place.folder
  const records = await readRecord(folder)
  const known = records.findIndex(({ name }, index) => job.steps[index]?.name !== name)
  const same = known === -1 ? records : records.slice(0, known)
  const wanted = from.kind === 'step' ? from.step : job.steps.length - 1
  const count = place.isolation.kind === 'layers' ? await usableSteps(same, wanted) : 0
  if (from.kind === 'step' && count !== from.step)
    throw new SluiceError('command_conflict', {
      detail: `${job.name} cannot begin with step ${from.step + 1}: there is no checkpoint before it in ${from.key === key ? 'this attempt' : 'that attempt'}`,
      hint: 'run the whole job again; checkpoints need layers (sluice doctor says whether this machine has them)',
    })
  const earlier = same.slice(0, count)
  return { earlier, lowers: earlier.at(-1)?.layers ?? [] }
}
