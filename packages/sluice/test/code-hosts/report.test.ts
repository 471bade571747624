/** What GitHub and GitLab are told, against hosts that hold every request and every answer to the OpenAPI documents that GitHub and GitLab publish. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileSecretKeeper, missingSecrets } from '../../src/adapters/secrets/file.ts'
import { lookAtChannels } from '../../src/cli/commands/doctor-channels.ts'
import { parseConfig } from '../../src/core/config/parse.ts'
import type { Settings } from '../../src/core/config/settings.ts'
import type { DeliveryTo, Tools } from '../../src/adapters/notify/channel.ts'
import { sendGithub } from '../../src/adapters/notify/github/send.ts'
import { sendGitlab } from '../../src/adapters/notify/gitlab/send.ts'
import { commitId, releaseId, sluice } from '../../src/core/model.ts'
import type { Notice, NoticeKind, Receipt } from '../../src/core/notify/types.ts'
import type { Delivered } from '../../src/ports/notifier.ts'
import { freePort } from '../free-port.ts'
import { conversationOf } from './openapi.ts'
import { type GithubHost, githubToken, openGithub } from './github-host.ts'
import { type GitlabHost, gitlabToken, openGitlab } from './gitlab-host.ts'

const commits = {
  good: { id: commitId('a'.repeat(40)), subject: 'feat: a cart', author: 'ada', committedAt: 1 },
  bad: { id: commitId('b'.repeat(40)), subject: 'feat: a faster cart', author: 'bob', committedAt: 2 },
}
const releaseOf = (commit: keyof typeof commits): NonNullable<Notice['release']> => ({
  id: releaseId(`rel_${(commit === 'good' ? '1' : '2').repeat(64)}`),
  version: null,
  commit: commits[commit],
})

const outcomes: Readonly<Partial<Record<NoticeKind, Notice['outcome']>>> = {
  'rollout.started': 'going_on',
  'rollout.waiting': 'waiting',
  'rollout.paused': 'waiting',
  'rollout.resumed': 'going_on',
  'rollout.step': 'going_on',
  'rollout.promoted': 'succeeded',
  'rollout.rolled_back': 'failed',
  'rollout.failed': 'failed',
}

const notice = (kind: NoticeKind, more: Partial<Notice> = {}): Notice => ({
  id: '1',
  kind,
  severity: 'low',
  at: 1,
  subject: kind.startsWith('run.') ? { kind: 'run', id: 'run_1' } : { kind: 'rollout', id: 'rol_1' },
  outcome: outcomes[kind] ?? null,
  service: 'storefront',
  environment: kind.startsWith('run.') ? null : 'production',
  isProduction: true,
  title: `It says ${kind}`,
  facts: [],
  reason: null,
  actor: sluice,
  release: kind.startsWith('run.') ? null : releaseOf('bad'),
  stable: releaseOf('good'),
  commit: kind.startsWith('run.') ? commits.bad : null,
  url: 'https://sluice.example.com/rollouts/rol_1',
  ...more,
})

const tokenIs = (token: string): Pick<Tools, 'secret'> => ({ secret: () => Promise.resolve(token) })

const now = Date.parse('2026-11-27T03:00:00Z')
const date = { date: 'Fri, 27 Nov 2026 03:00:00 GMT' }
const never = new AbortController().signal

type Tell = { readonly tell: (one: Notice) => Promise<Delivered>; readonly forget: () => void }

/** Sends notices as the outbox does: each with what the last one of its subject came to. */
const teller = (send: (one: Notice, previous: Receipt | null) => Promise<Delivered>): Tell => {
  const receipts = new Map<string, Receipt>()
  return {
    forget: () => receipts.clear(),
    tell: async (one) => {
      const became = await send(one, receipts.get(one.subject.id) ?? null)
      if (became.status === 'delivered') receipts.set(one.subject.id, became.receipt)
      return became
    },
  }
}

const githubAt = (url: string, token = githubToken): Tell => {
  const channel: DeliveryTo<'github'>['channel'] = {
    name: 'source.github',
    kind: 'github',
    repository: 'acme/storefront',
    token: 'GITHUB_TOKEN',
    url,
  }
  return teller((one, previous) => sendGithub({ key: one.id, channel, notice: one, previous }, tokenIs(token), never))
}

