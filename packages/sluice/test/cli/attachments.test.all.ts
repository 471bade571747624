/** Files that reports name, from the job to the one who looks at them: over the command line, with and without a server, and over the API. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { execa } from 'execa'
import { schemas } from '../../src/http/schemas/all.ts'
import { serve, type Served } from '../../src/serve.ts'
import { removeState } from '../e2e/plane.ts'
import { sluice } from './sluice.ts'

let cwd = ''
let run = ''
let served: Served | null = null

/** 3 MB, so that it goes in several pieces. */
const film = `node -e 'process.stdout.write("film".repeat(750000))' > results/film.webm`
const junit = `printf '<testsuite><testcase name="%s"><system-out>[[ATTACHMENT|results/shot.png]]\\n[[ATTACHMENT|%s]]</system-out></testcase></testsuite>'`

before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sluice-attachments-'))
  const steps = (name: string, second: string): readonly string[] => [
    'mkdir results',
    `printf ${name} > results/shot.png`,
    film,
    'ln -s /etc/passwd results/link',
    `${junit} ${name} ${second} > junit.xml`,
  ]
  const jobs = {
    first: { steps: steps('first', 'results/film.webm'), reports: { junit: 'junit.xml' } },
    'second-job': { steps: steps('second', 'results/link'), reports: { junit: 'junit.xml' } },
    plain: { steps: 'true' },
  }
  await writeFile(join(cwd, 'sluice.config.json'), JSON.stringify({ service: 's', pipeline: { jobs } }))
  await writeFile(join(cwd, '.gitignore'), '.sluice/\n')
  const git = (...words: readonly string[]) =>
    execa('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...words], { cwd })
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '.')
  await git('commit', '--quiet', '--message=feat: one')
  const ended = await sluice({ cwd }, 'run', '--json')
  strictEqual(ended.code, 0, ended.stderr + ended.stdout)
  const listed = await sluice({ cwd }, 'runs', 'ls', '--json')
  run = JSON.parse(listed.stdout).items[0].id
})
after(async () => {
  await served?.close()
  await removeState(join(cwd, '.sluice'), [], cwd)
  await rm(cwd, { recursive: true, force: true })
})

const attachments = (...words: readonly string[]): ReturnType<typeof sluice> =>
  sluice({ cwd }, 'runs', 'attachments', run, ...words)

test('they are listed with job and size, and what could not be kept is said', async () => {
  const { code, stdout, stderr } = await attachments()
  strictEqual(code, 0, stderr)
  deepStrictEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
    [
      ['file', 'job', 'size', 'what'],
      ['results/shot.png', 'first', '5 B', 'first'],
      ['results/film.webm', 'first', '3 MB', 'first'],
      ['results/shot.png', 'second-job', '6 B', 'second'],
      ['results/link', 'second-job', 'not kept', 'second'],
    ],
  )
  match(stderr, /job second-job: junit\.xml: results\/link: the file lies outside of the checkout/)
  const json = JSON.parse((await attachments('--job', 'first', '--json')).stdout)
  deepStrictEqual(
    [json.attachments.length, json.attachments[0].bytes, json.gaps, json.saved, json.run],
    [2, 5, [], null, run],
  )
  match((await attachments('--job', 'plain')).stderr, /no report of this run names a file/)
  const unknown = await attachments('--job', 'none')
  deepStrictEqual([unknown.code, /has no job "none"/.test(unknown.stderr)], [2, true])
})

test('they are saved below a folder, of one job under their paths, of several below a folder each', async () => {
  const one = await attachments('--job', 'first', '--save', 'one')
  strictEqual(one.code, 0, one.stderr)
  strictEqual(one.stdout, `${join(cwd, 'one/results/shot.png')}\n${join(cwd, 'one/results/film.webm')}\n`)
  strictEqual(await readFile(join(cwd, 'one/results/shot.png'), 'utf8'), 'first')
  strictEqual(await readFile(join(cwd, 'one/results/film.webm'), 'utf8'), 'film'.repeat(750_000))
  strictEqual((await attachments('--save', 'all')).code, 0)
  strictEqual(await readFile(join(cwd, 'all/second-job/results/shot.png'), 'utf8'), 'second')
  deepStrictEqual((await readdir(join(cwd, 'all'))).toSorted(), ['first', 'second-job'])

  await writeFile(join(cwd, 'one/results/film.webm'), 'mine')
  await rm(join(cwd, 'one/results/shot.png'))
  const refused = await attachments('--job', 'first', '--save', 'one')
  deepStrictEqual([refused.code, existsSync(join(cwd, 'one/results/shot.png'))], [2, false])
  match(refused.stderr, /film\.webm is there already; nothing was saved/)
  strictEqual(await readFile(join(cwd, 'one/results/film.webm'), 'utf8'), 'mine')
  strictEqual((await attachments('--job', 'first', '--save', 'one', '--overwrite')).code, 0)
  strictEqual(await readFile(join(cwd, 'one/results/shot.png'), 'utf8'), 'first')
})

