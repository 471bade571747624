import { deepStrictEqual, rejects } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { collectEvidence } from './collect.ts'

const never = new AbortController().signal

const checkout = (t: TestContext): string => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-evidence-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

test('reports are read by path and glob, and what is not there or not readable is told', async (t) => {
  const directory = checkout(t)
  mkdirSync(join(directory, 'out/deep'), { recursive: true })
  mkdirSync(join(directory, 'node_modules/x'), { recursive: true })
  writeFileSync(join(directory, 'out/b.xml'), '<testsuite><testcase name="b"/></testsuite>')
  writeFileSync(join(directory, 'out/deep/a.xml'), '<testsuite><testcase name="a"/></testsuite>')
  writeFileSync(join(directory, 'node_modules/x/c.xml'), '<testsuite/>')
  writeFileSync(join(directory, 'lcov.info'), 'SF:a.ts\nDA:1,1\n')
  const collected = await collectEvidence(
    [
      { format: 'junit', paths: ['**/*.xml', 'none/*.xml'] },
      { format: 'lcov', paths: ['lcov.info', 'missing.info'] },
      { format: 'auto', paths: ['out'] },
    ],
    { directory },
    never,
  )
  deepStrictEqual(
    collected.map((one) => [
      one.status,
      one.path,
      one.status === 'unreadable' ? one.detail : one.status === 'read' ? one.evidence.source.format : '',
    ]),
    [
      ['read', 'out/b.xml', 'junit'],
      ['read', 'out/deep/a.xml', 'junit'],
      ['missing', 'none/*.xml', ''],
      ['unreadable', 'lcov.info', 'lcov.info:1: the report ends before end_of_record of a.ts'],
      ['missing', 'missing.info', ''],
      ['unreadable', 'out', 'out: this is no file'],
    ],
  )
})

test('a job cannot have a file outside of its checkout read, nor a pipe wait for a writer', async (t) => {
  const directory = checkout(t)
  const outside = checkout(t)
  writeFileSync(join(outside, 'secret.xml'), '<testsuite/>')
  symlinkSync(join(outside, 'secret.xml'), join(directory, 'link.xml'))
  execFileSync('mkfifo', [join(directory, 'pipe.xml')])
  const collected = await collectEvidence(
    [{ format: 'junit', paths: ['link.xml', `../${outside.slice(tmpdir().length + 1)}/secret.xml`, 'pipe.xml'] }],
    { directory },
    never,
  )
  deepStrictEqual(
    collected.map((one) => (one.status === 'unreadable' ? one.detail.replace(/^.*: /, '') : one.status)),
    ['the file lies outside of the checkout', 'the file lies outside of the checkout', 'this is no file'],
  )
})

test('gathering ends when it is called off', async (t) => {
  const directory = checkout(t)
  await rejects(collectEvidence([{ format: 'junit', paths: ['a.xml'] }], { directory }, AbortSignal.abort()), {
    name: 'AbortError',
  })
})
