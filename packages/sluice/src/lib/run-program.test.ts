import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runProgram } from './run-program.ts'

const env = { PATH: process.env['PATH'] ?? '' }
const ask = (script: string, more: { readonly signal?: AbortSignal; readonly bytesMax?: number } = {}) =>
  runProgram('sh', ['-c', script], { cwd: '/', env, signal: new AbortController().signal, ...more })

test('a program says what it printed, and how it ended', async () => {
  assert.deepEqual(await ask('echo out; echo err >&2; exit 3'), { kind: 'ended', code: 3, out: 'out\n', err: 'err\n' })
  const options = { cwd: '/', env, signal: new AbortController().signal }
  const missing = await runProgram('sluice-no-such-program', [], options)
  assert.equal(missing.kind === 'failed' && missing.code, 'ENOENT')
})

test('a program that prints more than it may is ended', async () => {
  const answer = await ask('while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done', { bytesMax: 100_000 })
  assert.equal(answer.kind === 'failed' && answer.code, 'ENOBUFS')
})

test('a program that is called off ends, even one that does not want to', async () => {
  const answer = await ask("trap '' TERM; echo up; while :; do sleep 0.05; done", { signal: AbortSignal.timeout(200) })
  assert.equal(answer.kind === 'failed' && answer.code, 'ABORT_ERR')
})
