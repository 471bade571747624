import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { pack } from 'tar-stream'
import { SluiceError } from '../core/errors.ts'
import { packTar, unpackTar } from './tar.ts'

const signal = new AbortController().signal
const mismatch = (error: unknown): boolean => error instanceof SluiceError && error.code === 'artifact_mismatch'
let root = ''
let number = 0

const fresh = async (): Promise<string> => {
  const path = join(root, String((number += 1)))
  await mkdir(path)
  return path
}

const plant = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const directory = await fresh()
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), content)
  }
  return directory
}

const packed = async (directory: string, paths: readonly string[] = ['.']) => {
  const target = join(await fresh(), 'a.tar')
  return { target, ...(await packTar({ directory, paths, extra: [], target }, signal)) }
}

/** An archive as nobody honest writes it. */
const forged = async (
  entries: readonly { name: string; content?: string; link?: string; type?: 'file' | 'symlink' | 'link' | 'fifo' }[],
): Promise<string> => {
  const target = join(await fresh(), 'forged.tar')
  const archive = pack()
  for (const { name, content, link, type } of entries) {
    if (link === undefined) archive.entry({ name, type: type ?? 'file' }, content ?? '')
    else archive.entry({ name, type: type ?? 'symlink', linkname: link })
  }
  archive.finalize()
  await pipeline(archive, createWriteStream(target))
  return target
}

const open = async (): Promise<number> => (await readdir('/proc/self/fd')).length

