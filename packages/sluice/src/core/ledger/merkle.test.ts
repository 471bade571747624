import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkpointText, originOf, parseCheckpoint } from './checkpoint.ts'
import {
  appendLeaf,
  bytesOfHex,
  emptyFrontier,
  foldPerfect,
  type Frontier,
  type HashBytes,
  hexOfBytes,
  leafHash,
  nodeHash,
  rootOf,
} from './merkle.ts'
import {
  consistencyRanges,
  hashOfSpans,
  inclusionRanges,
  isConsistent,
  type LeafRange,
  rootOfInclusion,
  spansOf,
} from './merkle-proof.ts'
import { checkNote, formatNote, formatNoteKey, parseNote, parseNoteKey, type VerifyEd25519 } from './signed-note.ts'

const sha256: HashBytes = (data) => hash('sha256', data, 'buffer')
const der = Buffer.from('302a300506032b6570032100', 'hex')
const verifyEd25519: VerifyEd25519 = (message, signature, key) =>
  verify(null, message, createPublicKey({ key: Buffer.concat([der, key]), format: 'der', type: 'spki' }), signature)

/** The reference tree of Certificate Transparency (merkle_tree_test.cc): eight leaves, and the root after each. */
const referenceLeaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]
const referenceRoots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

const grow = (leaves: readonly Uint8Array[]): { readonly frontier: Frontier; readonly stored: readonly string[] } => {
  let frontier = emptyFrontier
  const stored: string[] = []
  for (const leaf of leaves) {
    const next = appendLeaf(frontier, leaf, sha256)
    frontier = next.frontier
    for (const { level, index, hash: root } of next.stored) stored.push(`${level}/${index}/${hexOfBytes(root)}`)
  }
  return { frontier, stored }
}

const leavesOf = (count: number, salt = ''): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, at) => leafHash(Buffer.from(`${salt}${at}`), sha256))

/** RFC 9162, section 2.1.1, as it is written there. */
const treeHash = (leaves: readonly Uint8Array[]): Uint8Array => {
  const [first] = leaves
  if (first === undefined) return sha256(new Uint8Array(0))
  if (leaves.length === 1) return first
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return nodeHash(treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)), sha256)
}

/** A hash of a range as the store gives it: from leaves and the roots of 256 of them. */
const hashOfRange = (leaves: readonly Uint8Array[], range: LeafRange): Uint8Array =>
  hashOfSpans(
    spansOf(range).map(({ level, from, count }) =>
      Array.from({ length: count }, (_, at) => {
        const width = 256 ** level
        return foldPerfect(leaves.slice((from + at) * width, (from + at + 1) * width), sha256)
      }),
    ),
    sha256,
  )

