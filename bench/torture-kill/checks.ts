/** What must hold when the killing is over. */
import { verifyLedgerFile } from '../../packages/sluice/src/adapters/store/verify-file.ts'
import type { LedgerRow } from '../../packages/sluice/src/core/ledger/entry.ts'
import { openDesk } from '../../packages/sluice/test/e2e/plane.ts'
import type { Acknowledged } from './operators.ts'
import { environmentNames, type World } from './world.ts'

/** What was found; all of it should be 0 or empty. */
export type Findings = {
  readonly lostCommands: number
  readonly duplicatedCommands: number
  readonly unsettled: number
  readonly ledgerBroken: number
  /** Sentences, one for each thing that should not be so. */
  readonly broken: readonly string[]
}

const never = new AbortController().signal
const pageRows = 1_000

/** Opens the state once more (the control plane must be dead) and compares it with what was acknowledged and with the world. */
export const findings = async (world: World, acknowledged: readonly Acknowledged[]): Promise<Findings> => {
  const { found } = await verifyLedgerFile(world.stateDir)
  const desk = await openDesk(world.project.directory, world.stateDir)
  try {
    const rows: LedgerRow[] = []
    for (;;) {
      const page = await desk.plane.engine.ledger({ after: rows.at(-1)?.seq ?? 0, limit: pageRows })
      rows.push(...page)
      if (page.length < pageRows) break
    }
    const broken: string[] = found.status === 'broken' ? [`the ledger: ${found.detail}`] : []
    const deploys = acknowledged.flatMap((each) => each.deploys)
    const started = rows.filter(({ type }) => type === 'rollout_started').map(({ key }) => key.id)
    const lostDeploys = deploys.filter(({ rollout }) => !started.includes(rollout))
    const lost = lostDeploys.length + lostWords(rows, acknowledged)
    // One rollout for each environment was made before the torture.
    const duplicated = started.length - environmentNames.length - new Set(deploys.map(({ rollout }) => rollout)).size
    const twisted = acknowledged.reduce((sum, each) => sum + each.twisted, 0)
    for (const name of environmentNames) broken.push(...(await brokenIn(desk.plane, name)))
    const unsettled = new Set(acknowledged.flatMap((each) => each.unsettled.map(({ id }) => id)))
    return {
      lostCommands: lost,
      duplicatedCommands: duplicated + twisted,
      unsettled: unsettled.size,
      ledgerBroken: found.status === 'broken' ? 1 : 0,
      broken,
    }
  } finally {
    await desk.close()
  }
}

/** Words that were acknowledged and are not in the ledger as often. */
const lostWords = (rows: readonly LedgerRow[], acknowledged: readonly Acknowledged[]): number => {
  const counts = new Map<string, number>()
  for (const { rollout, command } of acknowledged.flatMap((each) => each.commands)) {
    const name = `${rollout} ${command}_requested`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  let lost = 0
  for (const [name, count] of counts) {
    const recorded = rows.filter(({ key, type }) => `${key.id} ${type}` === name).length
    lost += Math.max(0, count - recorded)
  }
  return lost
}

/** Belief against the world: what serves an environment has all of its traffic, and every instance that it should. */
const brokenIn = async (
  { engine, ports }: Awaited<ReturnType<typeof openDesk>>['plane'],
  name: string,
): Promise<readonly string[]> => {
  const target = { service: 'tiny', environment: name }
  const { serving, live } = await engine.reading.environment('tiny', name)
  const route = (await ports.router.observe(target, never))?.route
  const instances = await ports.driver.observe('tiny', name, never)
  const arms = route?.arms.filter(({ shareBp }) => shareBp > 0) ?? []
  const running = instances.filter((one) => one.release === serving && one.status === 'running')
  return [
    ...(live === null ? [] : [`${name}: rollout ${live} still holds it`]),
    ...(arms.length === 1 && arms[0]?.release === serving ? [] : [`${name}: the route does not show ${serving} alone`]),
    ...(running.length === 2 ? [] : [`${name}: ${running.length} of 2 instances of ${serving} run`]),
  ]
}
