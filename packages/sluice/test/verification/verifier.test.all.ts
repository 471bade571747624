/** Checks against real services: HTTP, TLS, commands in a real artifact, and two releases of which one is slower. */
import { deepStrictEqual, match, ok, rejects, strictEqual } from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { matchInTime } from '../../src/adapters/verification/match.ts'
import { localVerifier } from '../../src/adapters/verification/verifier.ts'
import { resolveEnvironments } from '../../src/core/config/resolve.ts'
import { configSchema } from '../../src/core/config/schema.ts'
import type { CheckConfig } from '../../src/core/config/types-verification.ts'
import { commitId, releaseId, type EnvironmentSpec, type Release, runId } from '../../src/core/model.ts'
import type { Upstream } from '../../src/core/routing.ts'
import type { CheckResult, VerificationScope } from '../../src/core/verification/types.ts'
import { LocalArtifacts } from '../../src/runner/artifacts.ts'
import { certificateFor, httpService, type Listening, tlsService } from './services.ts'

const never = new AbortController().signal
const secret = 'correct-horse-battery'

let folder: string
let artifacts: LocalArtifacts
let release: Release
const open: Listening[] = []

const service = async (...given: Parameters<typeof httpService>): Promise<Upstream> => {
  const one = await httpService(...given)
  open.push(one)
  return one.upstream
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-verifier-'))
  artifacts = new LocalArtifacts(folder, async () => ({}))
  const commit = { id: commitId('a'.repeat(40)), subject: 'feat: it', author: 'Ada', committedAt: 1 }
  await writeFile(
    join(folder, 'smoke.sh'),
    'test "$GREETING" = hello && echo "asked $SLUICE_URL with $TOKEN" && exit "$1"\n',
  )
  const artifact = await artifacts.put(
    { name: 'app', directory: folder, paths: ['smoke.sh'], commit, version: '1.4.0', inputs: [] },
    never,
  )
  release = {
    id: releaseId(`rel_${'b'.repeat(64)}`),
    cutBy: runId('run_1'),
    cutAt: 1,
    content: {
      schema: 1,
      service: 'shop',
      version: '1.4.0',
      commit,
      artifacts: [artifact],
      start: { command: 'true', artifact: 'app' },
      environments: [],
      migrations: [],
    },
  }
})

after(async () => {
  for (const one of open) await one.close()
  await rm(folder, { recursive: true })
})

const specOf = (verify: readonly CheckConfig[]): EnvironmentSpec => {
  const config = { GREETING: 'hello' }
  const settings = configSchema.parse({
    service: 'shop',
    pipeline: { jobs: { test: { steps: 'true' } } },
    environments: { production: { listen: 8080, config, secrets: ['TOKEN'], verify } },
  })
  const [spec] = resolveEnvironments(settings, { production: { TOKEN: 'v1' } })
  ok(spec !== undefined)
  return spec
}

type Looking = {
  readonly targets: readonly Upstream[]
  readonly previous?: readonly Upstream[]
  readonly scope?: VerificationScope
  readonly signal?: AbortSignal
}

const look = async (
  verify: readonly CheckConfig[],
  { targets, previous = [], scope = 'candidate', signal = never }: Looking,
): Promise<readonly CheckResult[]> => {
  const verifier = localVerifier({
    artifacts,
    secrets: { values: async (versions) => Object.fromEntries(Object.keys(versions).map((name) => [name, secret])) },
    ambient: { ...process.env, LEAK: 'what this process knows' },
    now: Date.now,
    random: Math.random,
  })
  const report = await verifier.verify({ release, spec: specOf(verify), scope, targets, previous }, signal)
  strictEqual(report.scope, scope)
  return report.results
}

const only = async (check: CheckConfig, looking: Looking): Promise<CheckResult> => {
  const [result, ...rest] = await look([check], looking)
  ok(result !== undefined && rest.length === 0)
  return result
}