const atGithub = async (context: TestContext, token = githubToken): Promise<Tell & { readonly host: GithubHost }> => {
  const host = await openGithub('/api/v3')
  context.after(() => host.close())
  return { host, ...githubAt(`${host.url}/api/v3`, token) }
}

const atGitlab = async (context: TestContext, token = gitlabToken): Promise<Tell & { readonly host: GitlabHost }> => {
  const host = await openGitlab()
  context.after(() => host.close())
  const channel: DeliveryTo<'gitlab'>['channel'] = {
    name: 'source.gitlab',
    kind: 'gitlab',
    project: 'acme/store/front',
    token: 'GITLAB_TOKEN',
    url: host.url,
  }
  const told = teller((one, previous) =>
    sendGitlab({ key: one.id, channel, notice: one, previous }, tokenIs(token), never),
  )
  return { host, ...told }
}

const statusesOf = (all: readonly Delivered[]): readonly string[] => all.map(({ status }) => status)

const lost = 'lost' as const
const badGateway = { status: 502, body: { message: 'Server Error' } }

test('GitHub: a run is a status of its commit, cut to what GitHub takes', async (context) => {
  const { host, tell } = await atGithub(context)
  const title = `build failed: ${'x'.repeat(300)}`
  const kinds = ['run.started', 'run.succeeded', 'run.canceled'] as const
  const told = [
    ...(await Promise.all(kinds.map((kind) => tell(notice(kind))))),
    await tell(notice('run.failed', { title })),
  ]
  deepStrictEqual(statusesOf(told), ['delivered', 'delivered', 'delivered', 'delivered'])
  deepStrictEqual(host.statuses().toSorted(), [
    'sluice/storefront: error (It says run.canceled)',
    `sluice/storefront: failure (build failed: ${'x'.repeat(125)}…)`,
    'sluice/storefront: pending (It says run.started)',
    'sluice/storefront: success (It says run.succeeded)',
  ])
})

test('GitHub: a rollout is one deployment with its states, whatever is lost in between', async (context) => {
  const { host, tell } = await atGithub(context)
  const make = 'post /repos/{owner}/{repo}/deployments'
  host.fail(`${make}/`, badGateway, lost)
  host.fail('get /repos/{owner}/{repo}/deployments', badGateway)
  host.fail('post /repos/{owner}/{repo}/deployments', lost)
  const told: Delivered[] = []
  const kinds = ['rollout.started', 'rollout.waiting', 'rollout.step', 'rollout.failed', 'rollout.rolled_back'] as const
  for (const kind of kinds)
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const became = await tell(notice(kind))
      told.push(became)
      if (became.status === 'delivered') break
    }
  deepStrictEqual(host.deployments(), [
    {
      commit: commits.bad.id,
      environment: 'production',
      isProduction: true,
      states: ['in_progress', 'queued', 'in_progress', 'failure', 'failure'],
    },
  ])
  strictEqual(statusesOf(told).filter((status) => status === 'later').length, 4)
  // Said again, nothing is made twice: not even where the receipt is gone.
  const calls = host.calls.filter((name) => name.startsWith('post')).length
  strictEqual((await tell(notice('rollout.rolled_back'))).status, 'delivered')
  strictEqual(host.calls.filter((name) => name.startsWith('post')).length, calls)
})

test('GitHub: what was rolled back has failed, and the stable release is the one in service; promoted, it takes its place', async (context) => {
  const { host, tell, forget } = await atGithub(context)
  const states = (): readonly string[] => host.deployments().map(({ states: all }) => all.at(-1) ?? '')
  const good = { release: releaseOf('good'), subject: { kind: 'rollout', id: 'rol_0' } } as const
  await tell(notice('rollout.started', good))
  await tell(notice('rollout.promoted', good))
  await tell(notice('rollout.started'))
  await tell(notice('rollout.rolled_back'))
  deepStrictEqual(states(), ['success', 'failure'])
  // The same commit again is another rollout, and another deployment.
  const again = { subject: { kind: 'rollout', id: 'rol_2' } } as const
  await tell(notice('rollout.started', again))
  forget()
  await tell(notice('rollout.promoted', again))
  deepStrictEqual(states(), ['inactive', 'failure', 'success'])
  // The outbox does not keep the order of what is about different rollouts: the end of an older one may be told last.
  const [late, next] = [
    { subject: { kind: 'rollout', id: 'rol_3' } },
    { subject: { kind: 'rollout', id: 'rol_4' } },
  ] as const
  await tell(notice('rollout.started', late))
  await tell(notice('rollout.started', next))
  await tell(notice('rollout.promoted', next))
  await tell(notice('rollout.promoted', late))
  deepStrictEqual(states(), ['inactive', 'failure', 'inactive', 'inactive', 'success'])
  // Not even its beginning: its deployment is the newest there, and what serves is the other one all the same.
  const last = { subject: { kind: 'rollout', id: 'rol_6' } } as const
  const forgotten = { subject: { kind: 'rollout', id: 'rol_5' } } as const
  for (const one of [last, forgotten]) {
    await tell(notice('rollout.started', one))
    await tell(notice('rollout.promoted', one))
  }
  deepStrictEqual(states().slice(-3), ['inactive', 'success', 'inactive'])
})

