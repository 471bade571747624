import { deepStrictEqual, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { SluiceError } from '../../../core/errors.ts'
import { expandBraces, matchesAny } from './fnmatch.ts'

/** Pattern, path, and what `File.fnmatch?(pattern, path, FNM_PATHNAME | FNM_DOTMATCH | FNM_EXTGLOB)` says in Ruby. */
const rows: readonly (readonly [string, string, boolean])[] = [
  ['*', 'a', true],
  ['*', '.a', true],
  ['*', 'a/b', false],
  ['**', 'a/b', false],
  ['docs/**', 'docs/a', true],
  ['docs/**', 'docs/a/b', false],
  ['docs/**/*', 'docs/a', true],
  ['docs/**/*', 'docs/a/b/c', true],
  ['docs/**/*', 'docs', false],
  ['**/*.md', 'a.md', true],
  ['**/*.md', '.hidden/a.md', true],
  ['**.md', 'a/b.md', false],
  ['a**/b', 'ax/b', true],
  ['a**/b', 'ax/y/b', false],
  ['?.txt', 'a.txt', true],
  ['?.txt', '/.txt', false],
  ['[a-c].txt', 'b.txt', true],
  ['[!a-c].txt', 'b.txt', false],
  ['[^a-c].txt', 'd.txt', true],
  ['[a.txt', '[a.txt', true],
  ['{a,b}/{c,d{1,2}}', 'b/d2', true],
  ['{a,b}/{c,d{1,2}}', 'b/d', false],
  ['\\*.txt', '*.txt', true],
  ['\\*.txt', 'a.txt', false],
  ['+(a)', 'a', false],
  ['+(a)', '+(a)', true],
  ['a.txt', 'a_txt', false],
  ['', '', true],
]

test('paths match as Ruby matches them', () => {
  deepStrictEqual(
    rows.map(([pattern, path]) => [pattern, path, matchesAny([pattern], [path])]),
    rows,
  )
})

test('braces of a hostile pattern stay few', () => {
  deepStrictEqual(expandBraces('{a,b}'.repeat(40)).length, 1_000)
})

test('a pattern of many stars is refused, and holds up nobody', () => {
  throws(
    () => matchesAny([`${'*a'.repeat(40)}b`], ['a'.repeat(200)]),
    (error) => error instanceof SluiceError && error.code === 'config_invalid',
  )
})
