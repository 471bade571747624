import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { it } from 'node:test'
import { releaseId } from '../../core/model.ts'
import type { Route } from '../../core/routing.ts'
import { defaultSettings } from '../settings.ts'
import type { World } from '../world.ts'
import { removeEvidence, restoreEvidence, writeEvidence, writeEvidenceNow } from './evidence-file.ts'
import { LiveRoute } from './live-route.ts'

const route: Route = {
  service: 'shop',
  environment: 'production',
  listen: { host: '127.0.0.1', port: 8_080 },
  fence: { token: 1, sequence: 1 },
  arms: [{ name: 'stable', release: releaseId(`rel_${'a'.repeat(64)}`), shareBp: 10_000, upstreams: [] }],
  sticky: { kind: 'none' },
  salt: 'salt',
  tripwire: null,
  health: { path: '/', intervalMs: 1, timeoutMs: 1, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 1 },
}
const world: World = { now: () => 42, monotonic: () => 0, random: () => 0, token: () => '0'.repeat(32), log: () => {} }
const open = (): LiveRoute =>
  new LiveRoute(route, { world, settings: defaultSettings, listener: { tripped: () => {}, healthChanged: () => {} } })

it('what is being written never takes the place of what was written later, nor of what was removed', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-evidence-'))
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }))
  const live = open()
  const [arm] = live.arms
  assert.ok(arm)
  const earlier = writeEvidence(folder, live)
  live.count(arm, null, 1)
  writeEvidenceNow(folder, live)
  await earlier
  const after = open()
  assert.ok(restoreEvidence(folder, after))
  assert.equal(after.tallies.get(arm.tally.release)?.requests, 1)
  const late = writeEvidence(folder, live)
  removeEvidence(folder, live)
  await late
  assert.equal(restoreEvidence(folder, open()), false)
})