test('GitHub: a limit says when to come back; a refusal is in its words, without the token', async (context) => {
  const { host, tell } = await atGithub(context)
  const status = 'post /repos/{owner}/{repo}/statuses'
  const limited = { message: 'You have exceeded a secondary rate limit. Please wait a few minutes.' }
  host.fail(
    status,
    { status: 403, body: limited, headers: { 'retry-after': '60' } },
    {
      status: 403,
      body: { message: 'API rate limit exceeded' },
      headers: { ...date, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1_000 + 90) },
    },
    { status: 403, body: limited },
    { status: 429, body: null, headers: { ...date, 'retry-after': 'Fri, 27 Nov 2026 03:00:05 GMT' } },
    {
      status: 422,
      body: {
        message: 'Validation Failed',
        errors: [
          { resource: 'Status', code: 'custom', message: `no, ${githubToken}` },
          { field: 'sha', code: 'invalid' },
        ],
      },
    },
    { status: 403, body: { message: 'Resource not accessible by personal access token' } },
    { status: 301, body: { message: 'Moved Permanently' }, headers: { location: 'https://elsewhere.example.com' } },
  )
  const told: Delivered[] = []
  for (let attempt = 0; attempt < 7; attempt += 1) told.push(await tell(notice('run.started')))
  const waits = told.map((one) => (one.status === 'later' ? one.retryAfterMs : one.status))
  deepStrictEqual(waits, [60_000, 90_000, null, 5_000, 'refused', 'refused', 'refused'])
  const details = told.flatMap((one) => ('detail' in one ? [one.detail] : []))
  deepStrictEqual(details.slice(4), [
    'GitHub: 422 Validation Failed; no, [secret]; sha invalid',
    'GitHub: 403 Resource not accessible by personal access token',
    'GitHub: 301 Moved Permanently (it has moved: name it as it is called now)',
  ])
})

test('a token that is wrong or no token is a refusal that does not show it', async (context) => {
  const wrong = await atGithub(context, 'ghp_wrong')
  deepStrictEqual(await wrong.tell(notice('run.started')), { status: 'refused', detail: 'GitHub: 401 Bad credentials' })
  const broken = await atGitlab(context, 'glpat-with\na line break')
  deepStrictEqual(await broken.tell(notice('run.started')), {
    status: 'refused',
    detail: 'GitLab: the secret GITLAB_TOKEN holds what cannot be a token',
  })
})

