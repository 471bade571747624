import { deepStrictEqual, equal, match, notEqual, ok, rejects } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { SluiceError } from '../../core/errors.ts'
import { judgeLicences } from '../../core/security/licence.ts'
import { sbomOf } from '../../core/security/sbom.ts'
import { auditDependencies, type AuditRequest, parseNpmAudit } from './audit.ts'
import { readLicences } from './licences.ts'
import { readLockfile } from './lockfile.ts'

const signal = new AbortController().signal
const now = Date.UTC(2026, 8, 1)
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const integrity = (letter: string): string => `sha512-${Buffer.alloc(64, letter).toString('base64')}`
const code = (wanted: string) => (error: unknown) => error instanceof SluiceError && error.code === wanted
let root = ''

const folder = async (files: Readonly<Record<string, unknown>>): Promise<string> => {
  const directory = await mkdtemp(join(root, 'folder-'))
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, file)), { recursive: true })
    await writeFile(join(directory, file), typeof content === 'string' ? content : JSON.stringify(content, null, 2))
  }
  return directory
}

const npmLock = {
  name: 'x',
  lockfileVersion: 3,
  packages: {
    '': { dependencies: { '@a/b': '^1.0.0' }, devDependencies: { c: '1' }, workspaces: ['packages/*'] },
    'packages/w': { version: '1.0.0', dependencies: { c: '2' } },
    'node_modules/w': { resolved: 'packages/w', link: true },
    'node_modules/@a/b': { version: '1.0.1', integrity: integrity('b'), license: 'MIT', dependencies: { c: '^2.0.0' } },
    'node_modules/@a/b/node_modules/c': { version: '2.0.0', integrity: integrity('c'), license: 'Apache 2.0' },
    'node_modules/c': { version: '1.5.0', dev: true, license: 'SEE LICENSE IN x' },
    'packages/w/node_modules/c': { version: '2.0.0', integrity: integrity('c') },
  },
}

const pnpmLock = `lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      '@a/b': { specifier: ^1.0.0, version: 1.0.1(c@1.5.0) }
    devDependencies:
      c: { specifier: '1', version: 1.5.0 }
packages:
  '@a/b@1.0.1':
    resolution: { integrity: ${integrity('b')} }
  c@1.5.0:
    resolution: { integrity: ${integrity('c')} }
snapshots:
  '@a/b@1.0.1(c@1.5.0)':
    dependencies:
      c: 1.5.0
  c@1.5.0: {}
`

const yarnOne = `# yarn lockfile v1


"@a/b@^1.0.0", "@a/b@~1.0":
  version "1.0.1"
  integrity ${integrity('b')}
  dependencies:
    c "^1.0.0"

c@^1.0.0:
  version "1.5.0"
`

const yarnBerry = `__metadata:
  version: 8

"@a/b@npm:^1.0.0":
  version: 1.0.1
  resolution: "@a/b@npm:1.0.1"
  dependencies:
    c: "npm:^1.0.0"
  checksum: 10c0/abc

"c@npm:^1.0.0":
  version: 1.5.0
  resolution: "c@npm:1.5.0"

"x@workspace:.":
  version: 0.0.0-use.local
  resolution: "x@workspace:."
  dependencies:
    "@a/b": "npm:^1.0.0"
`

const advisory = (id: string, name: string, events: readonly object[], more: object = {}): object => ({
  id,
  modified: '2026-08-30T00:00:00Z',
  summary: `${id} of ${name}`,
  affected: [{ package: { ecosystem: 'npm', name }, ranges: [{ type: 'SEMVER', events }] }],
  ...more,
})

const audit = (directory: string, more: Partial<AuditRequest> = {}) =>
  auditDependencies(
    {
      directory,
      lockfile: null,
      database: null,
      databaseAgeMaxMs: 7 * 86_400_000,
      registry: 'never',
      development: 'include',
      allowances: [],
      now,
      ...more,
    },
    signal,
  )

