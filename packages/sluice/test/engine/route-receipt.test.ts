import { doesNotThrow, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { releaseId } from '../../src/core/model.ts'
import type { Arm, ArmName, Route } from '../../src/core/routing.ts'
import { confirm, hasTraffic } from '../../src/engine/perform/route-receipt.ts'
import { SluiceError } from '../../src/core/errors.ts'

const [old, fresh] = ['a', 'b'].map((letter) => releaseId(`rel_${letter.repeat(64)}`))
ok(old !== undefined && fresh !== undefined)
const upstreams = [{ instance: 'i', host: '127.0.0.1', port: 1 }]
const arm = (name: ArmName, release: Arm['release'], shareBp: number): Arm => ({ name, release, shareBp, upstreams })

const plain: Route = {
  service: 'shop',
  environment: 'production',
  listen: { host: '127.0.0.1', port: 8080 },
  fence: { token: 1, sequence: 1 },
  arms: [arm('stable', old, 10_000), arm('candidate', fresh, 0)],
  sticky: { kind: 'none' },
  salt: 'x',
  tripwire: null,
  health: { path: '/', intervalMs: 1, timeoutMs: 1, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 1 },
}
const rules = [{ arm: 'candidate', all: [{ kind: 'header', name: 'x-preview', value: null }] }] as const
const preview = { host: '127.0.0.1', port: 8090 }
const mirror = { shareBp: 1_000, release: fresh, upstreams }

const shows = (route: Route) => ({ route, counters: [], logE: null, trip: null, paused: false, observedAt: 1 })
const refused = (error: unknown): boolean => error instanceof SluiceError && error.code === 'route_unconfirmed'

test('a router that ignores a mirror, a rule or a preview address has not put the route in force', () => {
  for (const asked of [
    { ...plain, mirror },
    { ...plain, rules },
    { ...plain, preview },
  ]) {
    doesNotThrow(() => confirm(asked, shows(asked)))
    throws(() => confirm(asked, shows(plain)), refused)
    throws(() => confirm(plain, shows(asked)), refused)
  }
  const other = [{ arm: 'candidate', all: [{ kind: 'cookie', name: 'x-preview', value: null }] }] as const
  throws(() => confirm({ ...plain, rules }, shows({ ...plain, rules: other })), refused)
  throws(() => confirm({ ...plain, mirror }, shows({ ...plain, mirror: { ...mirror, shareBp: 1 } })), refused)
})

test('a release has traffic by its share, by a rule that names its arm, at the preview address, or as copies', () => {
  ok(hasTraffic(plain, old))
  ok(!hasTraffic(plain, fresh))
  ok(hasTraffic({ ...plain, rules }, fresh))
  ok(hasTraffic({ ...plain, preview }, fresh))
  ok(!hasTraffic({ ...plain, preview, arms: plain.arms.slice(0, 1) }, fresh))
  ok(hasTraffic({ ...plain, arms: plain.arms.slice(0, 1), mirror }, fresh))
})
