import { deepStrictEqual } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { joinedScript, scriptLines } from './script.ts'

const lines = ['echo one', "echo 'it''s' \"two\"", 'if true; then\n  echo three\nfi', 'cat <<X\nfour\nX']

test('a joined script can be taken apart again', () => {
  deepStrictEqual(scriptLines(joinedScript(['export A=1', 'B=2'], lines)), { head: ['export A=1', 'B=2'], lines })
  deepStrictEqual(scriptLines(joinedScript([], lines)), { head: [], lines })
  deepStrictEqual(scriptLines('npm ci\nnpm test'), { head: [], lines: ['npm ci\nnpm test'] })
  deepStrictEqual(scriptLines(''), { head: [], lines: [''] })
})

test('each line is shown before it runs, whatever quotes are in it', () => {
  const shown = execFileSync('bash', ['-c', joinedScript(['A=1'], lines)], { encoding: 'utf8' })
  deepStrictEqual(shown.split('\n').slice(0, 5), [
    '$ echo one',
    'one',
    `$ echo 'it''s' "two"`,
    'its two',
    '$ if true; then # collapsed multi-line command',
  ])
})
