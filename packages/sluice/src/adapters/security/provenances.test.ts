import { deepStrictEqual, rejects } from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { SluiceError } from '../../core/errors.ts'
import { commitId } from '../../core/model.ts'
import { provenanceOf, statementType } from '../../core/security/provenance.ts'
import { keepProvenance, keptProvenances } from './provenances.ts'
import { projectKey, sealDocument } from './signing.ts'

let state = ''
const commit = commitId('1'.repeat(40))
const subject = { name: 'app', sha256: 'ab'.repeat(32) }

before(async () => {
  state = await mkdtemp(join(tmpdir(), 'sluice-provenance-'))
})
after(() => rm(state, { recursive: true, force: true }))

test('an artifact is where it is said to be from only by a key that is trusted, of the commit, under its digest', async () => {
  const provenances = keptProvenances(state)
  const question = { subject, commit, runs: ['run_1'], publicKey: null }
  deepStrictEqual(await provenances.verify(question), null)
  const build = {
    builder: 'urn:sluice:s',
    sluiceVersion: '0.1.0',
    runId: 'run_1',
    repository: 'https://git.acme.io/s',
    commit,
    parameters: {},
    materials: [],
    startedAt: 0,
    finishedAt: 1,
  }
  const key = await projectKey(state)
  const text = JSON.stringify(sealDocument(provenanceOf([subject], build), statementType, key))
  await keepProvenance(state, { run: 'run_1', text })
  deepStrictEqual(await provenances.verify(question), { status: 'verified', detail: null, keys: [key.id] })
  deepStrictEqual(await provenances.verify({ ...question, runs: ['run_2'] }), null)
  deepStrictEqual((await provenances.verify({ ...question, commit: commitId('2'.repeat(40)) }))?.status, 'refused')
  deepStrictEqual(
    (await provenances.verify({ ...question, subject: { ...subject, sha256: 'cd'.repeat(32) } }))?.status,
    'refused',
  )
  const stranger = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
  deepStrictEqual((await provenances.verify({ ...question, publicKey: stranger }))?.status, 'refused')
  await rejects(
    provenances.verify({ ...question, publicKey: 'no key' }),
    (error) => error instanceof SluiceError && error.code === 'config_invalid',
  )
})
