/** The public surface of the API. A change here is a break for somebody: make it on purpose (`node --test --test-update-snapshots <this file>`). */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { paths } from '../../src/http/client/paths.ts'
import { openApi } from '../../src/http/openapi.ts'
import { routes } from '../../src/http/routes/table.ts'
import { words } from '../../src/cli/words.ts'

test('the routes of the API', (t) => {
  const lines = Object.entries(paths).map(([id, { method, path }]) => `${method.toUpperCase()} ${path}  ${id}`)
  t.assert.snapshot(lines)
})

test('the description names every route, and everything that it points to is there', () => {
  const description = JSON.parse(JSON.stringify(openApi('1.2.3')))
  strictEqual(description.openapi, '3.1.0')
  const operations = Object.values(description.paths).flatMap((item) => Object.values(item as object))
  deepStrictEqual(operations.map(({ operationId }) => operationId).toSorted(), Object.keys(paths).toSorted())
  const references = [...JSON.stringify(description).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name,
  )
  ok(references.length > 30)
  for (const name of references) ok(Object.hasOwn(description.components.schemas, String(name)), `no schema ${name}`)
})

test('every write takes an idempotency key, but for these, which say why they keep none', () => {
  const description = JSON.parse(JSON.stringify(openApi('1.2.3')))
  const keyless: string[] = []
  for (const [id, { method, path }] of Object.entries(paths)) {
    const operation = description.paths[path.replace(/:(\w+)/g, '{$1}')][method]
    const takesKey = operation.parameters.some(({ name }: { readonly name: string }) => name === 'Idempotency-Key')
    const saysWhy = /^Keeps no idempotency key: .{20,}\.$/.test(operation.description ?? '')
    if (method === 'get') deepStrictEqual([takesKey, saysWhy], [false, false], id)
    else strictEqual(saysWhy, !takesKey, id)
    if (saysWhy) keyless.push(id)
  }
  const signingIn = ['session.start', 'session.ticket', 'session.redeem', 'session.end', 'tokens.exchange']
  deepStrictEqual(keyless, ['notifications.test', 'hooks.github', 'hooks.gitlab', 'hooks.push', ...signingIn])
})

test('every command line word that a route names exists, and nothing is open but health, signing in, and what is signed', () => {
  const known = new Set(words.map(({ path }) => path))
  const open = Object.entries(routes).flatMap(([id, { needs }]) => (needs === 'open' ? [id] : []))
  const signed = ['hooks.github', 'hooks.gitlab', 'hooks.push']
  const health = ['health.liveness', 'health.readiness', 'health.startup']
  deepStrictEqual(open, [...signed, 'session.start', 'session.ways', 'session.redeem', 'tokens.exchange', ...health])
  for (const [id, { cli }] of Object.entries(routes)) {
    if (cli === null) continue
    const [family = '', verbs = ''] = cli.split(' ')
    for (const verb of verbs.split('|'))
      ok(known.has(verb === '' ? family : `${family} ${verb}`), `${id}: sluice ${cli}`)
  }
})
