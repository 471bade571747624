import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { plainScalar } from './plain-scalar.ts'

const read = (...written: readonly string[]): readonly unknown[] =>
  written.flatMap((one) => {
    const { value, text } = plainScalar(one)
    return [[one, value, text]]
  })

test('numbers are those of Ruby, and written as Ruby writes them', () => {
  deepEqual(read('1.10', '3.0', '-.5', '1.', '1,234.5', '1.5e+3', '12345678901234567890.0', '0.00001'), [
    ['1.10', 1.1, '1.1'],
    ['3.0', 3, '3.0'],
    ['-.5', -0.5, '-0.5'],
    ['1.', 1, '1.0'],
    ['1,234.5', 1234.5, '1234.5'],
    ['1.5e+3', 1500, '1500.0'],
    ['12345678901234567890.0', 1.2345678901234567e19, '1.2345678901234567e+19'],
    ['0.00001', 0.00001, '1.0e-05'],
  ])
  deepEqual(
    read('010', '0755', '0x1F', '-0b11', '1_000', '1,000', '0', '+7', '98765432109876543210', '22:22', '1:02:03'),
    [
      ['010', 8, '8'],
      ['0755', 493, '493'],
      ['0x1F', 31, '31'],
      ['-0b11', -3, '-3'],
      ['1_000', 1000, '1000'],
      ['1,000', 1000, '1000'],
      ['0', 0, '0'],
      ['+7', 7, '7'],
      ['98765432109876543210', '98765432109876543210', '98765432109876543210'],
      ['22:22', 80520, '80520'],
      ['1:02:03', 3723, '3723'],
    ],
  )
})

test('what only looks like a number is a text', () => {
  for (const text of ['08', '1e3', '1.2.3', '.', '-', '0o17', '1__0x', '2026-08-01', '12:75', '0b12', '1,,0'])
    deepEqual(plainScalar(text), { value: text, text })
})

test('words for truth and nothing are read in any case, single letters are texts', () => {
  deepEqual(read('Yes', 'OFF', 'true', '~', 'NULL', '', 'y', 'N', 'none'), [
    ['Yes', true, 'true'],
    ['OFF', false, 'false'],
    ['true', true, 'true'],
    ['~', null, ''],
    ['NULL', null, ''],
    ['', null, ''],
    ['y', 'y', 'y'],
    ['N', 'N', 'N'],
    ['none', 'none', 'none'],
  ])
})
