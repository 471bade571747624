import { deepStrictEqual, match } from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { localEvidence } from '../../adapters/evidence/local.ts'
import { attachmentsOf, troublesOf } from '../../core/evidence/collected.ts'
import { digest } from '../../core/model.ts'
import { limits } from '../../core/limits.ts'
import { collectEvidence } from './collect.ts'

const never = new AbortController().signal

const folderOf = (t: TestContext): string => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-attachments-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

const testCaseOf = (name: string, paths: readonly string[]): string =>
  `<testcase name="${name}"><system-out>${paths.map((path) => `[[ATTACHMENT|${path}]]`).join('\n')}</system-out></testcase>`

const zip = 'PK\u0003\u0004 and so on'

test('files that test cases name are kept, from the report’s folder or the checkout; why others are not is said', async (t) => {
  const [directory, outside, state] = [folderOf(t), folderOf(t), folderOf(t)]
  mkdirSync(join(directory, 'out'))
  mkdirSync(join(directory, 'results'))
  writeFileSync(join(outside, 'key'), 'secret')
  symlinkSync(join(outside, 'key'), join(directory, 'results/link.png'))
  symlinkSync(outside, join(directory, 'folder'))
  writeFileSync(join(directory, 'results/a.png'), 'picture')
  writeFileSync(join(directory, 'out/b.webm'), 'film')
  writeFileSync(join(directory, 'large.zip'), '')
  truncateSync(join(directory, 'large.zip'), limits.attachmentBytesMax + 1)
  const one = testCaseOf('one', ['../results/a.png', 'b.webm', '../results/none.png'])
  const two = testCaseOf('two', [
    `${directory}/results/a.png`,
    'results/link.png',
    'folder/key',
    '../../x',
    '/etc/passwd',
    'large.zip',
  ])
  writeFileSync(join(directory, 'out/junit.xml'), `<testsuite>${one}${two}</testsuite>`)
  const store = localEvidence(state)
  const place = { directory, attachments: { directory, store } }
  const collected = await collectEvidence([{ format: 'junit', paths: ['out/junit.xml'] }], place, never)
  deepStrictEqual(
    attachmentsOf(collected).map(({ path, title, mediaType, kept }) => [path, title, mediaType, kept?.bytes ?? null]),
    [
      ['results/a.png', 'one', 'image/png', 7],
      ['out/b.webm', 'one', 'video/webm', 4],
      ['results/none.png', 'one', 'image/png', null],
      ['results/a.png', 'two', 'image/png', 7],
      ['results/link.png', 'two', 'image/png', null],
      ['folder/key', 'two', 'application/octet-stream', null],
      ['../../x', 'two', 'application/octet-stream', null],
      ['/etc/passwd', 'two', 'application/octet-stream', null],
      ['large.zip', 'two', 'application/zip', null],
    ],
  )
  deepStrictEqual(
    troublesOf(collected, 'attachments').map((gap) => gap.replace('out/junit.xml: ', '')),
    [
      'results/none.png: nothing is there',
      'results/link.png: the file lies outside of the checkout, or behind a symbolic link',
      'folder/key: the file lies outside of the checkout, or behind a symbolic link',
      '../../x: the file lies outside of the checkout, or behind a symbolic link',
      '/etc/passwd: the file lies outside of the checkout, or behind a symbolic link',
      `large.zip: the file has ${limits.attachmentBytesMax + 1} bytes, at most ${limits.attachmentBytesMax} are kept`,
    ],
  )
  // No gate over tests is broken by it.
  deepStrictEqual(troublesOf(collected, 'tests'), [])
  const [picture] = attachmentsOf(collected)
  const read: Uint8Array[] = []
  if (picture?.kept !== undefined) for await (const piece of await store.openFile(picture.kept)) read.push(piece)
  deepStrictEqual(Buffer.concat(read).toString(), 'picture')
})

test('a trace is kept itself, also one that is larger than a report may be', async (t) => {
  const [directory, state] = [folderOf(t), folderOf(t)]
  writeFileSync(join(directory, 'trace.zip'), zip)
  truncateSync(join(directory, 'trace.zip'), limits.reportBytesMax + 1)
  writeFileSync(join(directory, 'other.zip'), zip)
  writeFileSync(join(directory, 'no.zip'), 'no archive')
  const place = { directory, attachments: { directory, store: localEvidence(state) } }
  const reports = [
    { format: 'playwright-trace', paths: ['trace.zip', 'no.zip'] },
    { format: 'auto', paths: ['other.zip'] },
  ]
  const collected = await collectEvidence(reports, place, never)
  deepStrictEqual(
    attachmentsOf(collected).map(({ path, title, kept }) => [path, title, kept?.bytes]),
    [
      ['trace.zip', 'Playwright trace', limits.reportBytesMax + 1],
      ['other.zip', 'Playwright trace', zip.length],
    ],
  )
  match(troublesOf(collected, 'attachments').join(), /no\.zip: a Playwright trace is a ZIP archive, and this is none/)
})

test('all files of a job together are bounded, in bytes and in number', async (t) => {
  const directory = folderOf(t)
  const each = limits.attachmentBytesMax
  const fitting = Math.floor(limits.jobAttachmentBytesMax / each)
  const names = Array.from({ length: fitting + 1 }, (_, index) => `${index}.webm`)
  for (const name of names) {
    writeFileSync(join(directory, name), '')
    truncateSync(join(directory, name), each)
  }
  writeFileSync(join(directory, 'junit.xml'), `<testsuite>${testCaseOf('one', names)}</testsuite>`)
  // Nothing is read: only what is asked for counts here.
  const store = {
    keepFile: () => Promise.resolve({ digest: digest(`sha256:${'0'.repeat(64)}`), bytes: each }),
  }
  const place = { directory, attachments: { directory, store } }
  const collected = await collectEvidence([{ format: 'junit', paths: ['junit.xml'] }], place, never)
  deepStrictEqual(attachmentsOf(collected).filter(({ kept }) => kept !== undefined).length, fitting)
  match(troublesOf(collected, 'attachments').join(), /the files of the job have more than \d+ bytes together/)

  const many = Array.from({ length: limits.attachmentsMax + 30 }, (_, index) => `small-${index}`)
  for (const name of many) writeFileSync(join(directory, name), '')
  writeFileSync(join(directory, 'junit.xml'), `<testsuite>${testCaseOf('one', many)}</testsuite>`)
  const more = await collectEvidence([{ format: 'junit', paths: ['junit.xml'] }], place, never)
  deepStrictEqual(attachmentsOf(more).filter(({ kept }) => kept !== undefined).length, limits.attachmentsMax)
  const gaps = troublesOf(more, 'attachments')
  deepStrictEqual(gaps.length, limits.reportGapsMax)
  match(gaps.at(-1) ?? '', /and 11 more files that are not kept/)
})