test('a host that is not there is told later', async () => {
  const became = await githubAt(`http://127.0.0.1:${await freePort()}`).tell(notice('run.started'))
  match(JSON.stringify(became), /"status":"later","detail":"GitHub: .*ECONNREFUSED/)
})

test('what is about neither a run nor a rollout, or about no commit, is told to nobody', async (context) => {
  const { host, tell } = await atGithub(context)
  const others = [
    notice('line.stopped', { release: null }),
    notice('run.started', { commit: null }),
    notice('release.held'),
  ]
  for (const one of others) strictEqual((await tell(one)).status, 'delivered')
  deepStrictEqual(host.calls, [])
})

test('a test asks for what the token must be able to see, and says nothing of any commit', async (context) => {
  const test = notice('test', { release: null, commit: null, subject: { kind: 'test', id: '1' } })
  const there = [await atGithub(context), await atGitlab(context)]
  for (const { host, tell } of there) {
    strictEqual((await tell(test)).status, 'delivered')
    deepStrictEqual(
      host.calls.map((name) => name.split(' ')[0]),
      ['get'],
    )
  }
  const { tell } = await atGithub(context, 'ghp_wrong')
  strictEqual((await tell(test)).status, 'refused')
})

test('doctor names the secret that a code host misses, and those of channels, by who needs them', async (context) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'sl-'))
  context.after(() => rm(stateDir, { recursive: true, force: true }))
  const cli = { host: { missingSecrets }, globals: { stateDir }, interrupted: never }
  const written = {
    service: 'storefront',
    pipeline: { jobs: { build: { steps: 'true', artifacts: { app: 'dist' } } } },
    environments: {},
    source: { github: { repository: 'acme/storefront', token: 'GITHUB_TOKEN' }, report: true },
  }
  const settingsOf = (config: unknown): Settings => parseConfig(config, { file: 'x', text: '', distance: () => 99 })
  const next = (secret: string): string => `sluice secrets set ${secret}`
  const lacks = { text: 'there is no secret GITHUB_TOKEN, which source.github needs', next: next('GITHUB_TOKEN') }
  deepStrictEqual(await lookAtChannels(cli, settingsOf(written)), [lacks])
  const ops = { webhook: { url: 'https://hooks.example.com', secret: 'HOOK_SECRET' } }
  deepStrictEqual(await lookAtChannels(cli, settingsOf({ ...written, notify: { channels: { ops, dev: ops } } })), [
    { text: 'there is no secret HOOK_SECRET, which ops and dev need', next: next('HOOK_SECRET') },
    lacks,
  ])
  await fileSecretKeeper(stateDir).keep({ name: 'GITHUB_TOKEN', value: githubToken }, never)
  deepStrictEqual(await lookAtChannels(cli, settingsOf(written)), [{ text: 'channels: source.github', next: null }])
  deepStrictEqual(
    await lookAtChannels(cli, settingsOf({ ...written, source: { ...written.source, report: false } })),
    [],
  )
})

test('GitLab: a run is a status in one pipeline; what GitLab has heard already is through', async (context) => {
  const { host, tell } = await atGitlab(context)
  const status = 'post /api/v4/projects/{id}/statuses'
  host.fail(status, lost)
  strictEqual((await tell(notice('run.started'))).status, 'later')
  strictEqual((await tell(notice('run.started'))).status, 'delivered')
  host.fail(status, { status: 409, body: { message: 'Another update to this commit status is in progress' } })
  strictEqual((await tell(notice('run.failed'))).status, 'later')
  strictEqual((await tell(notice('run.failed'))).status, 'delivered')
  await tell(notice('run.started', { subject: { kind: 'run', id: 'run_2' } }))
  await tell(notice('run.canceled', { subject: { kind: 'run', id: 'run_2' } }))
  deepStrictEqual(host.statuses(), [
    'sluice/storefront: running, failed (pipeline 700)',
    'sluice/storefront: running, canceled (pipeline 701)',
  ])
})

test('GitLab: a rollout is one deployment, whatever is lost in between', async (context) => {
  const { host, tell, forget } = await atGitlab(context)
  const deployments = '/api/v4/projects/{id}/deployments'
  host.fail(`post ${deployments}`, lost)
  host.fail(`put ${deployments}`, lost, badGateway)
  const kinds = ['rollout.started', 'rollout.waiting', 'rollout.paused', 'rollout.resumed', 'rollout.failed'] as const
  for (const kind of kinds)
    for (let attempt = 0; attempt < 6; attempt += 1) if ((await tell(notice(kind))).status === 'delivered') break
  deepStrictEqual(host.deployments(), [
    { commit: commits.bad.id, environment: 'production', states: ['running', 'failed'] },
  ])
  // The end again, by somebody who remembers nothing.
  forget()
  strictEqual((await tell(notice('rollout.failed'))).status, 'delivered')
  strictEqual(host.deployments().length, 1)
  const again = { subject: { kind: 'rollout', id: 'rol_2' } } as const
  await tell(notice('rollout.started', again))
  await tell(notice('rollout.promoted', again))
  deepStrictEqual(
    host.deployments().map(({ states }) => states.at(-1)),
    ['failed', 'success'],
  )
})

