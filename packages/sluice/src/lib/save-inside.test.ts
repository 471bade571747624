import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { saveInside, type SaveRequest, staysInside } from './save-inside.ts'

async function* piecesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

test('a file is saved below its folder and nowhere else, whole, and replaces nothing by itself', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'sluice-save-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const folder = join(root, 'to')
  const digest = `sha256:${createHash('sha256').update('new').digest('hex')}`
  const save = (path: string, over: Partial<SaveRequest> = {}): Promise<void> =>
    saveInside({ folder, path, pieces: piecesOf('new'), digest, overwrite: false, ...over })
  await save('a/b.txt')
  strictEqual(await readFile(join(folder, 'a/b.txt'), 'utf8'), 'new')
  await writeFile(join(folder, 'a/b.txt'), 'mine')
  await rejects(save('a/b.txt'), { code: 'usage_invalid' })
  strictEqual(await readFile(join(folder, 'a/b.txt'), 'utf8'), 'mine')
  await save('a/b.txt', { overwrite: true })
  strictEqual(await readFile(join(folder, 'a/b.txt'), 'utf8'), 'new')
  await rejects(save('a/c.txt', { pieces: piecesOf('other') }), { code: 'artifact_mismatch' })

  await mkdir(join(root, 'outside'))
  await symlink(join(root, 'outside'), join(folder, 'link'))
  await symlink(join(root, 'outside/file'), join(folder, 'file-link'))
  for (const path of ['link/x', '../x', '/x', 'a/../../x', 'a//x', 'C:/x', String.raw`a\x`])
    await rejects(save(path, { overwrite: true }), { code: 'usage_invalid' }, path)
  await rejects(save('file-link'), { code: 'usage_invalid' })
  // A link at the place itself is replaced, not followed.
  await save('file-link', { overwrite: true })
  deepStrictEqual(await readdir(join(root, 'outside')), [])
  deepStrictEqual((await readdir(join(folder, 'a'))).toSorted(), ['b.txt'])
})

test('a path stays inside when each of its parts is a plain name', () => {
  deepStrictEqual(['a', 'a/b.c', '.a/..b', ''].map(staysInside), [true, true, true, false])
})
