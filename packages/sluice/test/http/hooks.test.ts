/** Webhooks as their senders send them: whose they are, what they tell, and that nothing else is let in. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { before, describe, it } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { parseConfig } from '../../src/core/config/parse.ts'
import type { Settings } from '../../src/core/config/settings.ts'
import { SluiceError } from '../../src/core/errors.ts'
import { limits } from '../../src/core/limits.ts'
import type { SourceRules } from '../../src/core/source/rules.ts'
import { hookKeys } from '../../src/http/hook-keys.ts'
import { hookExamples } from './hook-examples.ts'
import { rootToken, SmallApi } from './small-api.ts'

const secrets = { HUB: 'it is a secret', LAB: 'a word', SIGNING: `whsec_${'c2VjcmV0'.repeat(4)}`, PUSH: 'plain text' }

const settings = parseConfig(
  {
    service: 'shop',
    pipeline: { jobs: { test: { steps: 'true' } } },
    source: {
      remote: '/srv/git/shop.git',
      github: { repository: 'Codertocat/Hello-World', webhookSecret: 'HUB' },
      gitlab: { project: 'mike/diaspora', webhookSecret: 'LAB', signingToken: 'SIGNING' },
      push: { secret: 'PUSH' },
    },
  },
  { file: 'sluice.config.ts', text: '', distance: () => 99 },
)

const rules = ((): SourceRules => {
  const { source } = settings
  if (source === undefined) throw new Error('the config has a source')
  return source
})()

describe('what webhooks are checked with', () => {
  const log = { info: () => {}, warn: () => {}, error: () => {} }

  it('is read once for everybody who asks, and again when it is old; a secret that was replaced lets nobody in for longer', async () => {
    let [now, reads, secret] = [0, 0, 'old']
    let isBroken = false
    const load = async (): Promise<Settings> => {
      reads += 1
      if (isBroken) throw new SluiceError('config_invalid', { detail: 'half written' })
      return settings
    }
    const keys = hookKeys({
      clock: { now: () => now, after: () => () => {} },
      log,
      secrets: { versions: async () => ({ HUB: 1 }), values: async () => ({ HUB: secret }) } as never,
      load,
    })
    const known = async (): Promise<string | undefined> => (await keys()).secrets.get('HUB')
    deepStrictEqual(await Promise.all([known(), known()]), ['old', 'old'])
    secret = 'new'
    now += limits.hookKeysMs - 1
    deepStrictEqual([await known(), reads], ['old', 1])
    // However long nobody asked.
    now += 86_400_000
    deepStrictEqual([await Promise.all([known(), known()]), reads], [['new', 'new'], 2])
    isBroken = true
    now += limits.hookKeysMs
    deepStrictEqual([await known(), await known(), reads], ['new', 'new', 3])
  })
})

let small: SmallApi

before(async () => {
  small = await SmallApi.start()
  small.keys = { rules, secrets: new Map(Object.entries(secrets)) }
})

type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }

const post = async (
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> => {
  const response = await small.fetch(`/hooks/${path}`, { method: 'POST', body, headers })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

const signed = (body: string | Uint8Array, secret: string = secrets.HUB): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

const github = (event: string, payload: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> => {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return post('github', body, {
    'x-github-event': event,
    'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    'x-hub-signature-256': signed(body),
    ...headers,
  })
}

const arrivals = async (): Promise<readonly Readonly<Record<string, unknown>>[]> =>
  (await small.ask(rootToken, 'arrivals.list', { query: { limit: 200 } })).body['items'] as never

const shown = async ({ status, body }: Answer): Promise<readonly unknown[]> => {
  strictEqual(status, 202, JSON.stringify(body))
  const [id] = body['arrivals'] as readonly string[]
  if (id === undefined) return [null, body['because']]
  const { body: arrival } = await small.ask(rootToken, 'arrivals.show', { params: { arrival: id } })
  return ['from', 'event', 'ref', 'sender', 'pullRequest'].map((name) => arrival[name])
}

const examplesOf = (name: string): readonly Readonly<Record<string, unknown>>[] =>
  hookExamples.find((one) => one.name === name)?.examples ?? []

describe('GitHub', () => {
  it('tells of pushes, tags, deletions and pull requests, each as its own examples are', async () => {
    const push = examplesOf('push').find(({ ref }) => ref === 'refs/heads/master')
    const created = examplesOf('create').find((one) => one['ref_type'] === 'tag')
    const [gone] = examplesOf('delete')
    const request = examplesOf('pull_request').find(({ action }) => action === 'opened')
    const labeled = examplesOf('pull_request').find(({ action }) => action === 'labeled')
    deepStrictEqual(
      [
        await shown(await github('push', push)),
        await shown(await github('create', created)),
        await shown(await github('delete', gone)),
        await shown(await github('pull_request', request)),
        await shown(await github('pull_request', labeled)),
      ],
      [
        ['github', 'push', 'refs/heads/master', 'Codertocat', null],
        ['github', 'tag', 'refs/tags/simple-tag', 'Codertocat', null],
        ['github', 'tag', 'refs/tags/simple-tag', 'Codertocat', null],
        ['github', 'pull_request', 'refs/pull/2/head', 'Codertocat', 2],
        [null, 'a pull request that is labeled has no new commits'],
      ],
    )
  })

  it('is answered for every example of every event that it has, and never with an error', async () => {
    let asked = 0
    for (const { name, examples: some } of hookExamples) {
      for (const payload of some) {
        const { status, body } = await github(name, payload)
        strictEqual(status, 202, `${name}: ${JSON.stringify(body)}`)
        asked += 1
      }
    }
    ok(asked > 300)
  })

  it('is told once, whatever its headers say the second time, and once more with another body', async () => {
    const push = examplesOf('push').find(({ ref }) => ref === 'refs/heads/master') ?? {}
    const before = (await arrivals()).length
    const again = await github('push', push, { 'x-github-delivery': 'another' })
    deepStrictEqual(again.body['arrivals'], (await github('push', push)).body['arrivals'])
    strictEqual((await arrivals()).length, before)
    await github('push', { ...push, after: 'f'.repeat(40) })
    strictEqual((await arrivals()).length, before + 1)
  })

  it('may send its JSON in a form, and its ping shows that the webhook works', async () => {
    const ping = { zen: 'Speak like a human.', repository: { full_name: 'Codertocat/Hello-World' } }
    const form = new URLSearchParams({ payload: JSON.stringify(ping) }).toString()
    const answer = await github('ping', form, { 'content-type': 'application/x-www-form-urlencoded' })
    strictEqual(answer.status, 202)
    strictEqual(answer.body['because'], 'it is a ping: the webhook works')
  })

  it('is not believed about a fork, nor about another repository', async () => {
    const request = examplesOf('pull_request').find(({ action }) => action === 'opened')
    const fork = structuredClone(request) as { pull_request: { head: { repo: { full_name: string } } } }
    fork.pull_request.head.repo.full_name = 'mallory/Hello-World'
    const { body } = await github('pull_request', fork)
    match(String(body['because']), /^it is from a fork \(mallory\/Hello-World\)/)
    const [push = {}] = examplesOf('push')
    const other = await github('push', { ...push, repository: { full_name: 'mallory/other' } })
    deepStrictEqual(other.body, {
      arrivals: [],
      because: 'it is about mallory/other, and the source is Codertocat/Hello-World',
    })
  })
})

/** As docs.gitlab.com has them, "Webhook events", read 2026-08. */
const gitlabProject = { id: 15, path_with_namespace: 'mike/diaspora', web_url: 'http://example.com/mike/diaspora' }
const gitlabPush = {
  object_kind: 'push',
  before: '95790bf891e76fee5e1747ab589903a6a1f80f22',
  after: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
  ref: 'refs/heads/master',
  checkout_sha: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
  user_username: 'jsmith',
  project: gitlabProject,
  commits: [
    {
      id: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
      title: 'fixed readme document',
      url: 'http://example.com/mike/diaspora/commit/da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
    },
  ],
}
const gitlabTag = {
  ...gitlabPush,
  object_kind: 'tag_push',
  before: '0'.repeat(40),
  ref: 'refs/tags/v1.0.0',
  commits: [],
}
const gitlabRequest = {
  object_kind: 'merge_request',
  user: { username: 'root' },
  project: gitlabProject,
  object_attributes: {
    iid: 16,
    action: 'open',
    title: 'MS-Viewport',
    url: 'http://example.com/diaspora/merge_requests/1',
    source_branch: 'ms-viewport',
    target_branch: 'master',
    source_project_id: 15,
    target_project_id: 15,
    last_commit: { id: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7' },
  },
}

const standard = (body: string, secret: string, at: number = Date.now()): Readonly<Record<string, string>> => {
  const webhook = secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' })
  const id = `msg_${createHmac('sha256', 'x').update(body).digest('hex').slice(0, 12)}`
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1_000)),
    'webhook-signature': webhook.sign(id, new Date(at), body),
  }
}

