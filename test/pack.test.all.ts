/** The published package: packed, installed in another directory, and used from there. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, sep } from 'node:path'
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

type Manifest = {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly bin?: string | Readonly<Record<string, string>>
}

const manifestIn = (directory: string): Manifest => JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))

/**
 * Lays what the package declares to depend on, and nothing else, where npm will look first: the same versions as in the lock, and no network. What
 * is not declared is not there, so that a forgotten dependency fails.
 */
const layDependencies = (): void => {
  const open = [join(root, 'packages/sluice')]
  const laid = new Set<string>()
  for (let from = open.pop(); from !== undefined; from = open.pop()) {
    for (const name of Object.keys(manifestIn(from).dependencies ?? {})) {
      const nested = join(from, 'node_modules', name)
      const source = existsSync(nested) ? nested : join(root, 'node_modules', name)
      if (laid.has(source)) continue
      laid.add(source)
      open.push(source)
      cpSync(source, join(elsewhere, source.slice(source.indexOf(`${sep}node_modules${sep}`))), { recursive: true })
      linkCommands(name, manifestIn(source).bin ?? {})
    }
  }
}

/** npm takes a package whose commands are not linked for a broken one, and would fetch it again. */
const linkCommands = (name: string, bin: string | Readonly<Record<string, string>>): void => {
  const commands = typeof bin === 'string' ? { [name]: bin } : bin
  mkdirSync(join(elsewhere, 'node_modules/.bin'), { recursive: true })
  for (const [command, path] of Object.entries(commands))
    symlinkSync(join('..', name, path), join(elsewhere, 'node_modules/.bin', command))
}

before(() => {
  run('npm', ['pack', '--workspace', 'packages/sluice', '--pack-destination', elsewhere], root)
  const tarball = readdirSync(elsewhere).find((name) => name.endsWith('.tgz')) ?? ''
  writeFileSync(join(elsewhere, 'package.json'), '{ "name": "shop", "version": "2.3.4", "private": true }')
  layDependencies()
  run(
    'npm',
    ['install', '--omit=dev', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', `./${tarball}`],
    elsewhere,
  )
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
  const files = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' })
  deepStrictEqual(
    files.filter((path) => path.endsWith('.ts') && (!path.endsWith('.d.ts') || path.includes('.test.'))),
    [],
  )
  const dashboard = files.filter((path) => path.startsWith('dashboard'))
  ok(dashboard.includes(join('dashboard', 'index.html')), 'the dashboard is not in the package')
  ok(
    dashboard.some((path) => /index-[\w-]+\.js\.br$/.test(path)),
    'its code is not there compressed',
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
  start: { command: 'node dist/server.js' },
  environments: { production: { listen: 8080 } },
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
  const { code, out, err } = sluice('run', '--json')
  strictEqual(code, 0, err)
  match(out, /"rel_[0-9a-f]{64}"/)
  match(out, /"2\.3\.4\+[0-9a-f]{7}"/)
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
