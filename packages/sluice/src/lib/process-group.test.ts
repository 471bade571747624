import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { it } from 'node:test'
import { endGroup, isGroupAlive } from './process-group.ts'

it('a group ends with all of its processes, and one that no signal reaches is given up', async () => {
  const script = `trap '' TERM; sleep 60 & echo ready; wait; sleep 60`
  const child = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  const group = child.pid
  assert.ok(group !== undefined)
  await once(child.stdout, 'data')
  await endGroup(group, 20)
  assert.ok(!isGroupAlive(group))
  // As the kernel shows one that waits for a disk that does not answer.
  let looks = 0
  const isAlive = (): boolean => (looks += 1) > 0
  await endGroup(group, 10, { isAlive, killWaitMs: 30 })
  assert.ok(looks > 1)
})

it('a group whose leader has ended lives for as long as what the leader started', async () => {
  const child = spawn('sh', ['-c', 'sleep 60 & echo ready'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  const group = child.pid
  assert.ok(group !== undefined)
  await once(child, 'exit')
  assert.ok(isGroupAlive(group))
  await endGroup(group, 20)
  assert.ok(!isGroupAlive(group))
})

it(
  'a process that is told to end before it leads its group ends with it',
  { skip: process.platform !== 'linux' },
  async () => {
    // As the first moment of a started process on a busy machine: it has not come to its own session yet.
    const script = `select undef, undef, undef, 0.2; use POSIX; POSIX::setsid(); $SIG{TERM} = 'IGNORE'; sleep 60`
    const child = spawn('perl', ['-e', script], { stdio: 'ignore' })
    const over = once(child, 'exit')
    assert.ok(child.pid !== undefined)
    await endGroup(child.pid, 50)
    const [, signal] = await over
    assert.ok(signal === 'SIGKILL' || signal === 'SIGTERM', String(signal))
  },
)