test('GitLab: a late word about an older rollout does not take the newer one out of service', async (context) => {
  const { host, tell } = await atGitlab(context)
  const ends = (): readonly unknown[] => host.deployments().map(({ states }) => states.at(-1))
  const [older, newer, forgotten] = ['rol_1', 'rol_2', 'rol_3'].map(
    (id) => ({ subject: { kind: 'rollout', id } }) as const,
  )
  ok(older !== undefined && newer !== undefined && forgotten !== undefined)
  const good = { ...newer, release: releaseOf('good'), at: now + 60_000 }
  await tell(notice('rollout.started', older))
  await tell(notice('rollout.started', good))
  await tell(notice('rollout.promoted', good))
  // It ended before the other one began, and is told after that one's end.
  strictEqual((await tell(notice('rollout.promoted', older))).status, 'delivered')
  deepStrictEqual(ends(), ['canceled', 'success'])
  // Not even where all of it is told late, so that its deployment is the newest there.
  await tell(notice('rollout.started', forgotten))
  strictEqual((await tell(notice('rollout.promoted', forgotten))).status, 'delivered')
  deepStrictEqual(ends(), ['canceled', 'success', 'canceled'])
  // One that ended after the other had begun came in its time.
  const next = { subject: { kind: 'rollout', id: 'rol_4' }, at: now + 120_000 } as const
  await tell(notice('rollout.started', next))
  await tell(notice('rollout.promoted', next))
  deepStrictEqual(ends(), ['canceled', 'success', 'canceled', 'success'])
})

test('GitLab: a state that cannot be is refused in its words', async (context) => {
  const { host, tell } = await atGitlab(context)
  await tell(notice('rollout.started'))
  await tell(notice('rollout.promoted'))
  deepStrictEqual(await tell(notice('rollout.rolled_back')), {
    status: 'refused',
    detail:
      'GitLab: 400 status Cannot transition status via :drop from :success (Reason(s): Status cannot transition via "drop")',
  })
  deepStrictEqual(host.deployments()[0]?.states, ['running', 'success'])
})

test('the documents refuse what they do not allow, so that the tests above can fail', () => {
  const github = conversationOf(new URL('github.openapi.json', import.meta.url))
  const said = (method: string, path: string, body: unknown): readonly string[] => {
    const operation = github.find(method, new URL(path, 'http://host'))
    ok(operation !== null)
    return github.request(operation, body)
  }
  const status = '/repos/acme/storefront/statuses/abc'
  deepStrictEqual(said('POST', status, { state: 'success', context: 'sluice' }), [])
  const wrong: readonly (readonly [string, string, unknown])[] = [
    ['POST', status, { state: 'running' }],
    ['POST', status, { context: 'sluice' }],
    ['POST', status, { state: 'success', targetUrl: 'https://example.com' }],
    ['POST', status, { state: 'success', description: 1 }],
    ['GET', '/repos/acme/storefront/deployments?per_page=many', null],
    ['GET', '/repos/acme/storefront/deployments?commit=abc', null],
    ['POST', '/repos/acme/storefront/deployments', { environment: 'production' }],
    ['POST', '/repos/acme/storefront/deployments/x/statuses', { state: 'success' }],
    ['POST', '/repos/acme/storefront/deployments/1/statuses', { state: 'failed' }],
  ]
  for (const [method, path, body] of wrong) ok(said(method, path, body).length > 0, `${method} ${path} is let through`)
  strictEqual(github.find('POST', new URL('http://host/repos/acme/storefront/check-runs')), null)
  const deployments = github.find('GET', new URL('http://host/repos/acme/storefront/deployments'))
  ok(deployments !== null)
  ok(github.answer(deployments, 200, [{ id: 1 }]).length > 0)
  ok(github.answer(deployments, 204, null).length > 0)

  const gitlab = conversationOf(new URL('gitlab.openapi.json', import.meta.url))
  const make = gitlab.find('POST', new URL('http://host/api/v4/projects/acme%2Fstorefront/deployments'))
  ok(make !== null)
  const body = { environment: 'production', sha: 'abc', ref: 'main', tag: false, status: 'running' }
  deepStrictEqual(gitlab.request(make, body), [])
  ok(gitlab.request(make, { ...body, status: 'in_progress' }).length > 0)
  ok(gitlab.request(make, { ...body, tag: 'false' }).length > 0)
  const { tag: _, ...without } = body
  ok(gitlab.request(make, without).length > 0)
})
