/**
 * Unquoted values as GitLab reads them: by Ruby's Psych, whose rules are neither those of YAML 1.1 nor of 1.2 (`1.10` is 1.1, `010` is eight, `1,000` a thousand, `08`
 * and `1e3` are texts, `12:30` is 45000). Source: Psych's `scalar_scanner.rb` and Ruby's `Float#to_s`, 2026-08.
 */

/** A value, and how Ruby writes it as a text. */
export type PlainScalar = { readonly value: string | number | boolean | null; readonly text: string }

/** Reads an unquoted value. Dates and times stay texts, since GitLab loads no such values. */
export const plainScalar = (written: string): PlainScalar => {
  if (/^(?:~|null|)$/i.test(written)) return { value: null, text: '' }
  if (/^(?:yes|true|on)$/i.test(written)) return { value: true, text: 'true' }
  if (/^(?:no|false|off)$/i.test(written)) return { value: false, text: 'false' }
  if (/^[-+]?\d[\d_]*(?::[0-5]?\d){1,2}$/.test(written)) return whole(sexagesimal(written))
  if (/^[-+]?(?:\d[\d_,]*)?\.\d*(?:[eE][-+]\d+)?$/.test(written) && /\d/.test(written)) return fraction(written)
  if (integer.test(written)) return integerOf(written.replaceAll(/[_,]/g, ''))
  return { value: written, text: written }
}

const integer =
  /^[-+]?(?:0b[_,]*[01][01_,]*|0[_,]*[0-7][0-7_,]*|0|[1-9](?:\d|,\d|_\d)*|0x[_,]*[\da-fA-F][\da-fA-F_,]*)$/

const whole = (value: number): PlainScalar => ({ value, text: String(value) })

/** Hours first, whether there are seconds or not. */
const sexagesimal = (written: string): number =>
  written.split(':').reduce((sum, part, index) => sum + Number(part.replaceAll('_', '')) * 60 ** Math.abs(index - 2), 0)

const fraction = (written: string): PlainScalar => {
  const value = Number(written.replaceAll(/[,_]/g, ''))
  return { value, text: floatText(value) }
}

const integerOf = (digits: string): PlainScalar => {
  const sign = digits.startsWith('-') ? -1n : 1n
  const bare = digits.replace(/^[-+]/, '')
  const exact = sign * BigInt(/^0\d/.test(bare) ? `0o${bare.slice(1)}` : bare)
  const value = Number(exact)
  return { value: Number.isSafeInteger(value) ? value : String(exact), text: String(exact) }
}

const floatText = (value: number): string => {
  const size = Math.abs(value)
  if (value !== 0 && (size >= 1e16 || size < 1e-4)) {
    const [mantissa = '', exponent = ''] = value.toExponential().split('e')
    return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}e${exponent.replace(/^([-+])(\d)$/, '$10$2')}`
  }
  return Number.isInteger(value) ? `${Object.is(value, -0) ? '-0' : value}.0` : String(value)
}
