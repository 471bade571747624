import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { affected, affectedJobs, type WorkspaceGraph } from '../../src/core/pipeline/cache/affected.ts'
import { readGlobs } from '../../src/runner/cache/globs.ts'
import { changedFiles, workspaceGraph } from '../../src/runner/cache/workspace-graph.ts'
import { cachedJob, makeCacheProject } from './project.ts'

const signal = new AbortController().signal
const manifest = (name: string, needs: readonly string[] = [], more: object = {}): string =>
  JSON.stringify({ name, dependencies: Object.fromEntries(needs.map((need) => [need, '*'])), ...more })

const members = {
  'packages/core/package.json': manifest('@shop/core'),
  'packages/ui/package.json': manifest('@shop/ui', ['@shop/core', 'left-pad']),
  'packages/legacy/package.json': manifest('legacy'),
  'apps/web/package.json': manifest('web', ['@shop/ui']),
  'packages/core/fixtures/package.json': manifest('a-fixture'),
}
const packages = [
  { name: 'shop', directory: '', needs: [] },
  { name: 'web', directory: 'apps/web', needs: ['@shop/ui'] },
  { name: '@shop/core', directory: 'packages/core', needs: [] },
  { name: '@shop/ui', directory: 'packages/ui', needs: ['@shop/core'] },
]

describe('the packages of a monorepo', () => {
  for (const [manager, files] of [
    ['npm', { 'package.json': manifest('shop', [], { workspaces: ['packages/*', 'apps/**', '!packages/legacy'] }) }],
    [
      'yarn',
      {
        'package.json': manifest('shop', [], { workspaces: { packages: ['packages/{core,ui}', './apps/*/'] } }),
        'yarn.lock': '',
      },
    ],
    [
      'pnpm',
      {
        'package.json': manifest('shop'),
        'pnpm-workspace.yaml': "packages:\n  - 'packages/*'\n  - apps/*\n  - '!packages/legacy'\n",
      },
    ],
  ] as const)
    it(`are those that ${manager} sees, with who depends on whom`, async () => {
      const project = makeCacheProject({ ...files, ...members })
      try {
        const graph = await workspaceGraph(project.checkout, signal)
        assert.deepEqual(graph, { manager, packages, shared: Object.keys(files) })
      } finally {
        project.remove()
      }
    })

  it('are refused with the file that cannot be read', async () => {
    const project = makeCacheProject({
      'package.json': manifest('shop', [], { workspaces: ['*'] }),
      'a/package.json': '{',
    })
    try {
      await assert.rejects(workspaceGraph(project.checkout, signal), /a\/package\.json cannot be read/)
    } finally {
      project.remove()
    }
  })
})

describe('what a change concerns', () => {
  const graph: WorkspaceGraph = { manager: 'npm', packages, shared: ['package.json', 'package-lock.json'] }
  const of = (...files: string[]) => Object.fromEntries(affected({ graph, changedFiles: files }))

  it('is the package that a file is in, and whatever depends on it', () => {
    assert.deepEqual(of('packages/core/src/a.ts'), {
      '@shop/core': 'packages/core/src/a.ts changed',
      '@shop/ui': 'depends on @shop/core',
      web: 'depends on @shop/ui',
    })
    assert.deepEqual(of('apps/web/x'), { web: 'apps/web/x changed' })
    assert.deepEqual(of('README.md'), { shop: 'README.md changed' })
    assert.deepEqual(of(), {})
  })

  it('is everything when the lockfile changed', () => {
    assert.deepEqual(Object.values(of('package-lock.json')), Array(4).fill('package-lock.json changed'))
  })

  it('is a job by its inputs or package, whatever needs it, and what that needs', () => {
    const job = (name: string, more: Parameters<typeof cachedJob>[1], inputs: readonly string[] | null = null) => {
      const made = cachedJob({ inputs: inputs ?? [] }, { name, ...more })
      return inputs === null ? { ...made, cache: null } : made
    }
    const jobs = [
      job('lint', {}, ['**/*.ts']),
      job('docs', {}, ['docs/**']),
      job('core', { workingDirectory: 'packages/core' }),
      job('web', { workingDirectory: './apps/web', needs: ['tools'] }),
      job('tools', {}, ['tools/**']),
      job('test', { workingDirectory: 'packages/core' }),
      job('test (1)', { workingDirectory: 'packages/core', partOf: 'test' }),
      job('deploy', { needs: ['docs'] }, ['deploy/**']),
    ]
    const matcher = (globs: readonly string[]) => readGlobs(globs).matches
    const found = affectedJobs({ jobs, graph, matcher, changedFiles: ['packages/ui/style.css'] })
    assert.deepEqual(
      { ...found, affected: Object.fromEntries(found.affected), required: Object.fromEntries(found.required) },
      {
        affected: { web: 'package web: depends on @shop/ui' },
        required: { tools: 'needed by web' },
        skipped: ['lint', 'docs', 'core', 'test', 'test (1)', 'deploy'],
      },
    )
    const other = affectedJobs({ jobs, graph, matcher, changedFiles: ['docs/a.md'] })
    assert.deepEqual(Object.fromEntries(other.affected), { docs: 'docs/a.md changed', deploy: 'needs docs' })
  })

  it('is found by git: what differs from where the branch began, and what is not committed', async () => {
    const project = makeCacheProject({ 'a.txt': '1\n', 'b.txt': '1\n', 'c.txt': '1\n' })
    const git = (...words: string[]): void =>
      void execFileSync('git', words, { cwd: project.checkout, stdio: 'ignore' })
    try {
      git('branch', 'base')
      project.write({ 'a.txt': '2\n' })
      project.commit()
      git('checkout', '--quiet', 'base')
      project.write({ 'c.txt': 'only on the base\n' })
      project.commit()
      git('checkout', '--quiet', '-')
      project.write({ 'b.txt': 'dirty\n', 'new.txt': 'n\n' })
      assert.deepEqual(await changedFiles(project.checkout, 'base', signal), ['a.txt', 'b.txt', 'new.txt'])
      await assert.rejects(changedFiles(project.checkout, '--output=x', signal), { code: 'not_found' })
    } finally {
      project.remove()
    }
  })
})