describe('archives', () => {
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-tar-'))
  })
  after(() => rm(root, { recursive: true, force: true }))

  it('packs a folder that is reached by a link as any other', async () => {
    const directory = await plant({ 'a/b.txt': 'b' })
    const link = `${directory}.view`
    await symlink(directory, link)
    assert.equal((await packed(link)).sha256, (await packed(directory)).sha256)
  })

  it('hold the same bytes whatever the times, the modes beside x, and the order of making', async () => {
    const one = await plant({ 'b/c.js': 'c', 'b/a.js': 'a', empty: '', 'A.txt': 'x' })
    const two = await plant({ 'A.txt': 'x', empty: '', 'b/a.js': 'a', 'b/c.js': 'c' })
    await utimes(join(two, 'b/a.js'), 1, 1)
    await chmod(join(two, 'A.txt'), 0o600)
    const first = await packed(one)
    const second = await packed(two)
    assert.equal(first.sha256, second.sha256)
    const content = await readFile(first.target)
    assert.equal(createHash('sha256').update(content).digest('hex'), first.sha256)
    assert.equal(content.length, first.bytes)
    const listed = await promisify(execFile)('tar', [
      '--list',
      '--verbose',
      '--numeric-owner',
      '--utc',
      '-f',
      first.target,
    ])
    const names = listed.stdout
      .trim()
      .split('\n')
      .map((line) => line.replaceAll(/\s+/g, ' '))
    assert.deepEqual(names, [
      '-rw-r--r-- 0/0 1 1970-01-01 00:00 A.txt',
      '-rw-r--r-- 0/0 1 1970-01-01 00:00 b/a.js',
      '-rw-r--r-- 0/0 1 1970-01-01 00:00 b/c.js',
      '-rw-r--r-- 0/0 0 1970-01-01 00:00 empty',
    ])
  })

  it('give back files, the right to execute, long names and inner links, also a second time', async () => {
    const long = `${'deep/'.repeat(40)}ünïcode.txt`
    const directory = await plant({ 'bin/run': '#!/bin/sh\n', [long]: 'long', 'lib/index.js': 'x'.repeat(300_000) })
    await chmod(join(directory, 'bin/run'), 0o711)
    await symlink('../lib/index.js', join(directory, 'bin/link'))
    const { target } = await packed(directory, ['bin', 'deep', 'lib'])
    const out = await fresh()
    await unpackTar(target, out, signal)
    await writeFile(join(out, 'bin/run'), 'changed')
    await unpackTar(target, out, signal)
    assert.equal(await readFile(join(out, 'bin/run'), 'utf8'), '#!/bin/sh\n')
    assert.equal((await lstat(join(out, 'bin/run'))).mode & 0o777, 0o755)
    assert.equal(await readFile(join(out, long), 'utf8'), 'long')
    assert.equal(await readlink(join(out, 'bin/link')), '../lib/index.js')
    assert.equal((await readFile(join(out, 'bin/link'))).length, 300_000)
  })

  it("leave out the checkout's own .git, which says where it lies", async () => {
    const directory = await plant({ 'main.js': 'run()', '.git': 'gitdir: /somewhere', '.gitignore': 'dist' })
    const target = join(await fresh(), 'all.tar')
    await packTar({ directory, paths: ['.'], extra: [], target }, signal)
    const out = await fresh()
    await unpackTar(target, out, signal)
    assert.deepEqual((await readdir(out)).toSorted(), ['.gitignore', 'main.js'])
  })

  it('are not made of what they cannot give back', async () => {
    for (const target of ['/etc/passwd', '../../outside', '../../..']) {
      const directory = await plant({ 'dist/a': 'a' })
      await symlink(target, join(directory, 'dist/link'))
      await assert.rejects(packed(directory, ['dist']), mismatch, target)
    }
    const directory = await plant({ a: 'a' })
    await promisify(execFile)('mkfifo', [join(directory, 'pipe')])
    await assert.rejects(packed(directory), mismatch)
    await assert.rejects(packed(directory, ['../other']), mismatch)
  })

  it(
    'a path that is not there is said before anything is written or left open',
    { skip: process.platform !== 'linux' },
    async () => {
      const directory = await plant({ a: 'a' })
      const target = join(await fresh(), 'a.tar')
      const before = await open()
      await assert.rejects(
        packTar({ directory, paths: ['a', 'nope'], extra: [], target }, signal),
        (error) => error instanceof SluiceError && error.code === 'artifact_missing',
      )
      assert.equal(await open(), before)
      await assert.rejects(lstat(target))
    },
  )

  it('a full disk is the error that is reported', { skip: process.platform !== 'linux' }, async () => {
    const directory = await plant({ a: 'x'.repeat(1_000_000), b: 'x'.repeat(1_000_000) })
    await assert.rejects(packTar({ directory, paths: ['.'], extra: [], target: '/dev/full' }, signal), {
      code: 'ENOSPC',
    })
  })

  it('hold no link that another can complete to one that leads outside, in the same archive or in another', async () => {
    const chain = [
      { name: 'd/A', link: 'B/../../x' },
      { name: 'd/B', link: '..' },
    ]
    for (const archives of [
      [chain],
      [chain.toReversed()],
      chain.map((link) => [link]),
      chain.toReversed().map((link) => [link]),
    ]) {
      const above = await fresh()
      await mkdir(join(above, 'x'))
      await writeFile(join(above, 'x', 'outside.txt'), 'secret')
      for (const entries of archives)
        await unpackTar(await forged(entries), join(above, 'out'), signal).catch((error: unknown) =>
          assert.ok(mismatch(error), String(error)),
        )
      await assert.rejects(readFile(join(above, 'out', 'd', 'A', 'outside.txt')), JSON.stringify(archives))
    }
    const directory = await plant({ 'd/file': 'a' })
    await symlink('B/../../x', join(directory, 'd/A'))
    await assert.rejects(packed(directory), mismatch)
    await rm(join(directory, 'd/A'))
    for (const [index, target] of ['..', '.././d//file', './file', 'nowhere/yet'].entries())
      await symlink(target, join(directory, `d/${index}`))
    await unpackTar((await packed(directory)).target, await fresh(), signal)
  })

  it('never write outside the folder, by name, by link, or by a chain of links', async () => {
    const attacks = [
      [{ name: '../evil', content: 'x' }],
      [{ name: '/evil', content: 'x' }],
      [{ name: 'a/../../evil', content: 'x' }],
      [
        { name: 'out', link: '..' },
        { name: 'out/evil', content: 'x' },
      ],
      [{ name: 'out', link: '/' }],
      // Each link stays inside by its words; together they lead to the folder above.
      [
        { name: 'deep/dir/s', link: '../..' },
        { name: 't', link: 'deep/dir/s/..' },
        { name: 't/evil', content: 'x' },
      ],
      [
        { name: 'deep/dir/s', link: '../..' },
        { name: 't', link: 'deep/dir/s/..' },
      ],
      [
        { name: 't', link: 'deep/dir/s/..' },
        { name: 'deep/dir/s', link: '../..' },
        { name: 'deep/dir/s/x/y', content: 'x' },
      ],
      [{ name: 'hard', link: '/etc/passwd', type: 'link' as const }],
      [{ name: 'pipe', type: 'fifo' as const }],
    ]
    for (const entries of attacks) {
      const above = await fresh()
      const out = join(above, 'out')
      await unpackTar(await forged(entries), out, signal).catch((error: unknown) =>
        assert.ok(mismatch(error), String(error)),
      )
      assert.deepEqual(await readdir(above), ['out'], JSON.stringify(entries))
      // And what is there now cannot be written through either.
      await unpackTar(await forged([{ name: 't/evil', content: 'x' }]), out, signal).catch((error: unknown) =>
        assert.ok(mismatch(error), String(error)),
      )
      assert.deepEqual(await readdir(above), ['out'], JSON.stringify(entries))
    }
  })
})