test('the tree of the reference leaves has the reference roots, and that of none the hash of nothing', () => {
  const leaves = referenceLeaves.map((hex) => leafHash(bytesOfHex(hex), sha256))
  for (const [at, root] of referenceRoots.entries())
    assert.equal(hexOfBytes(rootOf(grow(leaves.slice(0, at + 1)).frontier, sha256)), root)
  assert.equal(
    hexOfBytes(rootOf(emptyFrontier, sha256)),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
})

test('proofs of inclusion and of consistency are those of the reference', () => {
  const leaves = referenceLeaves.map((hex) => leafHash(bytesOfHex(hex), sha256))
  const inclusion = (index: number, size: number): readonly string[] =>
    inclusionRanges(index, size).map((range) => hexOfBytes(hashOfRange(leaves, range)))
  assert.deepEqual(inclusion(0, 1), [])
  assert.deepEqual(inclusion(0, 8), [
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ])
  assert.deepEqual(inclusion(5, 8), [
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ])
  assert.deepEqual(inclusion(2, 3), ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'])
  const consistency = (from: number, to: number): readonly string[] =>
    consistencyRanges(from, to).map((range) => hexOfBytes(hashOfRange(leaves, range)))
  assert.deepEqual(consistency(2, 5), [
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  ])
  assert.deepEqual(consistency(6, 7), [
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ])
})

test('a tree that grew leaf by leaf has the root of the definition, and stores each 256 leaves once', () => {
  const leaves = leavesOf(1_030)
  for (const size of [0, 1, 2, 3, 255, 256, 257, 511, 512, 1_023, 1_030])
    assert.deepEqual(rootOf(grow(leaves.slice(0, size)).frontier, sha256), treeHash(leaves.slice(0, size)))
  assert.deepEqual(
    grow(leaves).stored,
    [0, 1, 2, 3].map((at) => `1/${at}/${hexOfBytes(treeHash(leaves.slice(at * 256, at * 256 + 256)))}`),
  )
})

const sizes = fc.integer({ min: 1, max: 700 })
const all = leavesOf(700)

test('every leaf is proven in every tree; a proof for another leaf, place, size or with another hash is none', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (size, seed, other) => {
      const index = seed % size
      const proof = inclusionRanges(index, size).map((range) => hashOfRange(all, range))
      const leaf = all[index] ?? assert.fail()
      const root = treeHash(all.slice(0, size))
      assert.deepEqual(rootOfInclusion({ index, size, leaf, proof }, sha256), root)
      const holds = (claim: Parameters<typeof rootOfInclusion>[0]): boolean => {
        const found = rootOfInclusion(claim, sha256)
        return found !== null && Buffer.compare(found, root) === 0
      }
      const wrong = leafHash(Buffer.from('forged'), sha256)
      assert.ok(!holds({ index, size, leaf: wrong, proof }))
      assert.ok(!holds({ index: (index + 1 + (other % 5)) % 701, size, leaf, proof: proof.slice(1) }))
      if (size > 1) assert.ok(!holds({ index: (index + 1 + (other % (size - 1))) % size, size, leaf, proof }))
      if (proof.length > 0) assert.ok(!holds({ index, size, leaf, proof: proof.with(other % proof.length, wrong) }))
      assert.ok(!holds({ index, size, leaf, proof: [...proof, wrong] }))
      assert.equal(rootOfInclusion({ index: size, size, leaf, proof }, sha256), null)
    }),
  )
})

test('a tree begins with every smaller one; one that was forked, changed or cut does not', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (size, seed, place) => {
      const from = 1 + (seed % size)
      const proof = from === size ? [] : consistencyRanges(from, size).map((range) => hashOfRange(all, range))
      const before = { size: from, root: treeHash(all.slice(0, from)) }
      const after = { size, root: treeHash(all.slice(0, size)) }
      assert.ok(isConsistent({ before, after, proof }, sha256))
      const forked = all.slice(0, size).with(place % from, leafHash(Buffer.from('forked'), sha256))
      const other = from === size ? [] : consistencyRanges(from, size).map((range) => hashOfRange(forked, range))
      for (const hashes of [proof, other])
        assert.ok(!isConsistent({ before, after: { size, root: treeHash(forked) }, proof: hashes }, sha256))
      assert.ok(!isConsistent({ before: { size: from, root: treeHash(forked.slice(0, from)) }, after, proof }, sha256))
      if (from < size) assert.ok(!isConsistent({ before: after, after: before, proof }, sha256))
      assert.ok(!isConsistent({ before, after, proof: [...proof, before.root] }, sha256))
    }),
  )
})

// The example of golang.org/x/mod/sumdb/note, which C2SP signed-note describes.
const peter = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const peterText =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const peterNote = `${peterText}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`

