import { deepStrictEqual, match } from 'node:assert/strict'
import { test } from 'node:test'
import { distance } from 'fastest-levenshtein'
import { parseConfig } from '../core/config/parse.ts'
import type { Settings } from '../core/config/settings.ts'
import { configText, detect, type Found } from './detect.ts'

const look = (files: Readonly<Record<string, string>>): Found =>
  detect({
    directory: '/srv/My Shop',
    exists: (name) => Object.hasOwn(files, name),
    read: (name) => files[name] ?? null,
  })

/** What the written config says, read as JavaScript: it holds nothing but data. */
const settingsOf = (found: Found): Settings => {
  const text = configText(found)
  const value: unknown = new Function(
    `return ${text.slice(text.indexOf('defineConfig(') + 'defineConfig('.length, text.lastIndexOf(')'))}`,
  )()
  return parseConfig(value, { file: 'sluice.config.ts', text, distance })
}

test('a project with tests, a build and a health path gets a config that uses them', () => {
  const found = look({
    'package.json': JSON.stringify({
      name: '@acme/shop',
      version: '1.4.0',
      scripts: { test: 'node --test', lint: 'eslint .', build: 'tsc --outDir dist', start: 'node dist/server.js' },
    }),
    'package-lock.json': '{}',
    node_modules: '',
    'src/server.ts': "app.get('/healthz', ok)",
  })
  deepStrictEqual(found.missing, [])
  const { service, pipeline, start, health, environments } = settingsOf(found)
  deepStrictEqual(
    [service, start, health.path],
    ['shop', { command: 'node dist/server.js', artifact: 'app' }, '/healthz'],
  )
  deepStrictEqual(
    Object.entries(pipeline.jobs).map(([name, { needs, steps }]) => [name, needs, steps.map(({ run }) => run)]),
    [
      ['lint', [], ['npm ci', 'npm run lint']],
      ['test', [], ['npm ci', 'npm run test']],
      ['build', ['lint', 'test'], ['npm ci', 'npm run build']],
    ],
  )
  deepStrictEqual(pipeline.jobs['build']?.artifacts, { app: ['dist', 'package.json', 'node_modules'] })
  deepStrictEqual(Object.keys(environments), ['staging', 'production'])
})

test('the artifact is where the service is started from, whatever the build script is called', () => {
  const found = look({
    'package.json': JSON.stringify({ scripts: { build: 'node scripts/build.js', start: 'node dist/src/main.js' } }),
  })
  deepStrictEqual(found.paths, ['dist', 'package.json'])
})

test('what is built beside what is started does not take its place in the artifact, and what is installed later is in it', () => {
  const scripts = { build: 'vite build --outDir dist', start: 'node server.js' }
  const beside = look({ 'package.json': JSON.stringify({ scripts }), 'server.js': '', dist: '' })
  deepStrictEqual(beside.paths, ['.'])
  const later = look({
    'package.json': JSON.stringify({
      scripts: { build: 'tsc', start: 'node ./dist/main.js' },
      dependencies: { hono: '4' },
    }),
    'package-lock.json': '{}',
  })
  deepStrictEqual(later.paths, ['dist', 'package.json', 'node_modules'])
})

test('a tool of the project that starts it is named by its path, because no package manager stands before it', () => {
  const startOf = (start: string, more: object = {}): string | null =>
    look({ 'package.json': JSON.stringify({ scripts: { start }, dependencies: { next: '16' }, ...more }) }).start
  deepStrictEqual(startOf('next start'), 'node_modules/.bin/next start')
  deepStrictEqual(startOf('tsx src/a.ts', { devDependencies: { tsx: '4' } }), 'node_modules/.bin/tsx src/a.ts')
  deepStrictEqual(startOf('node server.js', { devDependencies: { node: '24' } }), 'node server.js')
})

test('a project of which little can be seen gets a config that is sound, and is told what is missing', () => {
  for (const files of [
    {},
    { 'package.json': '{' },
    { 'package.json': '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}' },
  ]) {
    const found = look(files)
    deepStrictEqual(settingsOf(found).service, 'my-shop')
    match(found.missing.join('\n'), /start/)
  }
})
