/** Reads commands of the control socket. A documented parser: every field is looked at before it is believed. */
import type { Fence, HealthPolicy, Warmup } from '../../core/model.ts'
import { releaseId, rolloutId } from '../../core/model.ts'
import type { Arm, GatewayCommand, ProbeEnough, Route, Tripwire } from '../../core/routing.ts'
import { type Fields, fields, idOf, list, named, number, text, whole, wrong } from './fields.ts'
import { judgePolicy } from './parse-policy.ts'
import { armName, listenAddress, maintenance, steered, sticky, upstreams } from './parse-routing.ts'

/** A command with the number its answer carries. */
export type Numbered = { readonly id: number; readonly command: GatewayCommand }

const fence = (value: unknown): Fence => {
  const { token, sequence } = fields(value, 'fence')
  return { token: whole(token, 'fence.token'), sequence: whole(sequence, 'fence.sequence') }
}

const arm = (value: unknown): Arm => {
  const each = fields(value, 'an arm')
  return {
    name: armName(each['name']),
    release: idOf(releaseId, each['release'], 'arm.release'),
    shareBp: whole(each['shareBp'], 'arm.shareBp'),
    upstreams: upstreams(each['upstreams']),
  }
}

const enough = (value: unknown): ProbeEnough => {
  const { count, graceMs } = fields(value, 'enough')
  return { count: whole(count, 'enough.count'), graceMs: number(graceMs, 'enough.graceMs') }
}

const tripwire = (value: unknown): Tripwire | null => {
  if (value === null) return null
  const each = fields(value, 'tripwire')
  return {
    rollout: idOf(rolloutId, each['rollout'], 'tripwire.rollout'),
    policy: judgePolicy(fields(each['policy'], 'tripwire.policy')),
  }
}

const health = (value: unknown): HealthPolicy => {
  const each = fields(value, 'health')
  return {
    path: path(each['path'], 'health.path'),
    intervalMs: number(each['intervalMs'], 'health.intervalMs'),
    timeoutMs: number(each['timeoutMs'], 'health.timeoutMs'),
    healthyAfter: whole(each['healthyAfter'], 'health.healthyAfter'),
    unhealthyAfter: whole(each['unhealthyAfter'], 'health.unhealthyAfter'),
    startTimeoutMs: number(each['startTimeoutMs'], 'health.startTimeoutMs'),
    ...(each['warmup'] === undefined ? {} : { warmup: warmup(each['warmup']) }),
  }
}

const warmup = (value: unknown): Warmup => {
  const each = fields(value, 'health.warmup')
  return {
    path: path(each['path'], 'health.warmup.path'),
    requests: whole(each['requests'], 'health.warmup.requests'),
    timeoutMs: number(each['timeoutMs'], 'health.warmup.timeoutMs'),
  }
}

const path = (value: unknown, what: string): string => {
  const given = named(value, what)
  return /^\/[\x21-\x7e]*$/.test(given) ? given : wrong(`${what} is not a path`)
}

const route = (value: unknown): Route => {
  const each = fields(value, 'route')
  return {
    ...name(each),
    listen: listenAddress(each['listen'], 'listen'),
    fence: fence(each['fence']),
    arms: list(each['arms'], 'route.arms').map(arm),
    sticky: sticky(each['sticky']),
    salt: text(each['salt'], 'route.salt'),
    tripwire: tripwire(each['tripwire']),
    health: health(each['health']),
    ...steered(each),
  }
}

const name = (each: Fields): { service: string; environment: string } => ({
  service: named(each['service'], 'service'),
  environment: named(each['environment'], 'environment'),
})

const command = (each: Fields): GatewayCommand => {
  const { kind } = each
  switch (kind) {
    case 'hello':
    case 'subscribe':
    case 'shutdown':
      return { kind }
    case 'hand_over':
      return { kind, command: list(each['command'], 'command').map((word) => text(word, 'command')) }
    case 'set_route':
      return { kind, route: route(each['route']) }
    case 'remove_route':
    case 'resume':
      return { kind, ...name(each), fence: fence(each['fence']) }
    case 'pause':
      return { kind, ...name(each), fence: fence(each['fence']), maxMs: number(each['maxMs'], 'maxMs') }
    case 'observe':
      return { kind, ...name(each) }
    case 'maintain':
      return {
        kind,
        ...name(each),
        sequence: whole(each['sequence'], 'sequence'),
        maintenance: maintenance(each['maintenance']),
      }
    case 'probe':
      return {
        kind,
        upstreams: upstreams(each['upstreams']),
        health: health(each['health']),
        successes: whole(each['successes'], 'successes'),
        deadlineMs: number(each['deadlineMs'], 'deadlineMs'),
        ...(each['enough'] === undefined ? {} : { enough: enough(each['enough']) }),
      }
    case 'drain':
      return {
        kind,
        ...name(each),
        upstreams: upstreams(each['upstreams']),
        deadlineMs: number(each['deadlineMs'], 'deadlineMs'),
      }
    default:
      return wrong(`the kind ${JSON.stringify(kind)} is not known`)
  }
}

/** The number of a line, even when the rest of it is off; 0 when it has none. */
export const lineNumber = (line: string): number => {
  try {
    return whole(fields(JSON.parse(line), 'the line')['id'], 'id')
  } catch {
    return 0
  }
}

/** Reads one line; throws `usage_invalid`. */
export const parseCommand = (line: string): Numbered => {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return wrong('the line is not JSON')
  }
  const each = fields(value, 'the line')
  return { id: whole(each['id'], 'id'), command: command(each) }
}