test('a note of the reference is read, checked and written again; changed in any byte it is forged or no note', () => {
  const key = parseNoteKey(peter, sha256) ?? assert.fail('the key is one')
  assert.equal(formatNoteKey(key), peter)
  const note = parseNote(peterNote) ?? assert.fail('the note is one')
  assert.equal(note.text, peterText)
  assert.equal(formatNote(note), peterNote)
  assert.deepEqual(checkNote(note, key, verifyEd25519), { status: 'signed', at: null })
  assert.deepEqual(checkNote({ ...note, text: `${peterText}more\n` }, key, verifyEd25519), { status: 'forged' })
  assert.deepEqual(checkNote({ ...note, signatures: [] }, key, verifyEd25519), { status: 'unsigned' })
  fc.assert(
    fc.property(fc.nat({ max: peterNote.length - 1 }), fc.integer({ min: 1, max: 90 }), (at, shift) => {
      const code = 33 + ((peterNote.charCodeAt(at) + shift) % 90)
      const changed = `${peterNote.slice(0, at)}${String.fromCharCode(code)}${peterNote.slice(at + 1)}`
      if (changed === peterNote) return
      const read = parseNote(changed)
      assert.ok(read === null || checkNote(read, key, verifyEd25519).status !== 'signed')
    }),
  )
  for (const text of ['', 'a+b', peter.replace('c74f20a3', 'c74f20a4'), peter.slice(0, -4), `${peter}=`])
    assert.equal(parseNoteKey(text, sha256), null)
})

test('a cosignature of a witness has its time, over the text with its first line', () => {
  const seed = Buffer.alloc(32, 7)
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(-32)
  const id = hexOfBytes(sha256(Buffer.concat([Buffer.from('witness.example/w1\n\x04'), publicKey])).subarray(0, 4))
  const encoded = Buffer.concat([Buffer.from([4]), publicKey]).toString('base64')
  const key = parseNoteKey(`witness.example/w1+${id}+${encoded}`, sha256) ?? assert.fail('the key is one')
  assert.equal(key.kind, 'cosignature')
  const text = checkpointText({ origin: 'sluice/shop', size: 3, root: sha256(new Uint8Array(0)) })
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(1_679_315_147n)
  const signed = sign(null, Buffer.from(`cosignature/v1\ntime 1679315147\n${text}`), privateKey)
  const note = { text, signatures: [{ name: key.name, keyId: id, bytes: Buffer.concat([time, signed]) }] }
  const read = parseNote(formatNote(note)) ?? assert.fail('the note is one')
  assert.deepEqual(checkNote(read, key, verifyEd25519), { status: 'signed', at: 1_679_315_147_000 })
  time.writeBigUInt64BE(1_679_315_148n)
  const later = { text, signatures: [{ name: key.name, keyId: id, bytes: Buffer.concat([time, signed]) }] }
  assert.deepEqual(checkNote(later, key, verifyEd25519), { status: 'forged' })
})

// The example of C2SP tlog-cosignature: a log's and a witness's line.
test('the example of the specification is a checkpoint with two signatures', () => {
  const note = parseNote(
    'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
      '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
      '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ\\nqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n'.replace(
        '\\n',
        '',
      ),
  )
  assert.deepEqual(
    note?.signatures.map(({ name, keyId, bytes }) => [name, keyId, bytes.length]),
    [
      ['example.com/behind-the-sofa', '033de0ae', 64],
      ['witness.example.com/w1', '8d66cf3f', 72],
    ],
  )
  const checkpoint = parseCheckpoint(note?.text ?? '')
  assert.equal(checkpoint?.size, 20_852_163)
  assert.equal(checkpointText(checkpoint ?? assert.fail()), note?.text)
})

test('what is no checkpoint is not read as one', () => {
  const root = Buffer.alloc(32).toString('base64')
  for (const text of [
    '',
    'a\n',
    `a\n01\n${root}\n`,
    `a\n-1\n${root}\n`,
    `\n1\n${root}\n`,
    `a\n1\nAAAA\n`,
    `a\n1\n${root}`,
  ])
    assert.equal(parseCheckpoint(text), null, JSON.stringify(text))
  assert.equal(parseCheckpoint(`a\n1\n${root}\nextension\n`)?.size, 1)
  assert.equal(originOf('my shop+'), 'sluice/my-shop-')
})