describe('an HTTP check', () => {
  test('asks every instance as it is told to, and says which of them is not right', async () => {
    const asked: string[] = []
    const answering = (instance: string, status: number) =>
      service(instance, (request, response) => {
        let body = ''
        request.on('data', (chunk) => (body += String(chunk)))
        request.on('end', () => {
          asked.push(`${instance} ${request.method} ${request.url} ${String(request.headers['x-key'])} ${body}`)
          response.writeHead(status, { 'content-type': 'application/json' }).end(`{"token":"${secret}"}`)
        })
      })
    const targets = [await answering('shop-0', 201), await answering('shop-1', 500)]
    const result = await only(
      { kind: 'http', name: 'order', method: 'POST', path: '/orders?dry=1', headers: { 'X-Key': 'k' }, body: { a: 1 } },
      { targets },
    )
    deepStrictEqual(asked, ['shop-0 POST /orders?dry=1 k {"a":1}', 'shop-1 POST /orders?dry=1 k {"a":1}'])
    strictEqual(result.outcome, 'failed')
    strictEqual(result.detail, 'shop-1: status 500, expected 200 to 299')
    match(result.evidence.join('\n'), /shop-1: POST .*: 500 in \d+ ms/)
    ok(!JSON.stringify(result).includes(secret), 'a secret value is in the report')
  })

  test('does not follow a redirect: it is the answer', async () => {
    const targets = [await service('a', (_, response) => response.writeHead(302, { location: '/b' }).end())]
    strictEqual((await only({ kind: 'http', name: 'a', path: '/' }, { targets })).outcome, 'failed')
    const expect = { status: 302, headers: { location: '/b' } } as const
    strictEqual((await only({ kind: 'http', name: 'a', path: '/', expect }, { targets })).outcome, 'passed')
  })

  test('no answer in time, a refused connection and an answer that breaks off are broken, never a pass', async () => {
    const silent = await service('silent', () => {})
    const torn = await service('torn', (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('a')
      setImmediate(() => response.destroy())
    })
    const gone = await httpService('gone', () => {})
    await gone.close()
    for (const [target, why] of [
      [silent, /no result within 100 ms/],
      [torn, /aborted|hang up|closed/],
      [gone.upstream, /ECONNREFUSED/],
    ] as const) {
      const result = await only({ kind: 'http', name: 'a', path: '/', timeout: '100ms' }, { targets: [target] })
      strictEqual(result.outcome, 'broken', target.instance)
      match(result.detail, why)
    }
    strictEqual((await only({ kind: 'http', name: 'a', path: '/' }, { targets: [] })).outcome, 'broken')
  })

  test('tries again as often as it may, and says that it did', async () => {
    let asked = 0
    const targets = [await service('a', (_, response) => response.writeHead((asked += 1) < 3 ? 503 : 200).end())]
    const check = { kind: 'http', name: 'a', path: '/', retryDelay: '5ms' } as const
    strictEqual((await only({ ...check, retries: 1 }, { targets })).outcome, 'failed')
    asked = 0
    const result = await only({ ...check, retries: 2 }, { targets })
    strictEqual(result.outcome, 'passed')
    match(result.detail, /attempt 3 of 3/)
  })

  test('a body too large to be looked at is broken where it was to be looked at, and nowhere else', async () => {
    const targets = [await service('a', (_, response) => response.end(Buffer.alloc(1_100_000, 'a')))]
    const expect = { body: { contains: 'a' } }
    strictEqual((await only({ kind: 'http', name: 'a', path: '/', expect }, { targets })).outcome, 'broken')
    strictEqual((await only({ kind: 'http', name: 'a', path: '/' }, { targets })).outcome, 'passed')
  })

  test('a pattern that goes wild is stopped, so that it cannot hold up a rollback', () => {
    const startedAt = performance.now()
    strictEqual(matchInTime('^(a+)+$', `${'a'.repeat(40)}b`), 'undecided')
    ok(performance.now() - startedAt < 2_000)
    deepStrictEqual([matchInTime('^a', 'ab'), matchInTime('b$', 'ba')], ['yes', 'no'])
  })
})

describe('a command', () => {
  const smoke = (code: number): CheckConfig => ({ kind: 'command', name: 'smoke', command: `sh smoke.sh ${code}` })

  test('runs in the artifact of the release, with its variables and the address, and leaves nothing', async () => {
    const targets = [{ instance: 'shop-0', host: '127.0.0.1', port: 9 }]
    const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('sluice-verify-'))
    const before = await left()
    const result = await only(smoke(0), { targets })
    strictEqual(result.outcome, 'passed', JSON.stringify(result))
    deepStrictEqual(result.evidence, ['asked http://127.0.0.1:9 with ***'])
    strictEqual((await only(smoke(3), { targets })).outcome, 'failed')
    deepStrictEqual(
      (await left()).filter((name) => !before.includes(name)),
      [],
    )
  })

  test('does not get what this process knows', async () => {
    const targets = [{ instance: 'a', host: '127.0.0.1', port: 9 }]
    const command = 'test -z "$LEAK" && test "$SLUICE_SCOPE $SLUICE_VERSION" = "candidate 1.4.0"'
    strictEqual((await only({ kind: 'command', name: 'env', command }, { targets })).outcome, 'passed')
  })

  test('one that cannot be run, is killed, or takes too long is broken; what it started ends with it', async () => {
    const targets = [{ instance: 'a', host: '127.0.0.1', port: 9 }]
    const broken = async (command: string, timeout: '200ms' | '10s' = '10s') => {
      const result = await only({ kind: 'command', name: 'a', command, timeout }, { targets })
      strictEqual(result.outcome, 'broken', JSON.stringify(result))
      return result.detail
    }
    match(await broken('no-such-program'), /127/)
    match(await broken('kill -KILL $$'), /SIGKILL/)
    const mark = join(folder, 'alive')
    match(await broken(`(while :; do date > ${mark}; sleep 0.02; done) & sleep 60`, '200ms'), /no result within 200 ms/)
    await rm(mark, { force: true })
    await sleep(150)
    ok(!(await readdir(folder)).includes('alive'), 'what the command started goes on')
  })
})

