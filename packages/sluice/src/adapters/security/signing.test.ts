import { deepStrictEqual, equal, ok, rejects, throws } from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openEnvelope, preAuthenticationEncoding } from '../../core/security/dsse.ts'
import { provenanceOf, statementType } from '../../core/security/provenance.ts'
import { SluiceError } from '../../core/errors.ts'
import { projectKey, readPublicKeys, sealDocument, verifyProvenance, verifyWith } from './signing.ts'

const code = (wanted: string) => (error: unknown) => error instanceof SluiceError && error.code === wanted
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** An Ed25519 public key out of its 32 bytes: RFC 8410's prefix and the key. */
const rawKey = (bytes: string): KeyObject =>
  createPublicKey({ key: Buffer.from(`302a300506032b6570032100${bytes}`, 'hex'), format: 'der', type: 'spki' })

// Keys of RFC 8032, section 7.1, as the test vectors of the DSSE specification use them.
const a = rawKey('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
const b = rawKey('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
const payload = 'eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEifQ=='
const byA = '2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA=='
const byB = 'c1+67/aT0yqEpwx8PsVY3MLHsj9D0CZ014/Fv/QlG59P+9CobUZ7xECJ/V3USG0Ob9CiE5LjReEZUzNF2l7eBw=='

type Sealed = {
  readonly payloadType?: string
  readonly payload?: string
  readonly sigs: readonly string[]
  readonly keys?: readonly KeyObject[]
  readonly threshold?: number
  readonly wanted?: string
}

const open = ({ sigs, keys = [a], threshold = 1, ...rest }: Sealed): string => {
  const payloadType = rest.payloadType ?? statementType
  const envelope = {
    payloadType,
    payload: rest.payload ?? payload,
    signatures: sigs.map((sig) => ({ sig, keyid: 'A' })),
  }
  return openEnvelope(envelope, { keys, threshold, payloadType: rest.wanted ?? payloadType, verify: verifyWith }).kind
}

let root = ''

describe('envelopes', () => {
  it('are encoded for signing as the specification has it', () => {
    equal(
      new TextDecoder().decode(preAuthenticationEncoding('http://example.com/HelloWorld', utf8('hello world'))),
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    )
    equal(
      hex(preAuthenticationEncoding('application/vnd.exämple+json', utf8('')).slice(0, 10)),
      hex(utf8('DSSEv1 29 ')),
    )
    equal(new TextDecoder().decode(preAuthenticationEncoding('', utf8(''))), 'DSSEv1 0  0 ')
  })

  it('are opened and refused as the test vectors of the specification have it', () => {
    const urlSafe = {
      payload: '-_-_Pj8=',
      sigs: ['P-_KHICeR7tI6S_YyejJTRtrXhcQyQ2LYPaL8h90KjC9qN8HU_svOQ6TuDOT1HIrsGW886DbWNWcCmX5twLrAw=='],
    }
    const notAscii = {
      payloadType: 'application/vnd.exämple+json',
      sigs: ['xmSk/ug66ysT7ayhkCIjhAq42zgZXSsEWuzUaNL7w2eGAdF/NU6/fRXPtmfN+5DNSAs5/i2lUnHjbbjPsu0tAw=='],
    }
    const empty = {
      payload: '',
      sigs: ['gSggCAaTLTYyRH6FIDBem6meyIynsYy8RTHVzwx9tnTb7Bg/1jMWnuVgI/gffqmbsC2VX5/jHfkkDqsj7CDbDg=='],
    }
    const noType = {
      payloadType: '',
      wanted: statementType,
      sigs: ['iC3q/+3Rm0+lpAJRueDmDh15PnwCfxKmS0NAfKsbv+zgulXQC/WM9trc+j1XEqlwDIg/vf/uNfebeD6sxInrDg=='],
    }
    const both = { keys: [a, b], threshold: 2 }
    deepStrictEqual(
      [
        open({ sigs: [byA] }),
        open(urlSafe),
        open({ sigs: [byA], payloadType: 'application/vnd.example.other+json' }),
        open(notAscii),
        open(empty),
        open(noType),
        open({ ...both, sigs: [byA, byB] }),
        open({ ...both, sigs: [byA, byA] }),
        open({ sigs: [byB] }),
        open({ sigs: [] }),
        open({ sigs: [byA], payload: 'not base64!' }),
      ],
      [
        'verified',
        'verified',
        'refused',
        'verified',
        'verified',
        'refused',
        'verified',
        'refused',
        'refused',
        'refused',
        'refused',
      ],
    )
  })
})

describe('provenance', () => {
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-signing-'))
  })
  after(() => rm(root, { recursive: true, force: true }))

  const subject = { name: 'app', sha256: 'ab'.repeat(32) }
  const build = {
    builder: 'https://sluice.acme.io',
    sluiceVersion: '0.1.0',
    runId: 'run_1',
    repository: 'https://git.acme.io/acme/x',
    commit: 'c'.repeat(40),
    parameters: { branch: 'main' },
    materials: [{ uri: 'file:package-lock.json', sha256: 'cd'.repeat(32) }],
    startedAt: Date.UTC(2026, 8, 1),
    finishedAt: Date.UTC(2026, 8, 1, 0, 5),
  }

  it('is signed with a key that is made once and that only its owner reads', async () => {
    const state = join(root, 'state')
    const keys = await Promise.all(Array.from({ length: 8 }, () => projectKey(state)))
    equal(new Set(keys.map(({ id }) => id)).size, 1)
    deepStrictEqual(await readdir(join(state, 'keys')), ['provenance.pem'])
    const path = join(state, 'keys', 'provenance.pem')
    equal((await stat(path)).mode & 0o777, 0o600)
    await chmod(path, 0o644)
    await rejects(projectKey(state), code('config_invalid'))
  })

  it('proves what it says, and nothing else', async () => {
    const key = await projectKey(join(root, 'other'))
    const text = JSON.stringify(sealDocument(provenanceOf([subject], build), statementType, key))
    const trust = { publicKeys: [key.publicKey, key.publicKey], threshold: 1 }
    const expected = { subjects: [subject], commit: build.commit, builder: build.builder }
    const verified = verifyProvenance(text, trust, expected)
    ok(verified.kind === 'verified')
    deepStrictEqual(verified.keyIds, [key.id])
    deepStrictEqual(JSON.parse(Buffer.from(JSON.parse(text).payload, 'base64').toString()), {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'app', digest: { sha256: subject.sha256 } }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {
        buildDefinition: {
          buildType: 'urn:sluice:pipeline-run:v1',
          externalParameters: { branch: 'main' },
          resolvedDependencies: [
            { uri: 'git+https://git.acme.io/acme/x', digest: { gitCommit: build.commit } },
            { uri: 'file:package-lock.json', digest: { sha256: 'cd'.repeat(32) } },
          ],
        },
        runDetails: {
          builder: { id: 'https://sluice.acme.io', version: { sluice: '0.1.0' } },
          metadata: {
            invocationId: 'run_1',
            startedOn: '2026-09-01T00:00:00Z',
            finishedOn: '2026-09-01T00:05:00Z',
          },
        },
      },
    })

    const refusal = (...[file, by, wanted]: Parameters<typeof verifyProvenance>): string => {
      const result = verifyProvenance(file, by, wanted)
      return result.kind === 'refused' ? result.reason : result.kind
    }
    const forged = JSON.stringify({ ...JSON.parse(text), payload: Buffer.from('{}').toString('base64') })
    const stranger = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const note = JSON.stringify(sealDocument({ note: 'x' }, statementType, key))
    const other = { ...subject, sha256: 'ee'.repeat(32) }
    deepStrictEqual(
      [
        refusal(forged, trust, expected),
        refusal(text, { ...trust, publicKeys: [stranger] }, expected),
        refusal(text, { ...trust, threshold: 2 }, expected),
        refusal(note, trust, expected),
        refusal('{}', trust, expected),
        refusal(text, trust, { ...expected, subjects: [subject, other] }),
        refusal(text, trust, { ...expected, subjects: [] }),
        refusal(text, trust, { ...expected, commit: 'd'.repeat(40) }),
        refusal(text, trust, { ...expected, builder: 'https://else.acme.io' }),
      ],
      [
        '0 trusted keys signed it (1 signatures, 1 trusted keys)',
        '0 trusted keys signed it (1 signatures, 1 trusted keys)',
        '1 trusted keys of 2 that are wanted signed it (1 signatures, 1 trusted keys)',
        'it is no in-toto statement with SLSA v1 provenance',
        'it is no DSSE envelope',
        `it does not speak of app with sha256 ${other.sha256}`,
        'there is nothing that it could speak of',
        `it was built from ${build.commit}, not from ${'d'.repeat(40)}`,
        'it was built by https://sluice.acme.io, not by https://else.acme.io',
      ],
    )
    const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString()
    throws(() => readPublicKeys([elliptic]), code('config_invalid'))
    throws(() => readPublicKeys(['x']), code('config_invalid'))
  })
})
