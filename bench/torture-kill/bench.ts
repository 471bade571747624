/**
 * `npm run torture:kill [-- --quick] [--router haproxy] [--features] [--json]`: the control plane and the gateway are killed (`kill -9`) at random moments of rollouts,
 * under load, while people go on commanding. No acknowledged command may be lost, every rollout must settle, the ledger must verify, and no
 * request may fail but those in flight in a gateway that is killed. With HAProxy as router the gateway carries nothing, and only the control plane is killed.
 */
import { describeMachine } from '../lib/machine.ts'
import { readSetting } from '../lib/features.ts'
import { progress, report } from '../lib/report.ts'
import { atLeast, atMost, type Bounded, judge, onThisMachine, readOptions } from '../lib/targets.ts'
import { type LoadFailure, quantile } from '../cutover/load/load.ts'
import { findings, type Findings } from './checks.ts'
import { type GatewayPhase, killControlPlane, killGateway, type Phase } from './kills.ts'
import { makeWorld, removeWorld } from './world.ts'

const { router, hasFeatures, rest } = readSetting(process.argv.slice(2))
const { quick, json } = readOptions(rest)
const kills = quick ? { controlPlane: 12, gateway: 6 } : { controlPlane: 300, gateway: 100 }
const requestsPerSecond = 600

/** Failures of gateway kills: those on a connection of the killed process, those that found the port closed until the next one served, and others. */
const sortFailures = (
  failures: readonly LoadFailure[],
  outages: GatewayPhase['outages'],
): { inFlight: number; refused: number; other: readonly LoadFailure[] } => {
  const duringOutage = ({ at }: LoadFailure): boolean =>
    outages.some((outage) => at >= outage.at - 1 && at <= outage.at + outage.servingAgainMs + 50)
  const refused = failures.filter((each) => each.failure === 'not_connected' && duringOutage(each))
  const inFlight = failures.filter(
    (each) =>
      each.failure !== 'not_connected' &&
      each.failure !== 'status' &&
      each.failure !== 'wrong_body' &&
      duringOutage(each),
  )
  const known = new Set([...refused, ...inFlight])
  return { inFlight: inFlight.length, refused: refused.length, other: failures.filter((each) => !known.has(each)) }
}

const figuresOf = (control: Phase, gateway: GatewayPhase | null, found: Findings): readonly Bounded[] => {
  const phases = gateway === null ? [control] : [control, gateway]
  const deploys = phases.flatMap(({ acknowledged }) => acknowledged.deploys).length
  const commands = phases.flatMap(({ acknowledged }) => acknowledged.commands).length
  const parked = phases.reduce((sum, { acknowledged }) => sum + acknowledged.parked, 0)
  return [
    atLeast({ name: 'kill.controlPlane.count', value: control.kills, unit: 'kills' }, kills.controlPlane),
    { name: 'kill.controlPlane.requests', value: requestsOf(control), unit: 'requests' },
    atMost({ name: 'kill.controlPlane.failedRequests', value: control.report.failed, unit: 'requests' }, 0),
    ...(gateway === null ? [] : gatewayFigures(gateway)),
    { name: 'kill.rollouts', value: deploys, unit: 'rollouts' },
    { name: 'kill.commands', value: commands, unit: 'commands' },
    { name: 'kill.parkedAndRetried', value: parked, unit: 'times' },
    atMost({ name: 'kill.lostCommands', value: found.lostCommands, unit: 'commands' }, 0),
    atMost({ name: 'kill.duplicatedCommands', value: found.duplicatedCommands, unit: 'commands' }, 0),
    atMost({ name: 'kill.unsettled', value: found.unsettled, unit: 'rollouts' }, 0),
    atMost({ name: 'kill.ledgerBroken', value: found.ledgerBroken, unit: 'ledgers' }, 0),
    atMost({ name: 'kill.invariantsBroken', value: found.broken.length, unit: 'invariants' }, 0),
  ]
}

const gatewayFigures = (gateway: GatewayPhase): readonly Bounded[] => {
  const { inFlight, refused, other } = sortFailures(gateway.report.failures, gateway.outages)
  const outageMs = gateway.outages.map(({ servingAgainMs }) => servingAgainMs)
  return [
    atLeast({ name: 'kill.gateway.count', value: gateway.kills, unit: 'kills' }, kills.gateway),
    { name: 'kill.gateway.requests', value: requestsOf(gateway), unit: 'requests' },
    { name: 'kill.gateway.inFlightLost', value: inFlight, unit: 'requests' },
    { name: 'kill.gateway.refusedWhileDown', value: refused, unit: 'requests' },
    atMost({ name: 'kill.gateway.otherFailedRequests', value: other.length, unit: 'requests' }, 0),
    { name: 'kill.gateway.servingAgainMsP50', value: quantile(outageMs, 0.5), unit: 'ms' },
    onThisMachine(atMost({ name: 'kill.gateway.servingAgainMsP99', value: quantile(outageMs, 0.99), unit: 'ms' }, 300)),
  ]
}

const requestsOf = ({ report }: Phase): number => Object.values(report.requests).reduce((sum, each) => sum + each, 0)

const notesOf = (control: Phase, gateway: GatewayPhase | null, found: Findings): readonly string[] => {
  const other = gateway === null ? [] : sortFailures(gateway.report.failures, gateway.outages).other
  const unexpected = [...control.report.failures, ...other].slice(0, 5)
  return [
    ...found.broken,
    ...unexpected.map((failure) => `Failed: ${JSON.stringify(failure)}`),
    ...(gateway === null ? [control] : [control, gateway]).flatMap(({ acknowledged }) =>
      acknowledged.unsettled.map((each) => `Unsettled: ${JSON.stringify(each)}`),
    ),
  ]
}

const run = async (): Promise<number> => {
  const machine = describeMachine()
  const world = await makeWorld(requestsPerSecond, { router, hasFeatures })
  try {
    const control = await killControlPlane(world, kills.controlPlane, progress)
    const gateway = router === 'gateway' ? await killGateway(world, kills.gateway, progress) : null
    await world.controlPlane.end()
    const found = await findings(
      world,
      gateway === null ? [control.acknowledged] : [control.acknowledged, gateway.acknowledged],
    )
    const { figures, missed, exitCode } = judge(figuresOf(control, gateway, found), { quick })
    const notes = [...notesOf(control, gateway, found), ...missed]
    report({ command: 'torture:kill', machine, figures, notes, json })
    return exitCode
  } finally {
    await removeWorld(world)
  }
}

process.exitCode = await run()