describe('GitLab', () => {
  it('tells of pushes, tags and merge requests, by its token or by its signature', async () => {
    const byToken = (payload: object, key: string): Promise<Answer> =>
      post('gitlab', JSON.stringify(payload), { 'x-gitlab-token': secrets.LAB, 'idempotency-key': key })
    const text = JSON.stringify(gitlabRequest)
    const { object_attributes: attributes } = gitlabRequest
    const update = { ...gitlabRequest, object_attributes: { ...attributes, action: 'update' } }
    const fork = { ...gitlabRequest, object_attributes: { ...attributes, source_project_id: 16 } }
    deepStrictEqual(
      [
        await shown(await byToken(gitlabPush, 'a')),
        await shown(await byToken(gitlabTag, 'b')),
        await shown(await post('gitlab', text, standard(text, secrets.SIGNING))),
        await shown(await byToken(update, 'c')),
      ],
      [
        ['gitlab', 'push', 'refs/heads/master', 'jsmith', null],
        ['gitlab', 'tag', 'refs/tags/v1.0.0', 'jsmith', null],
        ['gitlab', 'pull_request', 'refs/merge-requests/16/head', 'root', 16],
        [null, 'nothing of its commits has changed'],
      ],
    )
    match(String((await byToken(fork, 'd')).body['because']), /^it is from a fork/)
  })

  it('has one arrival of what it retries, and two of what it pushes twice', async () => {
    const push = (key: string): Promise<Answer> =>
      post('gitlab', JSON.stringify(gitlabPush), { 'x-gitlab-token': secrets.LAB, 'idempotency-key': key })
    deepStrictEqual((await push('e')).body['arrivals'], (await push('e')).body['arrivals'])
    ok(String((await push('e')).body['arrivals']) !== String((await push('f')).body['arrivals']))
  })
})