describe('dependencies', () => {
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-dependencies-'))
  })
  after(() => rm(root, { recursive: true, force: true }))

  it('are read from the lockfiles of npm, pnpm and yarn, with who needs whom', async () => {
    const shape = async (files: Readonly<Record<string, unknown>>) => {
      const { kind, components, roots } = await readLockfile(await folder(files), null)
      return {
        kind,
        roots,
        components: components.map(
          (one) => `${one.name}@${one.version} ${one.scope} ${one.licence} line ${one.line} → ${one.dependsOn.join()}`,
        ),
      }
    }
    deepStrictEqual(await shape({ 'package-lock.json': npmLock }), {
      kind: 'npm',
      roots: ['@a/b@1.0.1', 'c@1.5.0', 'c@2.0.0'],
      components: [
        '@a/b@1.0.1 required MIT line 26 → c@2.0.0',
        'c@1.5.0 excluded null line 39 → ',
        'c@2.0.0 required Apache-2.0 line 34 → ',
      ],
    })
    deepStrictEqual(await shape({ 'pnpm-lock.yaml': pnpmLock }), {
      kind: 'pnpm',
      roots: ['@a/b@1.0.1', 'c@1.5.0'],
      components: ['@a/b@1.0.1 null null line 9 → c@1.5.0', 'c@1.5.0 null null line 11 → '],
    })
    const manifest = { dependencies: { '@a/b': '^1.0.0' } }
    deepStrictEqual(await shape({ 'yarn.lock': yarnOne, 'package.json': manifest }), {
      kind: 'yarn',
      roots: ['@a/b@1.0.1'],
      components: ['@a/b@1.0.1 null null line 4 → c@1.5.0', 'c@1.5.0 null null line 10 → '],
    })
    deepStrictEqual((await shape({ 'yarn.lock': yarnBerry })).components, [
      '@a/b@1.0.1 null null line 4 → c@1.5.0',
      'c@1.5.0 null null line 11 → ',
    ])
  })

  it('are refused from a lockfile that is missing, damaged or too old', async () => {
    await rejects(readLockfile(await folder({}), null), code('not_found'))
    await rejects(readLockfile(await folder({ 'package-lock.json': '{' }), null), code('config_invalid'))
    await rejects(
      readLockfile(await folder({ 'package-lock.json': { lockfileVersion: 1 } }), null),
      code('config_invalid'),
    )
    await rejects(
      readLockfile(await folder({ 'pnpm-lock.yaml': 'lockfileVersion: 5.4\n' }), null),
      code('config_invalid'),
    )
  })

  it('are told in a bill of materials, the same for the same lockfile', async () => {
    const lockfile = await readLockfile(await folder({ 'package-lock.json': npmLock }), null)
    const subject = { name: 'orders', version: '1.4.0', tool: { name: 'sluice', version: '0.1.0' } }
    const digest = (letter: string): object => ({
      hashes: [{ alg: 'SHA-512', content: Buffer.alloc(64, letter).toString('hex') }],
    })
    const root = 'pkg:generic/orders@1.4.0'
    const [b, dev, c] = ['pkg:npm/%40a/b@1.0.1', 'pkg:npm/c@1.5.0', 'pkg:npm/c@2.0.0']
    const library = { type: 'library', name: 'c' }
    const bill = {
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      serialNumber: 'urn:uuid:01234567-89ab-8def-8123-456789abcdef',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: {
        lifecycles: [{ phase: 'build' }],
        tools: { components: [{ type: 'application', name: 'sluice', version: '0.1.0' }] },
        component: { type: 'application', 'bom-ref': root, name: 'orders', version: '1.4.0' },
      },
      components: [
        {
          type: 'library',
          'bom-ref': b,
          group: '@a',
          name: 'b',
          version: '1.0.1',
          scope: 'required',
          ...digest('b'),
          licenses: [{ expression: 'MIT' }],
          purl: b,
        },
        { ...library, 'bom-ref': dev, version: '1.5.0', scope: 'excluded', purl: dev },
        {
          ...library,
          'bom-ref': c,
          version: '2.0.0',
          scope: 'required',
          ...digest('c'),
          licenses: [{ expression: 'Apache-2.0' }],
          purl: c,
        },
      ],
      dependencies: [
        { ref: root, dependsOn: [b, dev, c] },
        { ref: b, dependsOn: [c] },
        { ref: dev, dependsOn: [] },
        { ref: c, dependsOn: [] },
      ],
    }
    deepStrictEqual(
      sbomOf(lockfile, subject, () => '0123456789abcdef0123456789abcdef'),
      bill,
    )
    const other = { ...lockfile, components: lockfile.components.slice(1) }
    const serial = (of: typeof lockfile): unknown =>
      JSON.parse(JSON.stringify(sbomOf(of, subject, sha256))).serialNumber
    notEqual(serial(lockfile), serial(other))
  })

  it('are audited against advisories on this machine', async () => {
    const database = await folder({
      'a/GHSA-1.json': advisory(
        'GHSA-1',
        '@a/b',
        [
          { introduced: '0' },
          { fixed: '1.0.1-rc.1' },
          { introduced: '1.0.1' },
          { fixed: '1.0.3' },
          { introduced: '2.0.0' },
          { fixed: '2.0.5' },
        ],
        { database_specific: { severity: 'MODERATE' } },
      ),
      'b/GHSA-2.json': advisory('GHSA-2', 'c', [{ introduced: '2.0.0' }, { last_affected: '2.0.0' }], {
        severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
      }),
      'GHSA-3.json': advisory('GHSA-3', 'c', [{ introduced: '0' }, { fixed: '1.5.0' }]),
      'GHSA-4.json': advisory('GHSA-4', 'c', [{ introduced: '0' }], { withdrawn: '2026-01-01T00:00:00Z' }),
      'GHSA-5.json': advisory('GHSA-5', 'elsewhere', [{ introduced: '0' }]),
      'GHSA-6.json': advisory('GHSA-6', 'c', [], {
        affected: [{ package: { ecosystem: 'npm', name: 'c' }, versions: ['1.5.0'] }],
      }),
      'PYSEC-1.json': {
        id: 'PYSEC-1',
        affected: [
          { package: { ecosystem: 'PyPI', name: 'c' }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }] },
        ],
      },
    })
    const directory = await folder({ 'package-lock.json': npmLock })
    const result = await audit(directory, { database })
    deepStrictEqual(
      result.findings.map(({ rule, severity, message, line }) => [rule, severity, message, line]),
      [
        ['GHSA-2', 'critical', 'c 2.0.0: GHSA-2 of c. No version without it is known.', 34],
        ['GHSA-6', 'high', 'c 1.5.0: GHSA-6 of c. No version without it is known.', 39],
        ['GHSA-1', 'medium', '@a/b 1.0.1: GHSA-1 of @a/b. Fixed in 1.0.3.', 26],
      ],
    )
    deepStrictEqual([result.stats['components'], result.stats['advisories']], [3, 6])
    const allowance = {
      rule: 'GHSA-1',
      path: null,
      fingerprint: null,
      commit: null,
      untilMs: now,
      reason: 'not reached',
      origin: 'config',
    }
    const production = await audit(directory, { database, development: 'exclude', allowances: [allowance] })
    deepStrictEqual(
      production.findings.map(({ rule }) => rule),
      ['GHSA-2'],
    )
  })

  it('are never called fine by an audit that could not look', async () => {
    const directory = await folder({ 'package-lock.json': npmLock })
    const reasons = await Promise.all([
      audit(await folder({})),
      audit(directory),
      audit(directory, { database: join(root, 'nowhere') }),
      audit(directory, { database: await folder({ 'a.json': { id: 'x' } }) }),
      audit(directory, { database: await folder({ 'a.json': '{"ecosystem": "npm", "name": "c"' }) }),
      audit(directory, {
        database: await folder({ 'a.json': advisory('GHSA-1', 'z', []) }),
        now: now + 30 * 86_400_000,
      }),
      audit(await folder({ 'yarn.lock': yarnOne }), { registry: 'ask' }),
    ])
    deepStrictEqual(
      reasons.map(({ status }) => status),
      reasons.map(() => 'broken'),
    )
    match(reasons[5]?.reason ?? '', /is 32 days old/)
  })

  it("are audited by npm's report as well, and an error is none", async () => {
    const lockfile = await readLockfile(await folder({ 'package-lock.json': npmLock }), null)
    const report = {
      auditReportVersion: 2,
      vulnerabilities: {
        c: {
          name: 'c',
          severity: 'high',
          fixAvailable: true,
          via: [
            {
              source: 1,
              name: 'c',
              title: 'It leaks',
              url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
              severity: 'moderate',
              range: '<2',
            },
          ],
        },
        '@a/b': { name: '@a/b', severity: 'high', via: ['c'], fixAvailable: true },
      },
    }
    const found = parseNpmAudit(JSON.stringify(report), lockfile)
    ok(typeof found !== 'string')
    deepStrictEqual(
      found.findings.map(({ rule, severity, message, line }) => [rule, severity, message, line]),
      [['GHSA-aaaa-bbbb-cccc', 'medium', 'c <2: It leaks. npm audit fix changes it.', 39]],
    )
    const refused = parseNpmAudit(
      '{"message":"request failed, reason: connect ECONNREFUSED","error":{"summary":"","detail":""}}',
      lockfile,
    )
    match(JSON.stringify(refused), /could not ask the registry/)
    equal(parseNpmAudit('', lockfile), 'npm audit printed no report.')
  })

  it('have the licences that their packages name', async () => {
    const installed = (name: string, license: unknown): object => ({ name, version: '1.0.0', license })
    const directory = await folder({
      'node_modules/a/package.json': installed('a', 'MIT'),
      'node_modules/a/node_modules/b/package.json': installed('b', '(GPL-3.0-only OR BSD-3-Clause)'),
      'node_modules/@s/c/package.json': installed('@s/c', 'GPL-3.0-only AND MIT'),
      'node_modules/d/package.json': installed('d', 'UNLICENSED'),
      'node_modules/e/package.json': { name: 'e', version: '1.0.0', licenses: [{ type: 'MIT' }, { type: 'Apache2' }] },
      'node_modules/.pnpm/f@1/node_modules/f/package.json': installed('f', 'GPL-2.0-only WITH Classpath-exception-2.0'),
      'node_modules/.bin/x': '',
      'node_modules/g/package.json': installed('g', 'SEE LICENSE IN LICENSE.md'),
    })
    const packages = await readLicences(directory, signal)
    ok(packages !== null)
    deepStrictEqual(
      packages.map(({ name, written }) => [name, written]),
      [
        ['@s/c', 'GPL-3.0-only AND MIT'],
        ['a', 'MIT'],
        ['b', '(GPL-3.0-only OR BSD-3-Clause)'],
        ['d', 'UNLICENSED'],
        ['e', '(MIT OR Apache-2.0)'],
        ['f', 'GPL-2.0-only WITH Classpath-exception-2.0'],
        ['g', 'SEE LICENSE IN LICENSE.md'],
      ],
    )
    const policy = {
      allow: ['MIT', 'BSD-3-Clause', 'GPL-2.0-only WITH Classpath-exception-2.0'],
      deny: [],
      unknown: 'refuse',
    } as const
    const names = (...[of, by, world]: Parameters<typeof judgeLicences>): readonly string[] =>
      judgeLicences(of, by, world).findings.map(({ fingerprint }) => fingerprint)
    deepStrictEqual(names(packages, policy, { allowances: [], now }), [
      'licence/refused:@s/c@1.0.0',
      'licence/unknown:d@1.0.0',
      'licence/unknown:g@1.0.0',
    ])
    const allowance = {
      rule: null,
      path: '@s/c',
      fingerprint: null,
      commit: null,
      untilMs: now,
      reason: 'to be replaced',
      origin: 'config',
    }
    deepStrictEqual(
      names(packages, { allow: null, deny: ['GPL-3.0-only'], unknown: 'allow' }, { allowances: [], now }),
      ['licence/refused:@s/c@1.0.0'],
    )
    deepStrictEqual(
      names(packages, { allow: null, deny: ['GPL-3.0-only'], unknown: 'allow' }, { allowances: [allowance], now }),
      [],
    )
    equal(await readLicences(root, signal), null)
  })
})
