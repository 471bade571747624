/**
 * How programs write a value, made letter by letter and byte by byte here, so that a mistake in the masker's own forms cannot hide behind itself. Each gives
 * the text that is printed, and the parts of it that nobody may read.
 */
import type { Prng } from '../../packages/sluice/test/sim/prng.ts'

/** What is printed, and what of it is secret. */
export type Written = { readonly text: string; readonly secret: readonly string[] }

/** A way to write a value; random surroundings come from `prng`. */
export type Encoding = { readonly name: string; readonly write: (value: string, prng: Prng) => Written }

const whole = (text: string): Written => ({ text, secret: [text] })

const eachLetter = (value: string, write: (letter: string, code: number) => string): Written =>
  whole([...value].map((letter) => write(letter, letter.codePointAt(0) ?? 0)).join(''))

const eachByte = (value: string, write: (byte: number) => string): string => [...Buffer.from(value)].map(write).join('')

const hexOf = (byte: number): string => byte.toString(16).padStart(2, '0')

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 bit by bit. Secret are the letters whose six bits all belong to the value. */
const base64 = (value: string, prng: Prng, { letters = alphabet, around = 12 } = {}): Written => {
  const before = Buffer.from('user:secret:'.repeat(9).slice(0, prng.below(around)))
  const after = Buffer.from(':more and more'.repeat(8).slice(0, prng.below(around)))
  const bytes = Buffer.concat([before, Buffer.from(value), after])
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const from = Math.ceil((before.length * 8) / 6)
  const to = Math.floor(((bytes.length - after.length) * 8) / 6)
  const text = Array.from({ length: Math.ceil(bits.length / 6) }, (_, index) =>
    letters.charAt(Number.parseInt(bits.slice(index * 6, index * 6 + 6).padEnd(6, '0'), 2)),
  ).join('')
  return { text: text + '='.repeat((4 - (text.length % 4)) % 4), secret: [text.slice(from, to)] }
}

const inLines = (text: string, width: number): Written => {
  const lines = Array.from({ length: Math.ceil(text.length / width) }, (_, index) =>
    text.slice(index * width, (index + 1) * width),
  )
  return { text: lines.join('\n'), secret: lines.filter(({ length }) => length >= 8) }
}

/** The same in lines; secret are the parts of it in each line that are long enough to say something. */
const broken = ({ text, secret }: Written, width: number, end: string): Written => {
  const [from, length] = [text.indexOf(secret[0] ?? ''), secret[0]?.length ?? 0]
  const lines = Array.from({ length: Math.ceil(text.length / width) }, (_, index) => index * width)
  return {
    text: `\n${lines.map((at) => text.slice(at, at + width)).join(end)}\n`,
    secret: lines
      .map((at) => text.slice(Math.max(at, from), Math.min(at + width, from + length)))
      .filter((part) => part.length >= partMin),
  }
}

/** Shorter parts are in every text. */
const partMin = 6

const unreserved = /[A-Za-z0-9\-_.~]/
const jsonNames: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const markupNames: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const percent = (value: string, isKept: RegExp, hex: (byte: number) => string): string =>
  eachByte(value, (byte) => {
    const letter = String.fromCharCode(byte)
    return byte < 128 && isKept.test(letter) ? letter : `%${hex(byte)}`
  })

/** All of them. */
export const encodings: readonly Encoding[] = [
  { name: 'raw', write: (value) => whole(value) },
  { name: 'hex', write: (value) => whole(eachByte(value, hexOf)) },
  { name: 'HEX', write: (value) => whole(eachByte(value, (byte) => hexOf(byte).toUpperCase())) },
  { name: 'base64', write: (value, prng) => base64(value, prng) },
  { name: 'base64url', write: (value, prng) => base64(value, prng, { letters: `${alphabet.slice(0, 62)}-_` }) },
  { name: 'base64 in lines', write: (value) => inLines(Buffer.from(value).toString('base64'), 76) },
  { name: 'base64 of a PEM', write: (value) => inLines(Buffer.from(value).toString('base64'), 64) },
  { name: 'base64 of more, broken', write: (value, prng) => broken(base64(value, prng, { around: 100 }), 76, '\n') },
  {
    name: 'base64 of more, broken as in a PEM',
    write: (value, prng) => broken(base64(value, prng, { around: 100 }), 64, '\r\n'),
  },
  {
    name: 'base64 of more, in a block',
    write: (value, prng) => broken(base64(value, prng, { around: 100 }), 76, '\n    '),
  },
  { name: 'json', write: (value) => eachLetter(value, (letter) => jsonNames[letter] ?? letter) },
  {
    name: 'json in ASCII',
    write: (value) =>
      eachLetter(
        value,
        (letter, code) => jsonNames[letter] ?? (code < 127 ? letter : `\\u${code.toString(16).padStart(4, '0')}`),
      ),
  },
  {
    name: 'json in a json',
    write: (value) =>
      eachLetter(value, (letter) => [...(jsonNames[letter] ?? letter)].map((one) => jsonNames[one] ?? one).join('')),
  },
  { name: 'url', write: (value) => whole(percent(value, unreserved, (byte) => hexOf(byte).toUpperCase())) },
  { name: 'url in small letters', write: (value) => whole(percent(value, unreserved, hexOf)) },
  {
    name: 'url by ECMAScript',
    write: (value) => whole(percent(value, /[A-Za-z0-9\-_.!~*'()]/, (byte) => hexOf(byte).toUpperCase())),
  },
  { name: 'form', write: (value) => whole(new URLSearchParams({ v: value }).toString().slice(2)) },
  { name: 'markup', write: (value) => eachLetter(value, (letter) => markupNames[letter] ?? letter) },
  {
    name: 'markup by XML',
    write: (value) => eachLetter(value, (letter) => (letter === "'" ? '&apos;' : (markupNames[letter] ?? letter))),
  },
  {
    name: 'shell, single quotes',
    write: (value) => eachLetter(value, (letter) => (letter === "'" ? String.raw`'\''` : letter)),
  },
  {
    name: 'shell, double quotes',
    write: (value) => eachLetter(value, (letter) => ('"$`\\'.includes(letter) ? `\\${letter}` : letter)),
  },
]
