/** The S3 cache against a real S3 API: moto's server, which is installed with pip where it is not there. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, it } from 'node:test'
import { AwsClient } from 'aws4fetch'
import { type S3CacheOptions, s3Cache } from '../../src/adapters/cache/s3.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { cacheContract } from '../contracts/cache.contract.ts'
import { freePort } from '../free-port.ts'
import { sealedAt } from './opening.ts'

const signal = new AbortController().signal

const program = (folder: string): string => {
  try {
    execFileSync('moto_server', ['--help'], { stdio: 'ignore' })
    return 'moto_server'
  } catch {
    execFileSync('python3', ['-m', 'venv', folder])
    execFileSync(join(folder, 'bin', 'pip'), ['install', '--quiet', 'moto[server,s3]==5.2.1'], { stdio: 'inherit' })
    return join(folder, 'bin', 'moto_server')
  }
}

describe('S3-compatible storage', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-moto-'))
  let server: ChildProcess | null = null
  let options: S3CacheOptions = {
    endpoint: '',
    region: 'eu-central-1',
    bucket: 'sluice-cache',
    prefix: '/sluice/storefront/',
    accessKeyId: 'test',
    secretAccessKey: 'test',
    sessionToken: null,
  }

  before(async () => {
    const port = await freePort()
    server = spawn(program(folder), ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
    options = { ...options, endpoint: `http://127.0.0.1:${port}` }
    const client = new AwsClient({
      accessKeyId: 'test',
      secretAccessKey: 'test',
      region: options.region,
      service: 's3',
    })
    const body = `<CreateBucketConfiguration><LocationConstraint>${options.region}</LocationConstraint></CreateBucketConfiguration>`
    for (let left = 200; ; left -= 1) {
      const made = await client
        .fetch(`${options.endpoint}/${options.bucket}`, { method: 'PUT', body })
        .catch(() => null)
      if (made?.ok === true) break
      assert.ok(left > 0, 'moto does not answer')
      await sleep(100)
    }
  })
  after(async () => {
    if (server !== null) {
      const ended = once(server, 'exit')
      server.kill()
      await ended
    }
    rmSync(folder, { recursive: true, force: true })
  })

  cacheContract('the S3 cache', () =>
    Promise.resolve({
      store: s3Cache(options),
      textOf: sealedAt,
      // S3 knows when an object was written to the second.
      clockStepMs: 1_050,
      remove: () => Promise.resolve(),
    }),
  )

  it('tells a bucket that is not there from an empty one', async () => {
    const store = s3Cache({ ...options, bucket: 'nowhere' })
    const place = { scope: 'protected', group: 'job-1', name: 'a' }
    await assert.rejects(store.readEntry(place, signal), code('not_found'))
  })

  it('says that nothing answers', async () => {
    const store = s3Cache({ ...options, endpoint: `http://127.0.0.1:${await freePort()}` })
    const place = { scope: 'protected', group: 'job-1', name: 'a' }
    await assert.rejects(store.readEntry(place, signal), code('server_unreachable'))
  })
})

const code = (wanted: string) => (error: unknown) => error instanceof SluiceError && error.code === wanted
