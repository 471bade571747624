import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { brokenFormsOf, formsOf } from './mask-forms.ts'
import { Prng } from '../../test/sim/prng.ts'
import { mask, Masker, MaskSet } from './mask.ts'

const maskAll = (secrets: readonly string[], chunks: readonly Buffer[]): string => {
  const masker = new Masker(new MaskSet(secrets))
  return Buffer.concat([...chunks.map((chunk) => masker.push(chunk)), masker.end()]).toString('latin1')
}

const inChunks = (text: Buffer, sizes: readonly number[]): readonly Buffer[] => {
  const chunks: Buffer[] = []
  for (let at = 0, index = 0; at < text.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1
    chunks.push(text.subarray(at, at + size))
    at += size
  }
  return chunks
}

/** The same, found one by one: every place that a form covers, with the breaks of long lines of letters taken out and as it is. */
const maskSlowly = (secrets: readonly string[], text: Buffer): string => {
  const isCovered = new Uint8Array(text.length)
  const cover = (stripped: Buffer, places: readonly number[], form: Buffer): void => {
    for (let at = stripped.indexOf(form); at !== -1; at = stripped.indexOf(form, at + 1))
      isCovered.fill(1, places[at] ?? 0, (places[at + form.length - 1] ?? 0) + 1)
  }
  const all = Array.from(text, (_, index) => index)
  for (const form of secrets.flatMap(formsOf)) cover(text, all, form)
  const isBreak = new Uint8Array(text.length)
  for (const found of text
    .toString('latin1')
    .matchAll(/(?<=[A-Za-z0-9_+/-]{60})\r{0,2}\n[ \t]{0,32}(?=[A-Za-z0-9_+/-])/g))
    isBreak.fill(1, found.index, found.index + found[0].length)
  const kept = all.filter((index) => isBreak[index] === 0)
  const stripped = Buffer.from(kept.map((index) => text[index] ?? 0))
  for (const form of secrets.flatMap(brokenFormsOf)) cover(stripped, kept, form)
  const parts: (Buffer | string)[] = []
  for (let at = 0; at < text.length; at += 1) {
    if (isCovered[at] === 0) parts.push(text.subarray(at, at + 1))
    else if (isCovered[at - 1] !== 1) parts.push(mask)
  }
  return Buffer.concat(parts.map((part) => Buffer.from(part))).toString('latin1')
}

const inLines = (text: string, width: number, end: string): string =>
  (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join(end)

const secret = 'correct-horse-battery-staple'

describe('a secret in an encoded text that is broken into lines', () => {
  it('is masked wherever the break lies, at each of the usual widths and ends of lines', () => {
    for (const encoding of ['base64', 'base64url', 'hex'] as const)
      for (const [width, end] of [
        [76, '\n'],
        [64, '\r\n'],
        [60, '\n        '],
      ] as const)
        for (let before = 0; before < 120; before += 1) {
          const whole = `${'before '.repeat(20).slice(0, before)}${secret}${' and after'.repeat(12)}`
          const text = `$ base64 file\n${inLines(Buffer.from(whole).toString(encoding), width, end)}\n$ echo`
          const masked = maskAll([secret], [Buffer.from(text)])
          const decoded = Buffer.from(masked.replaceAll(/\s/g, '').replaceAll(mask, ''), encoding).toString('latin1')
          for (let at = 0; at + 6 <= secret.length; at += 1)
            assert.ok(!decoded.includes(secret.slice(at, at + 6)), `${encoding} ${width} ${before}: ${masked}`)
          assert.match(masked, /\*\*\*/)
          assert.ok(masked.startsWith('$ base64 file\n') && masked.endsWith('\n$ echo'))
        }
  })

  it('is masked over several lines, when it is longer than one', () => {
    const long = Array.from({ length: 300 }, (_, index) => String.fromCharCode(33 + ((index * index) % 90))).join('')
    const text = inLines(Buffer.from(`some text before ${long} and after`).toString('base64'), 76, '\n')
    const masked = maskAll([long], inChunks(Buffer.from(text), [50]))
    assert.ok(masked.replaceAll(/\*+/g, '').length < 60, masked)
  })

  it('leaves lines that say something else as they are', () => {
    const words = ['x'.repeat(100), 'y'.repeat(59), 'z'.repeat(70), 'z', '', 'q'.repeat(64), '  q', 'end']
    const text = Buffer.from(words.join('\n'))
    assert.equal(maskAll([secret], [text]), text.toString())
    // A short line before the break: no program that encodes broke it there.
    const form = Buffer.from(secret).toString('base64')
    const cut = `${form.slice(0, 20)}\n${form.slice(20)}`
    assert.equal(maskAll([secret], [Buffer.from(cut)]), cut)
  })

  it('gives the same however it is cut, and what a slow search would give', () => {
    const secrets = fc.constantFrom(['swordfish'], ['hunter2hunter2', 'fish-and-chips'], [secret, 'a'.repeat(40)])
    const letters = fc.string({ maxLength: 90, unit: fc.constantFrom('a', 'Y', 'W', 'F', '9', 'c', '+', '-') })
    const ends = fc.constantFrom('\n', '\r\n', '\n  ', '\n\t', '\r\r\n', '\r', ' ', '\n\n', `\n${' '.repeat(33)}`)
    fc.assert(
      fc.property(
        secrets,
        fc.array(fc.tuple(letters, fc.nat(), fc.nat(2), fc.constantFrom(60, 64, 76, 50), ends), { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }),
        (values, pieces, sizes) => {
          const forms = values.flatMap(brokenFormsOf).map((form) => form.toString('latin1'))
          const text = Buffer.from(
            pieces
              .map(([fill, pick, times, width, end]) => {
                const form = forms[pick % forms.length] ?? ''
                return inLines(`${fill}${fill}${`${form}${fill.slice(0, 5)}`.repeat(times)}${fill}`, width, end) + end
              })
              .join(''),
          )
          const expected = maskSlowly(values, text)
          assert.equal(maskAll(values, [text]), expected)
          assert.equal(maskAll(values, inChunks(text, sizes)), expected)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('holds back no more than the longest form with its breaks, and lets it go when the end is another', () => {
    const prng = new Prng(7)
    const long = Array.from({ length: 2_900 }, () => String.fromCharCode(33 + prng.below(90))).join('')
    const masker = new Masker(new MaskSet([long]))
    const text = inLines(Buffer.from(`x${long.slice(0, -9)} something else`).toString('base64'), 76, '\n')
    let out = ''
    let held = 0
    for (const chunk of inChunks(Buffer.from(`${text}\n`), [100])) {
      out += masker.push(chunk).toString()
      held = Math.max(held, Math.min(text.length, out.length + chunk.length) - out.length)
    }
    assert.equal(out, `${text}\n`)
    assert.ok(held <= 4_096 + 60, String(held))
  })
})