test('the API streams one with its type and name, and never the whole of one that is damaged', async () => {
  const stateDir = join(cwd, '.sluice')
  served = await serve({ projectDir: cwd, stateDir, host: '127.0.0.1', port: 0, onFatal: () => {} })
  const { url } = served
  const token = (await readFile(join(stateDir, 'token'), 'utf8')).trim()
  const ask = (path: string, job = 'first'): Promise<Response> =>
    fetch(`${url}/v1/runs/${run}/jobs/${job}/attachment?path=${encodeURIComponent(path)}`, {
      headers: { authorization: `Bearer ${token}` },
    })
  for (const [path, schema] of [
    ['attachments', schemas.Attachments],
    ['evidence', schemas.Evidence],
  ] as const) {
    const listed = await fetch(`${url}/v1/runs/${run}/${path}`, { headers: { authorization: `Bearer ${token}` } })
    deepStrictEqual(schema.safeParse(await listed.json()).error?.issues ?? [], [], path)
  }
  const answer = await ask('results/film.webm')
  deepStrictEqual(
    ['content-type', 'content-length', 'content-disposition', 'x-content-type-options'].map((name) =>
      answer.headers.get(name),
    ),
    ['video/webm', '3000000', `attachment; filename="film.webm"; filename*=UTF-8''film.webm`, 'nosniff'],
  )
  strictEqual(await answer.text(), 'film'.repeat(750_000))
  deepStrictEqual(
    [
      (await ask('results/link', 'second-job')).status,
      (await ask('/etc/passwd')).status,
      (await ask('results/film.webm', 'none')).status,
      (await ask('')).status,
    ],
    [404, 404, 404, 400],
  )
  strictEqual((await attachments('--save', 'over-the-wire')).code, 0)
  strictEqual(await readFile(join(cwd, 'over-the-wire/first/results/shot.png'), 'utf8'), 'first')

  const files = join(stateDir, 'evidence/files')
  for (const name of await readdir(files)) {
    const content = await readFile(join(files, name))
    await writeFile(join(files, name), content.fill('x', 0, 1))
  }
  const small = await ask('results/shot.png')
  deepStrictEqual([small.status, ((await small.json()) as { readonly name: string }).name], [422, 'artifact_mismatch'])
  const outcome = await ask('results/film.webm')
    .then((large) => large.arrayBuffer())
    .then(
      () => 'whole',
      () => 'broken off',
    )
  strictEqual(outcome, 'broken off')
  const damaged = await attachments('--job', 'first', '--save', 'damaged', '--json')
  ok(damaged.code !== 0)
  deepStrictEqual(await readdir(join(cwd, 'damaged/results')), [])
  for (const name of await readdir(files)) await rm(join(files, name))
  strictEqual((await ask('results/shot.png')).status, 404)
})

test('evidence of runs that are older than the config keeps goes at the end of a later run', async () => {
  await served?.close()
  served = null
  const config = JSON.parse(await readFile(join(cwd, 'sluice.config.json'), 'utf8'))
  await writeFile(
    join(cwd, 'sluice.config.json'),
    JSON.stringify({ ...config, pipeline: { ...config.pipeline, evidence: { runs: 1 } } }),
  )
  const folder = join(cwd, '.sluice/evidence')
  for (const name of ['.', ...(await readdir(folder, { recursive: true }))]) await utimes(join(folder, name), 1, 1)
  strictEqual((await sluice({ cwd }, 'run', '--job', 'plain')).code, 0)
  deepStrictEqual((await readdir(folder, { recursive: true })).toSorted(), ['files', 'sha256', 'swept'])
  const gone = await attachments()
  deepStrictEqual([gone.code, /what is older than pipeline\.evidence says/.test(gone.stderr)], [3, true], gone.stderr)
})
