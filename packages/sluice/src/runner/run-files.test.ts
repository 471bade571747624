import { deepEqual, equal, rejects } from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SluiceError } from '../core/errors.ts'
import { copyFiles, selectFiles } from './run-files.ts'

/** A workspace with a file, and beside it a folder that nothing in it may reach. */
const places = async (context: TestContext): Promise<{ readonly workspace: string; readonly outside: string }> => {
  const root = await mkdtemp(join(tmpdir(), 'sluice-run-files-'))
  context.after(() => rm(root, { recursive: true }))
  const [workspace, outside] = [join(root, 'workspace'), join(root, 'outside')]
  await mkdir(join(workspace, 'dist', 'deep'), { recursive: true })
  await mkdir(join(outside, 'deep'), { recursive: true })
  await writeFile(join(workspace, 'dist', 'deep', 'main.js'), 'run()')
  await writeFile(join(outside, 'secrets.key'), 'swordfish')
  return { workspace, outside }
}

const isRefused = (error: unknown): boolean => error instanceof SluiceError && error.code === 'artifact_missing'

test('a link out of the workspace leads no selection to what is there; one within it does', async (context) => {
  const { workspace, outside } = await places(context)
  await symlink(outside, join(workspace, 'absolute'))
  await symlink('../outside', join(workspace, 'relative'))
  await symlink('relative', join(workspace, 'indirect'))
  await symlink('dist', join(workspace, 'current'))
  await symlink('loop', join(workspace, 'loop'))
  const select = (path: string): Promise<readonly string[]> =>
    selectFiles({ directory: workspace, paths: [path], exclude: [], glob: true })
  for (const link of ['absolute', 'relative', 'indirect', 'loop'])
    for (const below of ['secrets.key', '*', 'deep/../secrets.key'])
      await rejects(select(`${link}/${below}`), isRefused, `${link}/${below}`)
  deepEqual(await select('current/deep/main.js'), ['current/deep/main.js'])
  deepEqual(await select('current/*'), ['current/deep/main.js'])
  // What is taken whole has the links themselves.
  deepEqual(await select('.'), ['absolute', 'current', 'dist/deep/main.js', 'indirect', 'loop', 'relative'])
})

test('nothing is copied through a link that leads out of where it is to be, nor into what a link means', async (context) => {
  const { workspace, outside } = await places(context)
  const from = join(workspace, '..', 'kept')
  await mkdir(join(from, 'folder'), { recursive: true })
  await writeFile(join(from, 'folder', 'secrets.key'), 'mine')
  await writeFile(join(from, 'file'), 'mine')
  const copy = (name: string): Promise<void> => copyFiles({ from, to: workspace, names: [name] }, context.signal)
  await symlink(outside, join(workspace, 'folder'))
  await rejects(copy('folder/secrets.key'), isRefused)
  await symlink(join(outside, 'secrets.key'), join(workspace, 'file'))
  await copy('file')
  equal(await readFile(join(workspace, 'file'), 'utf8'), 'mine')
  equal(await readFile(join(outside, 'secrets.key'), 'utf8'), 'swordfish')
})
