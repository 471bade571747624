import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { it } from 'node:test'
import { endGroup, isGroupAlive } from './process-group.ts'

it('a group ends with all of its processes, and one that no signal reaches is given up', async () => {
  const script = `trap '' TERM; sleep 60 & echo ready; wait; sleep 60`
  const child = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  const group = child.pid ?? 0
  await once(child.stdout, 'data')
  await endGroup(group, 20)
  assert.ok(!isGroupAlive(group))
  // As the kernel shows one that waits for a disk that does not answer.
  await endGroup(group, 10, { isAlive: () => true, killWaitMs: 30 })
})
