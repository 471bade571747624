import { deepStrictEqual, fail, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { SluiceError } from '../../../core/errors.ts'
import { holds, parseCondition, patternOf } from './condition.ts'

const variables: Readonly<Record<string, string>> = {
  PRESENT: 'my variable',
  PATH_VARIABLE: 'a/path/variable/value',
  FULL_PATH: '/a/full/path/variable/value',
  EMPTY: '',
  BLANK: '  ',
  PATTERN: '/^my/',
  NUMBER: '10',
}

const said = (text: string): boolean | string => {
  const read = parseCondition(text)
  return read.kind === 'invalid'
    ? `${read.message} at ${read.at}`
    : holds(read.condition, (name) => variables[name] ?? null)
}

const rows: readonly (readonly [string, boolean])[] = [
  ['$PRESENT == "my variable"', true],
  ['"my variable" == $PRESENT', true],
  ["$PRESENT == 'my variable'", true],
  ['$PRESENT == null', false],
  ['$EMPTY == null', false],
  ['$EMPTY == ""', true],
  ['$UNSET == null', true],
  ['$UNSET == ""', false],
  ['null == $UNSET', true],
  ['$PRESENT', true],
  ['$EMPTY', false],
  ['$BLANK', false],
  ['$UNSET', false],
  ['$NUMBER == "10"', true],
  ['$PRESENT =~ /my var/', true],
  ['$EMPTY =~ /my var/', false],
  ['$UNSET =~ /my var/', false],
  ['$UNSET =~ /^$/', true],
  ['$PRESENT =~ /MY VAR/i', true],
  ['$PATH_VARIABLE =~ /path\\/variable/', true],
  ['$FULL_PATH =~ /^\\/a\\/full\\/path\\/variable\\/value$/', true],
  ['$PRESENT !~ /my var/', false],
  ['$UNSET !~ /my var/', true],
  ['$PRESENT !~ $UNSET', true],
  ['$PRESENT =~ $PATTERN', true],
  ['$PRESENT =~ $NUMBER', false],
  ['$PRESENT !~ $NUMBER', true],
  ['$PRESENT =~ "my variable, and more"', true],
  ['$EMPTY && $PRESENT', true],
  ['$PRESENT && $EMPTY', false],
  ['$EMPTY || $PRESENT', false],
  ['$PRESENT =~ /my (?i)VARIABLE/', true],
  ['$PRESENT =~ /x(?i)y|VARI/', true],
  ['$PRESENT =~ /(?:(?i)MY) VAR/', false],
  ['$PRESENT =~ /^\\p{Ll}+ \\pL+$/', true],
  ['$PRESENT =~ /[[:^lower:]]v/', true],
  ['$PATH_VARIABLE =~ /\\Qpath\\E\\/v/', true],
  ['$NUMBER =~ /^\\x{31}0$/', true],
  ['$PRESENT != "x" && $NUMBER', true],
  ['$UNSET && $PRESENT || $NUMBER', true],
  ['$UNSET && ($PRESENT || $NUMBER)', false],
  ['$PRESENT || $UNSET && $UNSET', true],
  ['($PRESENT == "my variable" || $UNSET) && ($NUMBER == "10")', true],
  ['((($PRESENT)))', true],
  ['!$UNSET', true],
  ['!$PRESENT == true', false],
  ['true && !false', true],
  ['$PRESENT == true', false],
  ['$PRESENT == "my variable" && $PRESENT =~ /my/', true],
]

test('conditions hold as GitLab holds them', () => {
  deepStrictEqual(
    rows.map(([text]) => [text, said(text)]),
    rows,
  )
})

test('what is no condition is told with its place', () => {
  deepStrictEqual(
    ['', '$A ==', '$A $B', '(', '$A)', '${A} == "x"', '== "x"', '$A === "x"', '$A =~ /[/', '$A =~ /(a)\\1/'].map(said),
    [
      'ends where a variable or a text was expected at 0',
      'ends where a variable or a text was expected at 5',
      'did not expect $B here at 3',
      'ends where a variable or a text was expected at 1',
      'did not expect ) here at 2',
      'cannot read "${A} == \\"x\\"" at 0',
      'expected a variable or a text, found == at 0',
      'cannot read "= \\"x\\"" at 5',
      'the pattern /[/ is not one that RE2 takes at 6',
      'the pattern /(a)\\1/ is not one that RE2 takes at 6',
    ],
  )
})

test('more words than GitLab takes are refused', () => {
  deepStrictEqual(said(Array.from({ length: 60 }, () => '$A').join(' || ')), 'has more than 100 words at 299')
})

test('patterns of RE2 become those of JavaScript', () => {
  deepStrictEqual(
    ['/(?i)abc/', '/\\Aa(?P<x>b)\\z/s', '/[[:alpha:]]+/', '/a/x', 'a', '/a/b/'].map(
      (text) => patternOf(text)?.toString() ?? null,
    ),
    ['/abc/i', '/(?<![^])a(?<x>b)(?![^])/s', '/[A-Za-z]+/', null, null, '/a\\/b/'],
  )
})

test('a pattern that takes for ever is refused, and holds up nobody', () => {
  const wild = parseCondition('$TEXT =~ /^(a+)+$/')
  if (wild.kind === 'invalid') return fail(wild.message)
  throws(
    () => holds(wild.condition, () => `${'a'.repeat(60)}!`),
    (error) => error instanceof SluiceError && error.code === 'config_invalid',
  )
})
