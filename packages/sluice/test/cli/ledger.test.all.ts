/** The ledger's commands typed into the real command line: kept elsewhere, checked without a server, and found out when forged. */
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { removeState } from '../e2e/plane.ts'
import { makeProject, type Project } from '../e2e/project.ts'
import { freePort } from '../free-port.ts'
import { type Ended, type Place, sluice } from './sluice.ts'

let project: Project
let place: Place
/** What somebody keeps who has no access to the project. */
let elsewhere: string

before(async () => {
  elsewhere = await mkdtemp(join(tmpdir(), 'sluice-elsewhere-'))
  const common = { stopGrace: '1s', drainTimeout: '1s' } as const
  project = await makeProject({ production: { ...common, listen: await freePort() } })
  place = { cwd: project.directory }
  for (const words of [['run'], ['deploy', 'production', '-m', '=cmd|calc']]) {
    const { code, stderr } = await sluice(place, ...words)
    strictEqual(code, 0, stderr)
  }
  await keep('ledger.pub', 'ledger', 'checkpoint', '--public-key')
  await keep('kept.checkpoint', 'ledger', 'checkpoint')
  await keep('ledger.jsonl', 'ledger', 'export')
  await keep('row.tlog-proof', 'ledger', 'prove', '3')
})
after(async () => {
  await sluice(place, 'down')
  await removeState(join(project.directory, '.sluice'), ['production'], project.directory)
  await project.remove()
  await rm(elsewhere, { recursive: true })
})

const keep = async (name: string, ...words: readonly string[]): Promise<void> => {
  const { code, stdout, stderr } = await sluice(place, ...words)
  strictEqual(code, 0, stderr)
  await writeFile(join(elsewhere, name), stdout)
}

/** A check in a folder where there is no project. */
const verify = (...words: readonly string[]): Promise<Ended> => sluice({ cwd: elsewhere }, 'ledger', 'verify', ...words)
const key = ['--key', 'ledger.pub']

test('an export, a checkpoint and a proof are checked where there is neither project nor server', async () => {
  const whole = await verify('--file', 'ledger.jsonl', '--checkpoint', 'kept.checkpoint', ...key)
  strictEqual(whole.code, 0, whole.stderr)
  match(whole.stdout, /ledger\.jsonl is whole: \d+ rows/)
  match(whole.stderr, /signed by sluice\/tiny/)
  const proof = await verify('--proof', 'row.tlog-proof', ...key)
  strictEqual(proof.code, 0, proof.stderr)
  match(proof.stdout, /row 3 is in the ledger of sluice\/tiny/)
  const unasked = await verify('--proof', 'row.tlog-proof')
  match(unasked.stderr, /was not checked/)
})

test('what was forged is exit code 3, and a key that is none exit code 2', async () => {
  const rows = (await readFile(join(elsewhere, 'ledger.jsonl'), 'utf8')).split('\n')
  await writeFile(join(elsewhere, 'forged.jsonl'), rows.toSpliced(4, 1).join('\n'))
  strictEqual((await verify('--file', 'forged.jsonl')).code, 3)
  // Shorter, but whole in itself: only the checkpoint knows better.
  const { seq, hash } = JSON.parse(rows[5] ?? '')
  const short = [...rows.slice(0, 6), JSON.stringify({ end: { seq, hash } }), '']
  await writeFile(join(elsewhere, 'short.jsonl'), short.join('\n'))
  strictEqual((await verify('--file', 'short.jsonl')).code, 0)
  const cut = await verify('--file', 'short.jsonl', '--checkpoint', 'kept.checkpoint', ...key)
  deepStrictEqual([cut.code, /\(checkpoint\)/.test(cut.stderr)], [3, true])
  strictEqual((await verify('--file', 'ledger.jsonl', '--checkpoint', 'kept.checkpoint', '--key', 'nothing')).code, 2)
})

test('the control plane is held to a checkpoint that was kept, and does not pass with another', async () => {
  const path = join(elsewhere, 'kept.checkpoint')
  const held = await sluice(place, 'ledger', 'verify', '--checkpoint', path, '--key', join(elsewhere, 'ledger.pub'))
  strictEqual(held.code, 0, held.stderr)
  match(held.stdout, /the ledger goes on from the checkpoint/)
  const text = await readFile(path, 'utf8')
  const [origin, size] = text.split('\n')
  const forged = join(elsewhere, 'forged.checkpoint')
  const signature = text.slice(text.indexOf('\n\n'))
  await writeFile(forged, `${origin}\n${size}\n${Buffer.alloc(32, 1).toString('base64')}${signature}`)
  strictEqual((await sluice(place, 'ledger', 'verify', '--checkpoint', forged)).code, 3)
  strictEqual((await sluice(place, 'ledger', 'verify', '--checkpoint', forged, ...key)).code, 2)
})

test('rows are found by what happened, as a table, as JSON and for a spreadsheet; the reports are made of them', async () => {
  const rows = await sluice(place, 'ledger', 'ls', '--what', 'rollout_started', '--json')
  deepStrictEqual(JSON.parse(rows.stdout).rows.length, 1)
  const seqs = async (...words: readonly string[]): Promise<readonly number[]> => {
    const { rows: found } = JSON.parse((await sluice(place, 'ledger', 'ls', '--json', ...words)).stdout)
    return found.map(({ seq }: { readonly seq: number }) => seq)
  }
  const [newest = 0, second = 0] = await seqs('--limit', '2')
  deepStrictEqual([second, await seqs('--after', '0', '--limit', '2')], [newest - 1, [1, 2]])
  deepStrictEqual(await seqs('--before', String(second), '--limit', '1'), [second - 1])
  for (const [words, count] of [
    [['rollout', 'ls', '--env', 'production', '--status', 'succeeded'], 1],
    [['rollout', 'ls', '--status', 'rolled-back'], 0],
    [['runs', 'ls', '--from', '1h', '--event', 'manual', '--pipeline', 'config'], 1],
    [['runs', 'ls', '--to', '1h'], 0],
    [['releases', 'ls', '--serves', 'production', '--no-held'], 1],
    [['releases', 'ls', '--held'], 0],
  ] as const) {
    const { code, stdout, stderr } = await sluice(place, ...words, '--json')
    deepStrictEqual([code, JSON.parse(stdout).items.length], [0, count], `${words.join(' ')}: ${stderr}`)
  }
  const csv = await sluice(place, 'ledger', 'export', '--format', 'csv', '--what', 'rollout_started')
  match(csv.stdout, /"'=cmd\|calc"/)
  const dora = await sluice(place, 'dora', '--list')
  strictEqual(dora.code, 0, dora.stderr)
  match(dora.stdout, /change fail +0 of 1, too few for a rate/)
  match(dora.stdout, /rol_\w+ /)
  const report = await sluice(place, 'report', 'compliance', '--md')
  strictEqual(report.code, 0, report.stderr)
  match(report.stdout, /^# Compliance report: tiny, every environment/)
  match(report.stdout, /no\\_gates/)
})

test('prune wants a reason and a moment that is long ago', async () => {
  strictEqual((await sluice(place, 'ledger', 'prune', '--before', '400d')).code, 2)
  strictEqual((await sluice(place, 'ledger', 'prune', '--before', '1d', '-m', 'x')).code, 2)
  const none = await sluice(place, 'ledger', 'prune', '--before', '400d', '-m', 'x')
  deepStrictEqual([none.code, /0 rows/.test(none.stdout)], [0, true])
})
