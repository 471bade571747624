/** The audit by the real npm, against a registry that this test answers for. */
import { deepStrictEqual, equal, match } from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { auditDependencies } from '../../src/adapters/security/audit.ts'

const advisory = {
  id: 1,
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
  title: 'It leaks',
  severity: 'critical',
  vulnerable_versions: '<2.0.0',
  cwe: [],
  cvss: { score: 9.8, vectorString: '' },
}

const packument = {
  name: 'left',
  'dist-tags': { latest: '1.0.0' },
  versions: { '1.0.0': { name: 'left', version: '1.0.0', dist: { tarball: 'http://127.0.0.1/left.tgz' } } },
}

it('asks the registry by npm, and is broken when none answers', { timeout: 120_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-audit-'))
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const asked = JSON.parse(
        (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString() || '{}',
      )
      response.setHeader('content-type', 'application/json')
      const answer = request.method === 'GET' ? packument : 'left' in asked ? { left: [advisory] } : {}
      response.end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const manifest = { name: 'x', version: '1.0.0', dependencies: { left: '1.0.0' } }
  const lock = {
    name: 'x',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: { '': manifest, 'node_modules/left': { version: '1.0.0', resolved: 'http://127.0.0.1/left.tgz' } },
  }
  await writeFile(join(directory, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(directory, 'package-lock.json'), JSON.stringify(lock))
  const request = {
    directory,
    lockfile: null,
    database: null,
    databaseAgeMaxMs: 1,
    registry: 'ask',
    development: 'include',
    allowances: [],
    now: 0,
  } as const
  const signal = new AbortController().signal
  try {
    await writeFile(join(directory, '.npmrc'), `registry=http://127.0.0.1:${port}/\nfetch-retries=0\n`)
    const found = await auditDependencies(request, signal)
    deepStrictEqual(
      [found.status, ...found.findings.map(({ rule, severity }) => `${rule} ${severity}`)],
      ['findings', 'GHSA-aaaa-bbbb-cccc critical'],
    )
    await new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
    const broken = await auditDependencies(request, signal)
    equal(broken.status, 'broken')
    match(broken.reason ?? '', /^npm audit could not ask the registry/)
  } finally {
    server.close()
    await rm(directory, { recursive: true, force: true })
  }
})