describe('whoever signs as Standard Webhooks has it', () => {
  it('tells of several refs at once', async () => {
    const body = JSON.stringify({
      pusher: 'ada',
      refs: [
        { ref: 'refs/heads/main', before: null, after: 'a'.repeat(40) },
        { ref: 'refs/tags/v1', after: 'b'.repeat(40) },
      ],
    })
    const { status, body: answer } = await post('push', body, standard(body, secrets.PUSH))
    strictEqual(status, 202)
    strictEqual((answer['arrivals'] as readonly string[]).length, 2)
  })

  it('is turned away when the signature is too old, or too far ahead', async () => {
    const body = JSON.stringify({ ref: 'refs/heads/main', after: 'c'.repeat(40) })
    for (const at of [Date.now() - limits.hookSkewMs - 2_000, Date.now() + limits.hookSkewMs + 2_000])
      strictEqual((await post('push', body, standard(body, secrets.PUSH, at))).status, 401)
    strictEqual((await post('push', body, standard(body, secrets.PUSH))).status, 202)
  })
})

describe('nobody else', () => {
  const body = JSON.stringify({ ref: 'refs/heads/main', before: 'a'.repeat(40), after: 'b'.repeat(40) })
  const wrong: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
    ['github', 'no signature', {}],
    ['github', 'another secret', { 'x-hub-signature-256': signed(body, 'guessed') }],
    ['github', 'the old signature', { 'x-hub-signature': `sha1=${'0'.repeat(40)}` }],
    ['github', 'another body', { 'x-hub-signature-256': signed(`${body} `) }],
    ['github', 'an empty signature', { 'x-hub-signature-256': '' }],
    ['gitlab', 'no token', {}],
    ['gitlab', 'a part of the token', { 'x-gitlab-token': secrets.LAB.slice(0, -1) }],
    ['gitlab', 'the name of the secret', { 'x-gitlab-token': 'LAB' }],
    ['gitlab', 'what a secret that is missing is checked with', { 'x-gitlab-token': 'nobody has this one' }],
    ['gitlab', 'a signature by the token', standard(body, secrets.LAB)],
    ['push', 'no signature', {}],
    ['push', 'another secret', standard(body, 'guessed')],
    ['push', 'another body', standard(`${body} `, secrets.PUSH)],
  ]

  it('is let in, told what was wrong, or left out of the counts', async () => {
    const [known, told] = [small.world.rows.length, new Set<string>()]
    for (const [path, what, headers] of wrong) {
      const answer = await post(path, body, { 'x-github-event': 'push', ...headers })
      strictEqual(answer.status, 401, `${path}: ${what}`)
      strictEqual(answer.body['name'], 'hook_refused')
      told.add(JSON.stringify(answer.body))
    }
    strictEqual(told.size, 1, 'one answer for whatever is wrong')
    strictEqual(small.world.rows.length, known)
    const { body: metrics } = await small.ask(rootToken, 'metrics.show')
    const counted = /^sluice_hooks_total\{source="github",outcome="refused"\} (\d+)$/m.exec(String(metrics['text']))
    strictEqual(Number(counted?.[1]), wrong.filter(([path]) => path === 'github').length)
  })

  it('is let in where the config names no source, or a secret that is not there', async () => {
    const other = await SmallApi.start()
    const ask = async (): Promise<number> =>
      (
        await other.fetch('/hooks/github', {
          method: 'POST',
          body,
          headers: { 'x-github-event': 'push', 'x-hub-signature-256': signed(body) },
        })
      ).status
    strictEqual(await ask(), 401)
    other.keys = { rules, secrets: new Map() }
    strictEqual(await ask(), 401)
    other.keys = { rules: { ...rules, github: null }, secrets: new Map(Object.entries(secrets)) }
    strictEqual(await ask(), 401)
    other.keys = { rules, secrets: new Map([['HUB', '']]) }
    strictEqual(await ask(), 401, 'a secret that is empty is one that everybody knows')
  })

  it('is read beyond what may be sent', async () => {
    const large = 'x'.repeat(limits.hookBodyBytesMax + 1)
    const { status, body: answer } = await post('github', large, { 'x-hub-signature-256': signed(large) })
    deepStrictEqual([status, answer['name']], [400, 'usage_invalid'])
  })
})

