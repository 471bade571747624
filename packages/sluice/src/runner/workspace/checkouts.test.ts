import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { type Lab, makeLab, never } from '../../../test/runner/lab.ts'
import { limits } from '../../core/limits.ts'
import { type Artifact, digest, runId } from '../../core/model.ts'
import { Checkouts } from './checkouts.ts'

let lab: Lab

before(async () => {
  lab = await makeLab()
})
after(() => lab.remove())

it('nothing that a job works over is pruned, from when it is asked for, also when it was made long ago', async () => {
  let now = 0
  const checkouts = new Checkouts({
    stateDir: lab.stateDir,
    repository: lab.repository,
    unpack: (_artifact, directory) => writeFile(join(directory, 'file'), ''),
    now: () => (now += 1_000),
  })
  const artifact = (number: number): Artifact => ({
    name: 'app',
    digest: digest(`sha256:${number.toString(16).padStart(64, '0')}`),
    bytes: 1,
  })
  const others = async (from: number): Promise<void> => {
    for (let number = from; number < from + limits.checkoutsMax + 2; number += 1)
      await checkouts.artifact(artifact(number), never)
  }
  const job = checkouts.claim()
  const base = await job.commit(lab.commit.id, runId('run_1'), never)
  const input = await job.artifact(artifact(0), never)
  await others(100)
  assert.ok(existsSync(join(base, 'checkout', 'file')) && existsSync(join(input, 'checkout', 'file')))
  // One that is known already, and old, is asked for again while others come.
  const next = checkouts.claim()
  const asked = next.commit(lab.commit.id, runId('run_1'), never)
  job.release()
  const [again] = await Promise.all([asked, others(200)])
  assert.ok(existsSync(join(again, 'checkout', 'file')))
  assert.ok(!existsSync(input))
  next.release()
  await others(300)
  assert.ok(!existsSync(base))
  const anew = checkouts.claim()
  assert.ok(existsSync(join(await anew.commit(lab.commit.id, runId('run_1'), never), 'checkout', 'file')))
})
