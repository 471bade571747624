/** What governs a simulated rollout, and what must hold of it whatever the weather. */
import { admit, type AdmissionInput } from '../../../src/core/admission.ts'
import type { RolloutGovernance } from '../../../src/core/governance/types.ts'
import type { Actor } from '../../../src/core/model.ts'
import type { Cause, RolloutEffect, RolloutEvent, RolloutState } from '../../../src/core/rollout/types.ts'
import { Breach, demand } from '../breach.ts'
import type { Prng } from '../prng.ts'

/** Whose release it is where somebody has a stake in it; the other one of the two may say yes. */
const owner = 'ada'
const stakes = { author: 'nobody', triggeredBy: null, requestedBy: owner }
const groups = [{ group: 'ops', count: 1 }]

/** How long a person waits for a window to open, milliseconds: a clock that was set back may take hours. */
const patienceMs = 300_000

/** A window that closes soon for a while, or twice; rarely any. And somebody with a stake, or a group that must say yes. */
export const drawGovernance = (random: Prng, at: number): RolloutGovernance | undefined => {
  const dice = random.next()
  const hasStakes = (dice & 1) !== 0
  // A group alone, too: then everybody's word counts, and that of one person need not be enough.
  const hasGroups = (dice & 2) !== 0 && (hasStakes || (dice & 0x300) === 0)
  const words = { ...(hasStakes ? { stakes } : {}), ...(hasGroups ? { groups } : {}) }
  if ((dice & 0x1c) !== 0) return hasStakes || hasGroups ? words : undefined
  const from = at + 1 + random.below(4_000)
  const until = from + 1 + random.below(20_000)
  const first = { from, until, kind: 'deny', reason: 'weekend' } as const
  const again = { ...first, from: until + random.below(3_000), until: until + 3_000 + random.below(9_000) }
  const closures = (dice & 0x20) === 0 ? [first] : [first, again]
  return { ...words, closures, overrun: (dice & 0xc0) === 0 ? 'abort' : 'pause' }
}

/** Who is in which group. */
export const groupsOf = ({ name }: Actor): readonly string[] => (name === owner ? [] : ['ops'])

/** Whether somebody gives up on a window. */
export const isClosedForLong = (paused: Cause | null, at: number): boolean =>
  paused?.kind === 'window' && (paused.until === null || paused.until > at + patienceMs)

const shut = {
  line: { status: 'stopped', by: { kind: 'person', name: owner }, at: 0, reason: 'outage' },
  inForce: null,
  closures: [{ from: 0, until: null, kind: 'deny', reason: 'weekend' }],
  stakes,
  asker: null,
} as const

/** Invariant: a stopped line and a closed window keep everything out but a way back. */
export const mustKeepOutAllButWaysBack = (request: AdmissionInput): void => {
  const { kind } = admit({ ...request, governance: shut })
  if (request.purpose === 'rollback') demand(kind === 'admitted', 'governance stands in the way of a way back')
  else demand(kind === 'refused', 'a stopped line let something in')
}

type Advancing = Extract<RolloutState, { status: 'advancing' }>

/** Whether not everybody may say yes to it. */
export const isReserved = ({ governance }: Advancing): boolean =>
  governance?.stakes !== undefined || governance?.groups !== undefined

/** Invariant: only who may says yes, and neither haste nor a skip passes over it. */
export const mustBeSaidByWhoMay = (before: Advancing, event: RolloutEvent): void => {
  const { governance, stage } = before
  if (governance === undefined || !isReserved(before)) return
  if (event.type !== 'approved') throw new Breach(`a yes that not everybody may give was passed over by ${event.type}`)
  demand(event.by.name !== governance.stakes?.requestedBy, 'somebody said yes to their own release')
  const known = stage.kind === 'awaiting' ? (stage.groups ?? {}) : {}
  const said = [...Object.values(known), event.groups ?? []]
  for (const { group, count } of governance.groups ?? [])
    if (said.filter((one) => one.includes(group)).length < count) throw new Breach(`nobody of ${group} said yes`)
}

/** Invariant: while a window is closed, a rollout that it binds begins nothing. What was begun may be tried again. */
export const mustKeepToWindows = (
  {
    before,
    event,
    after,
  }: { readonly before: RolloutState; readonly event: RolloutEvent; readonly after: RolloutState },
  effect: RolloutEffect,
): void => {
  if (after.status !== 'advancing' || after.governance?.overrun === undefined || effect.action.kind === 'measure')
    return
  const isNew = before.status !== 'advancing' || before.index !== after.index || before.stage.kind === 'ready'
  const isClosed = after.governance.closures?.some(
    ({ from, until }) => from <= event.at && (until === null || event.at < until),
  )
  const hasShift = after.plan.steps.some(({ kind }, index) => index >= after.index && kind === 'shift')
  if (isNew && isClosed === true && hasShift) throw new Breach(`${effect.key} was begun while the window is closed`)
}
