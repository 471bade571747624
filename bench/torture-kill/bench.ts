/**
 * `npm run torture:kill [-- --quick] [--json]`: the control plane and the gateway are killed (`kill -9`) at random moments of rollouts,
 * under load, while people go on commanding. No acknowledged command may be lost, every rollout must settle, the ledger must verify, and no
 * request may fail but those in flight in a gateway that is killed.
 */
import { describeMachine } from '../lib/machine.ts'
import { progress, report } from '../lib/report.ts'
import { atLeast, atMost, type Bounded, judge, onThisMachine, readOptions } from '../lib/targets.ts'
import { type LoadFailure, quantile } from '../cutover/load/load.ts'
import { findings, type Findings } from './checks.ts'
import { type GatewayPhase, killControlPlane, killGateway, type Phase } from './kills.ts'
import { makeWorld, removeWorld } from './world.ts'

const { quick, json } = readOptions(process.argv.slice(2))
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

const figuresOf = (control: Phase, gateway: GatewayPhase, found: Findings): readonly Bounded[] => {
  const { inFlight, refused, other } = sortFailures(gateway.report.failures, gateway.outages)
  const outageMs = gateway.outages.map(({ servingAgainMs }) => servingAgainMs)
  const deploys = [control, gateway].flatMap(({ acknowledged }) => acknowledged.deploys).length
  const words = [control, gateway].flatMap(({ acknowledged }) => acknowledged.commands).length
  const parked = control.acknowledged.parked + gateway.acknowledged.parked
  return [
    atLeast({ name: 'kill.controlPlane.count', value: control.kills, unit: 'kills' }, kills.controlPlane),
    { name: 'kill.controlPlane.requests', value: requestsOf(control), unit: 'requests' },
    atMost({ name: 'kill.controlPlane.failedRequests', value: control.report.failed, unit: 'requests' }, 0),
    atLeast({ name: 'kill.gateway.count', value: gateway.kills, unit: 'kills' }, kills.gateway),
    { name: 'kill.gateway.requests', value: requestsOf(gateway), unit: 'requests' },
    { name: 'kill.gateway.inFlightLost', value: inFlight, unit: 'requests' },
    { name: 'kill.gateway.refusedWhileDown', value: refused, unit: 'requests' },
    atMost({ name: 'kill.gateway.otherFailedRequests', value: other.length, unit: 'requests' }, 0),
    { name: 'kill.gateway.servingAgainMsP50', value: quantile(outageMs, 0.5), unit: 'ms' },
    onThisMachine(atMost({ name: 'kill.gateway.servingAgainMsP99', value: quantile(outageMs, 0.99), unit: 'ms' }, 300)),
    { name: 'kill.rollouts', value: deploys, unit: 'rollouts' },
    { name: 'kill.commands', value: words, unit: 'commands' },
    { name: 'kill.parkedAndRetried', value: parked, unit: 'times' },
    atMost({ name: 'kill.lostCommands', value: found.lostCommands, unit: 'commands' }, 0),
    atMost({ name: 'kill.duplicatedCommands', value: found.duplicatedCommands, unit: 'commands' }, 0),
    atMost({ name: 'kill.unsettled', value: found.unsettled, unit: 'rollouts' }, 0),
    atMost({ name: 'kill.ledgerBroken', value: found.ledgerBroken, unit: 'ledgers' }, 0),
    atMost({ name: 'kill.invariantsBroken', value: found.broken.length, unit: 'invariants' }, 0),
  ]
}

const requestsOf = ({ report }: Phase): number => Object.values(report.requests).reduce((sum, each) => sum + each, 0)

const notesOf = (control: Phase, gateway: GatewayPhase, found: Findings): readonly string[] => {
  const { other } = sortFailures(gateway.report.failures, gateway.outages)
  const unexpected = [...control.report.failures, ...other].slice(0, 5)
  return [
    ...found.broken,
    ...unexpected.map((failure) => `Failed: ${JSON.stringify(failure)}`),
    ...[control, gateway].flatMap(({ acknowledged }) =>
      acknowledged.unsettled.map((each) => `Unsettled: ${JSON.stringify(each)}`),
    ),
  ]
}

const run = async (): Promise<number> => {
  const machine = describeMachine()
  const world = await makeWorld(requestsPerSecond)
  try {
    const control = await killControlPlane(world, kills.controlPlane, progress)
    const gateway = await killGateway(world, kills.gateway, progress)
    await world.controlPlane.end()
    const found = await findings(world, [control.acknowledged, gateway.acknowledged])
    const { figures, missed, exitCode } = judge(figuresOf(control, gateway, found), { quick })
    const notes = [...notesOf(control, gateway, found), ...missed]
    report({ command: 'torture:kill', machine, figures, notes, json })
    return exitCode
  } finally {
    await removeWorld(world)
  }
}

process.exitCode = await run()
