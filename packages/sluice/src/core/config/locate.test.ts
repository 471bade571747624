import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type KeyPath, locate } from './locate.ts'

const at = (source: string, ...path: KeyPath): string => {
  const place = locate(source, path)
  return place === null ? 'nowhere' : `${place.line}:${place.column}`
}

const config = `import { defineConfig } from 'sluice'
const shared = { listen: 1 } // { not: 'this' }

export default defineConfig({
  service: 'shop', /* pipeline: { jobs: 1 } */
  'pipeline': {
    jobs: {
      test: { steps: ['npm ci', { run: \`npm test -- {x}\` }] },
      build: { needs: ['test'], env: { "A B": 'it\\'s {' } },
    },
  },
  environments: { production: { listen: 8080 }, shared },
})
`

test('keys are found where they are written, past comments, strings and templates', () => {
  deepStrictEqual(
    [
      at(config, 'service'),
      at(config, 'pipeline'),
      at(config, 'pipeline', 'jobs', 'test', 'steps', 1, 'run'),
      at(config, 'pipeline', 'jobs', 'build', 'env', 'A B'),
      at(config, 'environments', 'production', 'listen'),
      at(config, 'environments', 'shared'),
    ],
    ['5:3', '6:3', '8:35', '9:40', '12:33', '12:49'],
  )
})

test('elements of lists are found by their index', () => {
  deepStrictEqual(
    [at(config, 'pipeline', 'jobs', 'build', 'needs', 0), at(config, 'pipeline', 'jobs', 'test', 'steps', 1)],
    ['9:24', '8:33'],
  )
})

test('a key that is not written is placed at what contains it', () => {
  strictEqual(at(config, 'pipeline', 'jobs', 'test', 'timeout'), '8:7')
  strictEqual(at(config, 'nothing'), 'nowhere')
})

test('JSON and a plain default export are understood', () => {
  strictEqual(at('{\n  "service": {\n    "x": 1 } }', 'service', 'x'), '3:5')
  strictEqual(at('export default {\n  service: { x: 1 },\n}', 'service', 'x'), '2:14')
})

test('a config put together from parts is searched for a key that is written once', () => {
  strictEqual(
    at(
      'const staging = {\n  lisen: 1,\n}\nexport default { environments: { staging } }',
      'environments',
      'staging',
      'lisen',
    ),
    '2:3',
  )
})

test('no text, however broken, makes the search fail', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'{}[](),:\'"`/*\\\n a1') }),
      (text) => locate(text, ['a', 0, 'b']) !== undefined,
    ),
  )
})
