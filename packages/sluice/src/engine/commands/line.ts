/** Stopping the line, and letting it go on. */
import { SluiceError } from '../../core/errors.ts'
import { isoTime } from '../../core/iso-time.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { type LineEvent, lineKey } from '../../core/line.ts'
import type { CommandEvent } from '../../core/rollout/commands.ts'
import type { RolloutState } from '../../core/rollout/types.ts'
import type { StateOf } from '../admission/admitting.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import { keyText } from '../loop/transaction.ts'
import { asLine, asRollout, existingRollout } from '../trusted.ts'

/** What becomes of rollouts that are under way: they stand where they are, turn back, or go on. */
export type Underway = 'pause' | 'abort' | 'finish'

/** What a stop answers: the rollouts that it paused or turned back. */
export type Stopped = { readonly rollouts: readonly string[] }

/** Nothing goes forward any more; ways back do. One transaction with what becomes of the rollouts under way. `command_conflict` when it is stopped already. */
export const stopLine = async (
  desk: Desk,
  { underway }: { readonly underway: Underway },
  asking: Asking,
): Promise<Stopped> => {
  const { by } = asking
  const reason = asking.reason ?? 'no reason given'
  for (let attempt = 1; ; attempt += 1) {
    await desk.loop.whole()
    const live = desk.loop.live('rollout')
    const known = new Set(live.map(keyText))
    const at = desk.clock.now()
    let rollouts: readonly string[] = []
    let isLate = false
    const decide = (stateOf: StateOf) => {
      // One that was let in since the look would go on, and so would one that is not taken up again yet; with the line in hand none can come any more.
      isLate = !desk.loop.isWhole || desk.loop.live('rollout').some((key) => !known.has(keyText(key)))
      if (isLate) return []
      const line = asLine(stateOf(lineKey))
      if (line.status === 'stopped') throw stoppedAlready(line)
      const stop: LineEvent = { type: 'line_stopped', at, by, reason }
      const moving = underway === 'finish' ? [] : live.filter((key) => goesForward(asRollout(stateOf(key))))
      rollouts = moving.map(({ id }) => id)
      const type = underway === 'abort' ? 'abort_requested' : 'pause_requested'
      const told: CommandEvent = { type, at, by, reason: `the line was stopped: ${reason}` }
      return [input(lineKey, stop, asking), ...moving.map((key) => input(key, told, asking))]
    }
    const { record } = asking
    await desk.loop.transact(
      [lineKey, ...live],
      decide,
      record === null ? null : () => (isLate ? null : record({ rollouts })),
    )
    if (!isLate) return { rollouts }
    if (attempt >= limits.rollbackAttemptsMax)
      throw new SluiceError('command_conflict', {
        detail: 'rollouts keep starting meanwhile',
        hint: 'ask again',
        retry: 'same',
      })
  }
}

/** Lets things go forward again. What was paused stays so until somebody resumes it. `command_conflict` when the line runs. */
export const resumeLine = async (desk: Desk, asking: Asking): Promise<void> => {
  const event: LineEvent = { type: 'line_resumed', at: desk.clock.now(), by: asking.by, reason: asking.reason }
  const [accepted] = await desk.loop.transact(
    [lineKey],
    () => [input(lineKey, event, asking)],
    asking.record?.({}) ?? null,
  )
  if (accepted === true) return
  throw new SluiceError('command_conflict', { detail: 'the line is not stopped', hint: 'sluice status' })
}

/** Whether a command takes a rollout forward, so that a stopped line has a say in it. */
export const isForward = (type: CommandEvent['type'], state: RolloutState): boolean =>
  type !== 'abort_requested' && type !== 'pause_requested' && goesForward(state)

/** The aggregates that `mustRun` looks at. */
export const lineKeys: readonly AggregateKey[] = [lineKey]

/** `admission_refused` while the line is stopped. */
export const mustRun = (stateOf: StateOf): void => {
  const line = asLine(stateOf(lineKey))
  if (line.status === 'running') return
  throw new SluiceError('admission_refused', {
    detail: `${line.by.name} stopped the line since ${isoTime(line.at)}: ${line.reason}; only ways back pass`,
    hint: 'sluice resume -m "why"',
  })
}

const goesForward = (state: RolloutState): boolean => {
  const rollout = existingRollout(state)
  if (rollout === null || rollout.plan.purpose === 'rollback') return false
  return rollout.status === 'advancing' || (rollout.status === 'parked' && rollout.resume.direction === 'forward')
}

const stoppedAlready = ({ by, reason }: { readonly by: Asking['by']; readonly reason: string }): SluiceError =>
  new SluiceError('command_conflict', {
    detail: `${by.name} has stopped the line already: ${reason}`,
    hint: 'sluice resume -m "why"',
  })
