import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Lab, logOf, makeLab, never, plan, step } from '../../test/runner/lab.ts'
import { builtinSteps } from '../adapters/security/steps.ts'
import { hiddenFrom } from './hidden.ts'

let lab: Lab
let isApart = false

before(async () => {
  lab = await makeLab()
  isApart = ['layers', 'processes'].includes((await lab.runner().isolation()).kind)
  for (const [name, text] of [
    ['secrets.json', '{}'],
    ['token', 'token'],
    ['cache/key', 'key'],
    ['keys/provenance.pem', 'pem'],
    ['jobs/other/steps.json', '{}'],
  ] as const) {
    await mkdir(join(lab.stateDir, name, '..'), { recursive: true })
    await writeFile(join(lab.stateDir, name), text, { mode: 0o600 })
  }
})
after(() => lab.remove())

describe('a job in namespaces', () => {
  it('sees nothing of the state directory but what it works with, also after a checkpoint', async (context) => {
    if (!isApart) return context.skip('namespaces cannot be made here')
    const look = `cd ${lab.stateDir}; find . -maxdepth 2 | grep -v '^./checkouts/' | sort | sed 's/^/has /'; cat cache/key token secrets.json ../state/cache/key /proc/1/cwd/../../token 2>/dev/null || true`
    const job = plan([
      step(look),
      step(`test "$(cat file)" = one; echo two > file; ${look}`),
      step('test "$(cat file)" = two'),
    ])
    const runner = lab.runner()
    const { outcome, tail } = await runner.run(lab.request('run_1/job/looks', job), never)
    assert.equal(outcome, 'succeeded', tail.join('\n'))
    const lines = (await logOf(runner, 'run_1/job/looks')).filter((line) => !/^(?:[$ ] |isolation)/.test(line))
    const names = lines.filter((line) => line.startsWith('has ')).map((line) => line.slice(4))
    assert.deepEqual(
      [...new Set(names)].filter((name) => !name.startsWith('./jobs/run')),
      ['.', './checkouts', './jobs'],
      lines.join('\n'),
    )
    assert.equal(names.length, 8)
    assert.deepEqual(
      lines.filter((line) => !line.startsWith('has ')),
      [],
    )
  })

  it('cannot change the checkout that other jobs of the commit work over', async (context) => {
    if (!isApart) return context.skip('namespaces cannot be made here')
    const runner = lab.runner()
    const job = plan([
      `for one in ${lab.stateDir}/checkouts/*/checkout/file; do echo bad > "$one" || echo refused; done; true`,
    ])
    await runner.run(lab.request('run_2/job/writes', job), never)
    assert.ok((await logOf(runner, 'run_2/job/writes')).includes('refused'))
  })

  it('sees the folders that its built-in steps work in, and a folder that it was given', async (context) => {
    const { stateDir, repository } = lab
    const builtins = builtinSteps({ projectDir: repository, stateDir, sluiceVersion: '1', now: () => 1 })
    const builtin = { name: 'sluice/provenance', options: {} }
    const folder = join(stateDir, 'jobs', 'one')
    const from = { stateDir, folder, repository, builtins, plan: plan([step('sluice/provenance', { builtin })]) }
    await mkdir(join(stateDir, 'work', 'given'), { recursive: true })
    await mkdir(folder, { recursive: true })
    const files = { kind: 'given', directory: join(stateDir, 'work', 'given') } as const
    assert.deepEqual(
      hiddenFrom({ ...from, files }).shown.map(({ path, access }) => [path.slice(stateDir.length + 1), access]),
      [
        ['keys', 'write'],
        ['jobs/one', 'write'],
        ['provenance', 'write'],
        ['work/given', 'write'],
      ],
    )
    if (!isApart) return context.skip('namespaces cannot be made here')
    const request = lab.request('run_3/job/given', plan(['echo made > made']), { directory: files.directory })
    assert.equal((await lab.runner().run(request, never)).outcome, 'succeeded')
    assert.equal(await readFile(join(files.directory, 'made'), 'utf8'), 'made\n')
  })
})
