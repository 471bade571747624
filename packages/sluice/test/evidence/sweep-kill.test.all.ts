/** A sweep that is killed: whatever evidence is still there has its files, and the next sweep finishes the work. */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { localEvidence } from '../../src/adapters/evidence/local.ts'
import { digest } from '../../src/core/model.ts'
import { Prng } from '../sim/prng.ts'

const worker = fileURLToPath(new URL('sweep-worker.ts', import.meta.url))
const count = 3_000
const hexOf = (kind: number, index: number): string => `${kind}${index}`.padStart(64, '0')

test('evidence that is there has its files, wherever a sweep was killed, and the next one finishes', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'sluice-sweep-kill-'))
  t.after(() => rm(stateDir, { recursive: true, force: true }))
  const [evidence, files] = [join(stateDir, 'evidence/sha256'), join(stateDir, 'evidence/files')]
  mkdirSync(evidence, { recursive: true })
  mkdirSync(files)
  const write = (path: string, content: string): void => {
    writeFileSync(path, content)
    utimesSync(path, 1, 1)
  }
  for (let index = 0; index < count; index += 1) {
    write(join(evidence, `${hexOf(1, index)}.files`), hexOf(2, index))
    write(join(evidence, `${hexOf(1, index)}.json`), '[]')
    write(join(files, hexOf(2, index)), 'file')
  }
  const kept = [1, 20, 300].map((index) => digest(`sha256:${hexOf(1, index)}`))
  const prng = new Prng(7)
  let killed = 0
  for (let round = 0; round < 12; round += 1) {
    const child = spawn(process.execPath, [worker, stateDir, ...kept], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (data) => (said += String(data)))
    while (!said.includes('begins') && child.exitCode === null) await new Promise((resolve) => setImmediate(resolve))
    const turns = prng.below(40)
    for (let turn = 0; turn < turns && !said.includes('over'); turn += 1)
      await new Promise((resolve) => setTimeout(resolve, 1))
    child.kill('SIGKILL')
    await once(child, 'close')
    if (!said.includes('over')) killed += 1
    for (const name of readdirSync(evidence).filter((one) => one.endsWith('.json'))) {
      const list = readFileSync(join(evidence, name.replace('.json', '.files')), 'utf8')
      ok(existsSync(join(files, list)), `${name} lost its file`)
    }
    if (said.includes('over')) break
  }
  ok(killed > 0, 'no sweep was killed in the middle')
  await localEvidence(stateDir).sweep({ digests: new Set(kept), since: 1_000_000, baselinesMax: 50 })
  deepStrictEqual([readdirSync(evidence).length, readdirSync(files).length], [6, 3])
})
