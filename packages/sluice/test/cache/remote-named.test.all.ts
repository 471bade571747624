/** Credentials of a shared cache go only where whoever gave them says, whatever the config of a commit names. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { remoteCaches } from '../../src/adapters/cache/open.ts'
import { type RemoteCache, remoteAddress, remoteRefusal } from '../../src/core/pipeline/cache/run-cache.ts'
import { sluice } from '../cli/sluice.ts'

const own: RemoteCache = { kind: 'http', address: 'https://sluice.example/v1/cache' }
const bucket: RemoteCache = {
  kind: 's3',
  endpoint: 'https://s3.example/',
  region: 'eu-central-1',
  bucket: 'ci-cache',
  prefix: 'sluice/shop',
}
const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' }

test('a cache is used when it is the one that is named beside the credentials, and no other', () => {
  const named = (SLUICE_CACHE_REMOTE: string) => ({ SLUICE_CACHE_TOKEN: 'token', ...keys, SLUICE_CACHE_REMOTE })
  deepStrictEqual([own, bucket, { ...bucket, prefix: '' } as const].map(remoteAddress), [
    'https://sluice.example/v1/cache',
    'https://s3.example/ci-cache/sluice/shop',
    'https://s3.example/ci-cache',
  ])
  strictEqual(remoteRefusal(own, named('https://sluice.example/v1/cache/')), null)
  strictEqual(remoteRefusal({ ...own, address: `${own.address}/` }, named('https://sluice.example/v1/cache')), null)
  strictEqual(remoteRefusal(bucket, named('https://s3.example/ci-cache/sluice/shop')), null)
  const others: readonly RemoteCache[] = [
    { kind: 'http', address: 'https://evil.example/v1/cache' },
    { kind: 'http', address: 'http://sluice.example/v1/cache' },
    { kind: 'http', address: 'https://sluice.example/v1/cache/../../elsewhere' },
    { kind: 'http', address: 'https://sluice.example@evil.example/v1/cache' },
    bucket,
    { ...bucket, bucket: 'releases' },
  ]
  for (const other of others) {
    const { stores, refused } = remoteCaches(other, named('https://sluice.example/v1/cache'))
    deepStrictEqual(stores, [])
    match(refused ?? '', /and SLUICE_CACHE_REMOTE another one, https:\/\/sluice\.example\/v1\/cache$/)
  }
  match(remoteRefusal(bucket, keys) ?? '', /^SLUICE_CACHE_REMOTE is not set/)
  match(remoteRefusal(own, {}) ?? '', /^SLUICE_CACHE_TOKEN is not set$/)
  match(remoteRefusal(bucket, {}) ?? '', /^AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is not set$/)
})

describe('a commit whose config names a cache', () => {
  let cwd = ''
  let server: Server
  let address = ''
  const asked: (string | undefined)[] = []
  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.headers.authorization)
      response.writeHead(404).end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const bound = server.address()
    address = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}/v1/cache`
    cwd = await mkdtemp(join(tmpdir(), 'sluice-named-'))
    const jobs = { build: { steps: 'true', cache: { inputs: ['sluice.config.json'] } } }
    const pipeline = { cache: { remote: { kind: 'http', address } }, jobs }
    await writeFile(join(cwd, 'sluice.config.json'), JSON.stringify({ service: 's', pipeline }))
    await writeFile(join(cwd, '.gitignore'), '.sluice/\n')
    const git = (...words: readonly string[]) =>
      execa('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...words], { cwd })
    await git('init', '--quiet', '--initial-branch=main')
    await git('add', '.')
    await git('commit', '--quiet', '--message=feat: one')
  })
  after(async () => {
    server.close()
    await rm(cwd, { recursive: true, force: true })
  })

  test('is run without it, and the token stays here, unless that cache was named', async () => {
    const run = async (env: Readonly<Record<string, string>>): Promise<readonly (string | undefined)[]> => {
      asked.length = 0
      const { code, stderr } = await sluice({ cwd, env: { SLUICE_CACHE_TOKEN: 'token', ...env } }, 'run')
      strictEqual(code, 0, stderr)
      return [...new Set(asked)]
    }
    deepStrictEqual(await run({}), [])
    deepStrictEqual(await run({ SLUICE_CACHE_REMOTE: 'https://sluice.example/v1/cache' }), [])
    await rm(join(cwd, '.sluice'), { recursive: true })
    deepStrictEqual(await run({ SLUICE_CACHE_REMOTE: address }), ['Bearer token'])
    const doctor = await sluice({ cwd, env: { SLUICE_CACHE_TOKEN: 'token' } }, 'doctor')
    ok(doctor.stdout.includes(`SLUICE_CACHE_REMOTE=${address}`), doctor.stdout)
  })
})