it('what is signed and makes no sense is said to be off, without a word of what was sent', async () => {
  const [push = {}] = examplesOf('push')
  const sent: readonly unknown[] = [
    'not json at all, sk_live_1',
    [],
    null,
    { ...push, ref: 'refs/heads/../../sk_live_1' },
    { ...push, ref: 'refs/heads/a\u0000b' },
    { ...push, ref: '--upload-pack=sk_live_1' },
    { ...push, ref: 'main' },
    { ...push, after: 'sk_live_1' },
    { ...push, ref: { toString: 'sk_live_1' } },
  ]
  for (const payload of sent) {
    const { status, body } = await github('push', payload)
    strictEqual(status, 400, JSON.stringify(payload))
    ok(!JSON.stringify(body).includes('sk_live_1'), JSON.stringify(body))
  }
})

it('a way that lacks its secret is shown with what it lacks', async () => {
  const other = await SmallApi.start()
  other.keys = { rules, secrets: new Map([['LAB', 'x']]) }
  const { body } = await other.ask(rootToken, 'source.show')
  deepStrictEqual(
    (body['ways'] as readonly Readonly<Record<string, unknown>>[]).map(({ kind, trouble }) => [kind, trouble]),
    [
      ['github', 'the secret HUB is not there'],
      ['gitlab', 'the secret SIGNING is not there'],
      ['push', 'the secret PUSH is not there'],
    ],
  )
})
