/** Each of the OWASP Top 10 CI/CD risks has a control and a test, as `docs/security.md` says; and those controls that have no other test. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { paths } from '../../src/http/client/paths.ts'
import { routes } from '../../src/http/routes/table.ts'
import { rootToken, SmallApi } from '../http/small-api.ts'

const root = new URL('../../../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

test('every risk has a control and tests that there are', () => {
  const rows = [...read('docs/security.md').matchAll(/^\| SEC-(\d+) [^|]+\|([^|]+)\|([^|]+)\|$/gm)]
  deepStrictEqual(
    rows.map(([, number]) => Number(number)),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  )
  for (const [, number, control = '', shown = ''] of rows) {
    ok(control.trim().length > 40, `SEC-${number} has no control`)
    const files = [...shown.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file)
    ok(files.length > 0, `SEC-${number} has no test`)
    for (const file of files)
      ok(/\b(?:test|it|describe|judge)\(/.test(read(file)), `SEC-${number}: ${file} tests nothing`)
  }
})

test('what is installed has its version and its integrity, and nothing but the Node of the repository runs a script at it', () => {
  const lock = JSON.parse(read('package-lock.json')) as {
    readonly packages: Readonly<
      Record<
        string,
        {
          readonly integrity?: string
          readonly link?: boolean
          readonly hasInstallScript?: boolean
          readonly version?: string
        }
      >
    >
  }
  const installed = Object.entries(lock.packages).filter(
    ([path, { link }]) => path.startsWith('node_modules/') && link !== true,
  )
  ok(installed.length > 50)
  for (const [path, { integrity, version }] of installed) ok(integrity?.startsWith('sha512-') && version, path)
  const scripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path)
  deepStrictEqual(scripts, ['node_modules/node'])
  for (const file of ['package.json', 'packages/sluice/package.json']) {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(read(file)) as Readonly<
      Record<string, Readonly<Record<string, string>>>
    >
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      ok(/^\d+\.\d+\.\d+/.test(version), `${name} ${version}`)
  }
})

test('a fresh installation is open where somebody signs in and where its health is asked for, and nowhere else', async () => {
  const small = await SmallApi.start()
  const open: string[] = []
  for (const [id, { method, path }] of Object.entries(paths)) {
    const body = method === 'get' ? {} : { body: '{}' }
    const { status, body: answer } = await small.fetch(path.replaceAll(/:\w+/g, 'x'), {
      method: method.toUpperCase(),
      ...body,
    })
    await answer?.cancel()
    if (status !== 401) open.push(id)
  }
  const signingIn = ['session.start', 'session.ways', 'session.redeem', 'tokens.exchange']
  deepStrictEqual(open, [...signingIn, 'health.liveness', 'health.readiness', 'health.startup'])
  for (const path of ['/openapi.json', '/v1/cache/protected/blobs/00/x'])
    ok([401, 404].includes((await small.fetch(path)).status), path)
  strictEqual((await small.fetch('/')).headers.get('location'), '/sign-in')
  strictEqual((await small.fetch('/sign-in')).status, 200)
})

test('every answer says to browsers what it is not to be used for', async () => {
  const small = await SmallApi.start()
  const bearer = { headers: { authorization: `Bearer ${rootToken}` } }
  const answers = [
    await small.fetch('/'),
    await small.fetch('/sign-in'),
    await small.fetch('/v1/server'),
    await small.fetch('/none', bearer),
    await small.fetch('/v1/environments', bearer),
  ]
  for (const { headers, url } of answers) {
    const policy = headers.get('content-security-policy') ?? ''
    ok(
      policy.includes("default-src 'none'") && policy.includes("frame-ancestors 'none'") && !policy.includes('unsafe'),
      url,
    )
    deepStrictEqual(
      ['x-content-type-options', 'referrer-policy', 'cross-origin-resource-policy', 'cache-control'].map((name) =>
        headers.get(name),
      ),
      ['nosniff', 'no-referrer', 'same-origin', 'no-store'],
    )
    strictEqual(headers.get('access-control-allow-origin'), null)
  }
})

test('nothing is changed by a GET', () => {
  // What a link can do to somebody who is signed in, by a tag in a page that they read, is to read.
  for (const [id, { method }] of Object.entries(paths)) {
    const { needs } = (routes as Readonly<Record<string, { readonly needs: unknown }>>)[id] ?? {}
    if (method === 'get')
      ok(['view', 'plan', 'signed_in', 'open'].includes(String(needs)), `${id} needs ${String(needs)} and is a GET`)
    else ok(!['view', 'plan'].includes(String(needs)), `${id} changes something, and whoever may look may do it`)
  }
})

test('what people write stays text: in names, reasons and titles nothing is run, expanded or taken for something else', async () => {
  const small = await SmallApi.start()
  const corpus = [
    '"; curl evil.example; "',
    '$(id)',
    '`id`',
    '${{ secrets.TOKEN }}',
    'a\nb',
    '<script>alert(1)</script>',
    '{{7*7}}',
    '%0d%0aX-Injected: 1',
    '__proto__',
    '../../etc/passwd',
  ]
  for (const text of corpus) {
    const body = { environment: 'staging', title: text }
    const { body: incident, status } = await small.ask(rootToken, 'incidents.open', {
      body,
      headers: { 'x-sluice-actor': encodeURIComponent(text) },
    })
    strictEqual(status, 200)
    strictEqual(incident['title'], text)
    const row = small.world.rows.at(-1)
    ok(row)
    strictEqual((row.body as { subject: { title: string } }).subject.title, text)
    strictEqual(row.actor.name, text.replaceAll(/\p{C}/gu, ''))
  }
})