describe('a certificate check', () => {
  test('is of the name, the chain and the days that are left', async () => {
    const made = certificateFor('shop.example', 30)
    const listening = await tlsService(made)
    open.push(listening)
    const { host, port } = listening.upstream
    const sound: CheckConfig = {
      kind: 'tls',
      name: 'certificate',
      host,
      port,
      serverName: 'shop.example',
      authority: made.authority,
    }
    const targets = [listening.upstream]
    const looked = (check: CheckConfig) => only(check, { targets, scope: 'environment' })
    const good = await looked(sound)
    strictEqual(good.outcome, 'passed', JSON.stringify(good))
    match(good.detail, /valid for (29|30) more days/)
    const wrong = await looked({ ...sound, serverName: 'other.example', daysLeft: 31 })
    strictEqual(wrong.outcome, 'failed')
    match(wrong.detail, /ends in (29|30) days.*it is not for other\.example/)
    const { authority: _, ...untrusted } = sound
    match((await looked(untrusted)).detail, /its chain is not trusted: /)
  })

  test('a service that speaks no TLS is broken', async () => {
    const plain = await service('plain', (_, response) => response.end())
    const check: CheckConfig = { kind: 'tls', name: 'a', host: plain.host, port: plain.port }
    strictEqual((await only(check, { targets: [plain], scope: 'environment' })).outcome, 'broken')
  })
})

test('dependencies that a readiness path lists', async () => {
  const targets = [
    await service('a', (_, response) =>
      response.writeHead(503).end('{"checks":{"db":[{"status":"fail"}],"mq":[{"status":"pass"}]}}'),
    ),
  ]
  const result = await only({ kind: 'dependencies', name: 'ready', path: '/ready' }, { targets })
  deepStrictEqual([result.outcome, result.detail], ['failed', 'db is "fail"'])
})

describe('response times', () => {
  const answering = (instance: string, ms: number, status = 200) =>
    service(instance, (_, response) => void setTimeout(() => response.writeHead(status).end('ok'), ms))
  const check: CheckConfig = { kind: 'responseTime', name: 'as fast', path: '/', requests: 60, ignoreBelow: '1ms' }

  test('a slower release is refused after a few tens of pairs, an equal one is not', async () => {
    const previous = [await answering('old', 4)]
    const slower = await only(check, { targets: [await answering('new', 16)], previous })
    strictEqual(slower.outcome, 'failed', slower.detail)
    match(slower.detail, /^slower than the release before: p50 .* in \d\d pairs; E = /)
    const equal = await only({ ...check, tolerance: 2 }, { targets: [await answering('same', 4)], previous })
    strictEqual(equal.outcome, 'passed', equal.detail)
  })

  test('a release that answers quickly, but wrongly, is not fast', async () => {
    const previous = [await answering('old', 4)]
    const result = await only(check, { targets: [await answering('new', 0, 500)], previous })
    strictEqual(result.outcome, 'failed', result.detail)
  })

  test('what fails on both sides was not compared', async () => {
    const targets = [await answering('new', 0, 404)]
    const result = await only(check, { targets, previous: [await answering('old', 0, 404)] })
    strictEqual(result.outcome, 'broken')
    match(result.detail, /only 0 of 60 answers were good/)
  })

  test('the first release has nothing to be slower than, but must answer', async () => {
    strictEqual((await only(check, { targets: [await answering('new', 0)] })).outcome, 'passed')
    strictEqual((await only(check, { targets: [await answering('new', 0, 500)] })).outcome, 'broken')
  })

  test('too slow to be compared in its time is broken', async () => {
    const looking = { targets: [await answering('new', 20)], previous: [await answering('old', 20)] }
    strictEqual((await only({ ...check, timeout: '200ms' }, looking)).outcome, 'broken')
  })
})

test('checks that do not look there are not made, and a call that is called off says so', async () => {
  const targets = [await service('a', () => {})]
  const check: CheckConfig = { kind: 'http', name: 'a', path: '/', scope: 'environment' }
  deepStrictEqual(await look([check], { targets }), [])
  const signal = AbortSignal.timeout(50)
  await rejects(look([check], { targets, scope: 'environment', signal }), { code: 'outcome_unknown' })
})
