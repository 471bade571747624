/** The published package: packed, installed in another directory, and used from there. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { env, execPath } from 'node:process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const elsewhere = mkdtempSync(join(tmpdir(), 'sluice-pack-'))
// The Node of the repository goes first, whatever the machine has.
const environment = { ...env, PATH: `${dirname(execPath)}:${env['PATH'] ?? ''}`, npm_config_loglevel: 'error' }

const run = (command: string, words: readonly string[], cwd: string): string =>
  execFileSync(command, words, {
    cwd,
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  })

const sluice = (
  ...words: readonly string[]
): { readonly code: number | null; readonly out: string; readonly err: string } => {
  const bin = join(elsewhere, 'node_modules/sluice/bin/sluice.js')
  const done = spawnSync(execPath, [bin, ...words], {
    cwd: elsewhere,
    env: environment,
    encoding: 'utf8',
    timeout: 120_000,
  })
  return { code: done.status, out: done.stdout, err: done.stderr }
}

before(() => {
  run('npm', ['pack', '--workspace', 'packages/sluice', '--pack-destination', elsewhere], root)
  const tarball = readdirSync(elsewhere).find((name) => name.endsWith('.tgz')) ?? ''
  writeFileSync(join(elsewhere, 'package.json'), '{ "name": "shop", "version": "2.3.4", "private": true }\n')
  run('npm', ['install', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`], elsewhere)
})

after(() => rmSync(elsewhere, { recursive: true, force: true }))

test('only what is needed is published', () => {
  const installed = join(elsewhere, 'node_modules/sluice')
  deepStrictEqual(readdirSync(installed).toSorted(), [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'bin',
    'dist',
    'docs',
    'examples',
    'package.json',
  ])
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
  deepStrictEqual(
    files.filter((path) => /\.test\.|(?:^|[^d])\.ts$/.test(path) && !path.endsWith('.d.ts')),
    [],
  )
  const manifest: { readonly version: string } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  ok(files.length > 50 && manifest.version !== '')
})

test('sluice --help answers from the installed package', () => {
  const { code, out } = sluice('--help')
  strictEqual(code, 0)
  match(out, /sluice/)
})

test('a small pipeline runs from the installed package', () => {
  writeFileSync(
    join(elsewhere, 'sluice.config.ts'),
    `import { defineConfig } from 'sluice'
export default defineConfig({
  service: 'shop',
  pipeline: {
    jobs: {
      test: { steps: 'node --version' },
      build: { needs: ['test'], steps: ['mkdir dist', 'cp server.js dist'], artifacts: { app: 'dist' } },
    },
  },
})
`,
  )
  mkdirSync(join(elsewhere, 'src'), { recursive: true })
  writeFileSync(
    join(elsewhere, 'server.js'),
    "require('node:http').createServer((_, answer) => answer.end()).listen(process.env.PORT)\n",
  )
  writeFileSync(join(elsewhere, '.gitignore'), 'node_modules\n.sluice\n*.tgz\n')
  for (const words of [
    ['init', '-q'],
    ['add', '-A'],
    ['-c', 'user.name=t', '-c', 'user.email=t@example.org', 'commit', '-qm', 'first'],
  ])
    run('git', words, elsewhere)
  const { code, err } = sluice('run', '--json')
  strictEqual(code, 0, err)
})

test('the types of the config are there for an editor', () => {
  writeFileSync(
    join(elsewhere, 'wrong.ts'),
    "import { defineConfig } from 'sluice'\nexport const config = defineConfig({ service: 'shop', pipeline: { jobs: { test: { steps: 'true', timeout: '5 parsecs' } } } })\n",
  )
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const checked = spawnSync(
    execPath,
    [compiler, '--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', 'wrong.ts'],
    { cwd: elsewhere, encoding: 'utf8' },
  )
  match(checked.stdout, /wrong\.ts\(2,.*parsecs/s)
})
