import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openInside, piecesOf } from './open-inside.ts'

test('a file below a folder is opened, and nothing that a link or a path leads to outside of it', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-inside-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const folder = join(root, 'checkout')
  mkdirSync(join(folder, 'a/b'), { recursive: true })
  mkdirSync(join(root, 'outside'))
  writeFileSync(join(root, 'outside/key'), 'secret')
  writeFileSync(join(folder, 'a/b/file'), 'here')
  symlinkSync(join(root, 'outside/key'), join(folder, 'link'))
  symlinkSync(join(root, 'outside'), join(folder, 'folder-link'))
  symlinkSync('b', join(folder, 'a/inner-link'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  const kinds: string[] = []
  const paths = ['a/b/file', 'link', 'folder-link/key', 'a/inner-link/file', '../outside/key', 'a/../../outside/key']
  for (const path of [...paths, '/etc/passwd', 'none', 'a/none/file', 'a/b/file/more', 'a/b', 'pipe', '']) {
    const found = await openInside(folder, path)
    kinds.push(found.kind)
    if (found.kind === 'file') await found.file.close()
  }
  deepStrictEqual(kinds, [
    'file',
    'outside',
    'outside',
    'outside',
    'outside',
    'outside',
    'outside',
    'missing',
    'missing',
    'missing',
    'other',
    'other',
    'outside',
  ])
})

test('what is read of a file ends where it ended when it was opened', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-inside-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'file'), 'x'.repeat(2_500_000))
  const found = await openInside(folder, 'file')
  if (found.kind !== 'file') throw new Error(found.kind)
  writeFileSync(join(folder, 'file'), 'more', { flag: 'a' })
  const sizes: number[] = []
  for await (const piece of piecesOf(found.file, found.bytes)) sizes.push(piece.length)
  await found.file.close()
  deepStrictEqual([found.bytes, sizes.reduce((sum, one) => sum + one, 0)], [2_500_000, 2_500_000])
  strictEqual(sizes.length > 1, true)
})
