import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { byCode, findFiles, readGlobs, select } from './globs.ts'

const paths = [
  '.github/ci.yml',
  'README.md',
  'a/b.ts',
  'a/b/c.ts',
  'a/b/d.css',
  'a/b0/c.ts',
  'a/bb/.hidden/c.ts',
  'a/ä.ts',
  'b/c (1).ts',
  'b/c.ts',
  'package.json',
].toSorted(byCode)

describe('globs', () => {
  for (const [globs, wanted] of [
    [['**'], paths],
    [['.'], paths],
    [['**/*.ts'], ['a/b.ts', 'a/b/c.ts', 'a/b0/c.ts', 'a/bb/.hidden/c.ts', 'a/ä.ts', 'b/c (1).ts', 'b/c.ts']],
    [['a/b'], ['a/b/c.ts', 'a/b/d.css']],
    [['./a/b/'], ['a/b/c.ts', 'a/b/d.css']],
    [['a/b/**'], ['a/b/c.ts', 'a/b/d.css']],
    [['a/b/**/*'], ['a/b/c.ts', 'a/b/d.css']],
    [
      ['a/*/c.ts', 'a/b'],
      ['a/b/c.ts', 'a/b/d.css', 'a/b0/c.ts'],
    ],
    [
      ['a/{b,bb}/**', '!**/*.css'],
      ['a/b/c.ts', 'a/bb/.hidden/c.ts'],
    ],
    [
      ['!a', '**'],
      ['.github/ci.yml', 'README.md', 'b/c (1).ts', 'b/c.ts', 'package.json'],
    ],
    [['package.json', 'missing', 'package.json'], ['package.json']],
    [
      ['*.{json,md}', '.github/*'],
      ['.github/ci.yml', 'README.md', 'package.json'],
    ],
    [['!**'], []],
    [[], []],
  ] as const)
    it(`${globs.join(' ') || 'none'} names ${wanted.length} of the paths`, () => {
      assert.deepEqual(select(paths, readGlobs(globs)), wanted)
    })

  it('finds on disk what they select from a list, without following links or looking into .git', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-globs-'))
    try {
      for (const path of [...paths, '.git/config', 'a/.git/config']) {
        mkdirSync(dirname(join(folder, path)), { recursive: true })
        writeFileSync(join(folder, path), '')
      }
      symlinkSync('a', join(folder, 'link'))
      for (const globs of [['a/**', 'package.json'], ['**/*.ts'], ['a/{b,bb}/**', '!**/*.css'], ['nowhere/**']])
        assert.deepEqual(findFiles(folder, readGlobs(globs)), select(paths, readGlobs(globs)))
      assert.deepEqual(findFiles(folder, readGlobs(['**'])), [...paths, 'link'].toSorted(byCode))
      assert.deepEqual(findFiles(folder, readGlobs(['link/b/*.css'])), ['link/b/d.css'])
      symlinkSync(join(folder, 'a'), join(folder, 'b', 'away'))
      for (const glob of ['b/away', 'b/away/**', 'b/away/b/c.ts'])
        assert.deepEqual(findFiles(folder, readGlobs([glob])), [], glob)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
