/** What people get wrong, typed into the real command line, of each kind once as a process: each mistake has a code, an exit code, the reason with its values, and a next step. */
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { freePort } from '../free-port.ts'
import { type Ended, type Place, sluice, sluiceHere } from './sluice.ts'

const holds = (ended: Ended, code: number, ...patterns: readonly RegExp[]): void => {
  strictEqual(ended.code, code, ended.stdout + ended.stderr)
  for (const pattern of patterns) match(ended.stderr, pattern)
}

describe('words', () => {
  const place: Place = { cwd: tmpdir() }

  test('an unknown command, subcommand or flag is answered with the nearest one', async () => {
    holds(await sluice(place, 'depoly', 'staging'), 2, /SLU-1001/, /unknown command 'depoly'/, /did you mean deploy\?/)
    holds(await sluiceHere(place, 'env', 'lokc', 'staging'), 2, /did you mean lock\?/, /sluice env --help/)
    holds(await sluiceHere(place, 'abort'), 2, /did you mean sluice rollout abort/)
    // Not the help of `run`, which it begins like.
    holds(await sluiceHere(place, 'runs', 'lss'), 2, /sluice runs --help/)
    holds(
      await sluiceHere(place, 'deploy', 'staging', '--relase', '1'),
      2,
      /unknown option '--relase'/,
      /did you mean --release\?/,
    )
  })

  test(
    'a user of whom the system knows only the number is one, too',
    { skip: process.getuid?.() === 0 ? false : 'only root may start a process as somebody else' },
    async () => {
      const { code, stdout, stderr } = await sluice({ ...place, uid: 54_321 }, 'explain', 'SLU-1006')
      deepStrictEqual([code, stderr], [0, ''])
      match(stdout, /^SLU-1006/)
    },
  )

  test('a missing argument, a span that is none and a reason that is missing are said before anything is asked', async () => {
    holds(await sluiceHere(place, 'why'), 2, /missing required argument 'rollout'/)
    const glass = ['deploy', 'staging', '--break-glass', 'checkout is down'] as const
    holds(await sluiceHere(place, ...glass, '--queue'), 2, /SLU-1001/, /--queue cannot be said beside it/)
    holds(
      await sluiceHere(place, 'deploy', 'staging', '--timeout', 'soon'),
      2,
      /--timeout soon is no span of time/,
      /90s, 15m/,
    )
    holds(await sluiceHere(place, 'env', 'lock', 'staging'), 2, /a reason is missing/)
    holds(
      await sluiceHere(place, 'runs', 'ls', '--status', 'done'),
      2,
      /SLU-1001/,
      /--status is one of running, .*failed/,
    )
    holds(await sluiceHere(place, 'incidents', 'ls', '--from', 'monday'), 2, /--from monday is not a moment/)
    holds(await sluiceHere(place, 'ledger', 'ls', '--after', '1', '--before', '9'), 2, /give one of them/)
    holds(await sluiceHere(place, 'explain', 'SLU-9999'), 2, /SLU-1006/)
    holds(await sluiceHere(place, 'completion', 'tcsh'), 2, /bash \| zsh \| fish/)
  })

  test('a server that is not there is unreachable, and an address that is none is said to be none', async () => {
    const port = await freePort()
    holds(
      await sluiceHere(place, 'status', '--server', `127.0.0.1:${port}`),
      7,
      /SLU-1103/,
      /ECONNREFUSED/,
      /sluice up -d/,
    )
    holds(await sluiceHere(place, 'status', '--server', 'ftp://x'), 2, /is not the address of a server/)
  })

  test('with --json an error is one object on stdout, and nothing else is said', async () => {
    const { code, stdout, stderr } = await sluice(place, 'explain', 'nonsense', '--json')
    deepStrictEqual([code, stderr], [2, ''])
    const { schemaVersion, error } = JSON.parse(stdout)
    deepStrictEqual(
      [schemaVersion, error.code, error.name, error.retry, error.now],
      [1, 'SLU-1006', 'not_found', 'never', null],
    )
  })

  test('colour is for terminals and for those who force it, and marks have words where the locale has none', async () => {
    const plain = await sluice({ ...place, env: { LANG: 'C' } }, 'explain', 'nonsense')
    match(plain.stderr, /^x SLU-1006/)
    const forced = await sluiceHere({ ...place, env: { FORCE_COLOR: '1' } }, 'explain', 'nonsense')
    strictEqual(forced.stderr.startsWith('\u001B[31m✖'), true)
    const refused = await sluiceHere({ ...place, env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, 'explain', 'nonsense')
    strictEqual(refused.stderr.includes('\u001B'), false)
  })
})

describe('a config', () => {
  let directory: string
  let place: Place
  before(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), 'sluice-cli-')))
    place = { cwd: directory }
  })
  after(() => rm(directory, { recursive: true, force: true }))
  const write = (text: string): Promise<void> => writeFile(join(directory, 'sluice.config.ts'), text)

  test('that is missing is answered with init', async () => {
    holds(await sluiceHere(place, 'validate'), 2, /SLU-1003/, /sluice init/)
    // A command typed in the wrong place makes no state there, and starts nothing.
    for (const words of [['status'], ['deploy', 'staging'], ['up', '-d'], ['run']]) {
      holds(await sluiceHere(place, ...words), 2, /SLU-1003/, /sluice init/)
    }
    for (const words of [['deploy'], ['promote']])
      holds(await sluiceHere(place, ...words, 'staging', '--remediates', ' , '), 2, /SLU-1001/, /names no rollout/)
    deepStrictEqual(await readdir(directory), [])
  })

  test('with a mistyped key is told by file, line and nearest key', async () => {
    await write("export default {\n  service: 'shop',\n  pipeline: { jobs: { test: { stepps: 'npm test' } } },\n}\n")
    holds(await sluiceHere(place, 'validate'), 2, /SLU-1002/, /sluice\.config\.ts:3:31/, /Did you mean "steps"\?/)
    holds(await sluiceHere(place, 'run'), 2)
  })

  test('whose jobs need each other in a circle is told with the circle', async () => {
    await write(
      "export default {\n  service: 'shop',\n  pipeline: { jobs: { a: { needs: ['b'], steps: 'true' }, b: { needs: ['a'], steps: 'true' } } },\n}\n",
    )
    holds(await sluiceHere(place, 'validate'), 2, /SLU-1004/, /a → b → a|b → a → b/)
  })

  test('that no commit has is asked to be committed, and one in a folder of the repository is not made: no run would find it', async () => {
    await execa('git', ['init', '--quiet'], { cwd: directory })
    const names = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.org']
    await execa('git', [...names, 'commit', '--quiet', '--allow-empty', '--message', 'feat: x'], { cwd: directory })
    await write("export default { service: 'shop', pipeline: { jobs: { a: { steps: 'true' } } } }\n")
    holds(await sluice(place, 'run'), 2, /SLU-1003/, /commit \w{12} has no sluice\.config\.ts at its root/, /git add/)
    const cwd = join(directory, 'services', 'api')
    await mkdir(cwd, { recursive: true })
    holds(await sluice({ cwd }, 'init'), 2, /is a folder of the repository/, /sluice init/)
    deepStrictEqual(await readdir(cwd), [])
  })

  test('is not written over by init unless it is forced', async () => {
    holds(await sluiceHere(place, 'init'), 2, /is there already/, /--force/)
  })
})

test('a run without git says that git is missing', async () => {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'sluice-cli-')))
  const bin = join(directory, 'bin')
  await mkdir(bin)
  await symlink(process.execPath, join(bin, 'node'))
  await writeFile(
    join(directory, 'sluice.config.ts'),
    "export default { service: 'shop', pipeline: { jobs: { test: { steps: 'true' } } } }\n",
  )
  const place: Place = { cwd: directory, env: { PATH: bin } }
  holds(await sluice(place, 'run'), 2, /SLU-1005/, /git/)
  const doctor = await sluice(place, 'doctor')
  strictEqual(doctor.code, 2)
  match(doctor.stdout, /✖ git +git is not installed/)
  await rm(directory, { recursive: true, force: true })
})
