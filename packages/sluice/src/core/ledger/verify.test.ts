import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { chainHash, entryText, genesisHash, parseEntryText } from './entry.ts'
import { verifyLedger } from './verify.ts'
import type { LedgerEntry } from './entry.ts'
import type { LedgerLine, Verification } from './verify.ts'

const sha256 = (text: string): string => hash('sha256', text)

const entryOf = (id: string, version: number): LedgerEntry => ({
  key: { kind: 'rollout', id },
  version,
  type: 'stepped',
  form: 1,
  at: 1_000 + version,
  actor: version % 2 === 0 ? { kind: 'person', name: 'Ada' } : { name: 'Ada', kind: 'person' },
  reason: 'because',
  body: { type: 'stepped', version },
})

const chain = (entries: readonly LedgerEntry[]): readonly LedgerLine[] => {
  const lines: LedgerLine[] = []
  for (const entry of entries) {
    const previousHash = lines.at(-1)?.hash ?? genesisHash
    const text = entryText(lines.length + 1, entry)
    lines.push({ seq: lines.length + 1, text, previousHash, hash: chainHash(previousHash, text, sha256) })
  }
  return lines
}

const whole = chain([entryOf('a', 1), entryOf('b', 1), entryOf('a', 2), entryOf('a', 3)])
const verify = (lines: readonly LedgerLine[]): Verification => verifyLedger(lines, { sha256 })
const change = (seq: number, changes: Partial<LedgerLine>): readonly LedgerLine[] =>
  whole.map((line) => (line.seq === seq ? { ...line, ...changes } : line))
const fault = (found: Verification): readonly unknown[] =>
  found.status === 'broken' ? [found.seq, found.why] : ['whole', found.rows]

test('a ledger as it was written is whole, and so is an empty one', () => {
  assert.deepEqual(verify(whole), { status: 'whole', rows: 4, head: { seq: 4, hash: whole[3]?.hash } })
  assert.deepEqual(verify([]), { status: 'whole', rows: 0, head: { seq: 0, hash: genesisHash } })
})

test('a changed text is found at its row', () => {
  const text = (whole[1]?.text ?? '').replace('because', 'no reason')
  assert.deepEqual(fault(verify(change(2, { text }))), [2, 'hash'])
})

test('a changed text with a hash made to fit is found at the next row', () => {
  const text = (whole[1]?.text ?? '').replace('because', 'no reason')
  const hash = chainHash(whole[0]?.hash ?? '', text, sha256)
  assert.deepEqual(fault(verify(change(2, { text, hash }))), [3, 'previous'])
})

test('a missing row, a repeated row and rows in the wrong order are gaps', () => {
  assert.deepEqual(fault(verify(whole.filter(({ seq }) => seq !== 3))), [3, 'gap'])
  assert.deepEqual(fault(verify(whole.flatMap((line) => (line.seq === 2 ? [line, line] : [line])))), [3, 'gap'])
  assert.deepEqual(fault(verify([...whole].reverse())), [1, 'gap'])
})

test('a chain made anew over a skipped version is found by the version', () => {
  assert.deepEqual(fault(verify(chain([entryOf('a', 1), entryOf('a', 3)]))), [2, 'version'])
  assert.deepEqual(fault(verify(chain([entryOf('a', 2)]))), [1, 'version'])
})

test('a chained text that is no entry, or the entry of another place, is found', () => {
  const forge = (text: string): LedgerLine => ({
    seq: 1,
    text,
    previousHash: genesisHash,
    hash: chainHash(genesisHash, text, sha256),
  })
  assert.deepEqual(fault(verify([forge('{}')])), [1, 'text'])
  assert.deepEqual(fault(verify([forge(entryText(7, entryOf('a', 1)))])), [1, 'text'])
})

test('rows cut off the end are found by an anchor that was noted elsewhere, and only by it', () => {
  const cut = whole.slice(0, 2)
  const anchor = { seq: 4, hash: whole[3]?.hash ?? '' }
  assert.equal(verify(cut).status, 'whole')
  assert.deepEqual(fault(verifyLedger(cut, { sha256, anchor })), [4, 'anchor'])
  assert.equal(verifyLedger(whole, { sha256, anchor }).status, 'whole')
})

test('a whole ledger written anew is found by an anchor', () => {
  const anchor = { seq: 2, hash: whole[1]?.hash ?? '' }
  const anew = chain([entryOf('a', 1), entryOf('c', 1), entryOf('a', 2)])
  assert.deepEqual(fault(verifyLedger(anew, { sha256, anchor })), [2, 'anchor'])
})

test('a page is checked from the row before it', () => {
  const [, second] = whole
  assert.ok(second)
  const start = { seq: second.seq, hash: second.hash }
  assert.deepEqual(fault(verifyLedger(whole.slice(2), { sha256, start })), ['whole', 2])
  assert.deepEqual(fault(verifyLedger(whole.slice(3), { sha256, start })), [3, 'gap'])
})

test('any one character changed anywhere in a ledger is found', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3 }), fc.nat(), fc.nat({ max: 0x7f }), (row, at, code) => {
      const line = whole[row]
      assert.ok(line)
      const index = at % line.text.length
      const text = line.text.slice(0, index) + String.fromCharCode(code) + line.text.slice(index + 1)
      assert.equal(verify(change(line.seq, { text })).status, text === line.text ? 'whole' : 'broken')
    }),
  )
})

test('an entry read from its text and written again gives the same text', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.option(fc.string({ unit: 'binary', maxLength: 20 })),
      (body, id, reason) => {
        const text = entryText(5, { ...entryOf(id, 1), reason, body })
        const read = parseEntryText(text)
        assert.ok(read)
        assert.equal(entryText(read.seq, read), text)
      },
    ),
  )
})
