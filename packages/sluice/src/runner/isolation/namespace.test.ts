import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { logOf, makeLab, never, plan, service } from '../../../test/runner/lab.ts'
import { spawnStarter } from '../../lib/processes/spawn.ts'
import { SluiceError } from '../../core/errors.ts'
import { detectIsolation } from './detect.ts'
import { enterWords, findLaunchers, launchWords, type Launcher } from './launcher.ts'
import { Namespace } from './namespace.ts'
import { mountLine, unmountLine } from './overlay.ts'

const environment = { PATH: process.env['PATH'] ?? '' }
let root = ''

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-namespace-'))
})
after(() => rm(root, { recursive: true, force: true }))

/** The launchers that may make namespaces here: none in a container without the right, both as root. */
const usable = async (): Promise<readonly Launcher[]> => {
  const isolation = await detectIsolation({ folder: root, environment, starter: spawnStarter })
  return isolation.kind === 'layers' ? findLaunchers(environment.PATH) : []
}

describe('namespaces', () => {
  it('of each launcher hold layers that one process sees and another reads, and end with all processes', async () => {
    for (const launcher of await usable()) {
      const folder = join(root, launcher.kind)
      for (const name of ['w', 'l0', '1/u', '1/k']) await mkdir(join(folder, name), { recursive: true })
      await writeFile(join(folder, 'l0', 'below'), 'below\n')
      const namespace = await Namespace.open({
        launcher,
        starter: spawnStarter,
        network: 'shared',
        folder,
        environment,
      })
      const overlay = { words: launcher.user === null ? 'redirect_dir=on' : 'userxattr', renames: false }
      assert.equal(await namespace.tell(mountLine({ lowers: ['l0'], layer: 1, overlay })), 0)
      const [program = '', ...words] = namespace.enter(
        ['sh', '-c', 'cat below > above; sleep 300 >/dev/null 2>&1 & readlink /proc/self'],
        { directory: join(folder, 'w'), as: null },
      )
      const inside = Number(execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }))
      assert.ok(inside < 20, 'a pid namespace of its own')
      assert.equal(await readFile(namespace.view(join(folder, 'w', 'above')), 'utf8'), 'below\n')
      assert.equal(await readFile(join(folder, '1', 'u', 'above'), 'utf8'), 'below\n')
      assert.notEqual(await namespace.tell(unmountLine), 0, 'the sleeping process is in it')
      await namespace.end()
      assert.equal(await namespace.tell('true'), null)
    }
  })

  it('of each launcher hide a folder but for what is shown of it, whatever becomes of the files in it', async () => {
    for (const launcher of await usable()) {
      const hidden = join(root, `hidden-${launcher.kind}`)
      const folder = join(hidden, 'jobs', 'a job')
      await mkdir(folder, { recursive: true })
      await mkdir(join(hidden, 'shared'))
      await writeFile(join(hidden, 'key'), 'key')
      await writeFile(join(hidden, 'shared', 'file'), 'shared')
      const shown = [
        { path: folder, access: 'write' },
        { path: join(hidden, 'shared'), access: 'read' },
      ] as const
      const namespace = await Namespace.open({
        launcher,
        starter: spawnStarter,
        network: 'shared',
        folder,
        environment,
        hidden: { folder: hidden, shown },
      })
      await writeFile(join(hidden, 'new'), 'key')
      await rename(join(hidden, 'new'), join(hidden, 'key'))
      const script = `cat ${hidden}/key /proc/1/cwd/../../key; ls ${hidden}; cat ${hidden}/shared/file; echo x > ${hidden}/shared/file; echo made > made`
      const [program = '', ...words] = namespace.enter(['sh', '-c', `exec 2>/dev/null; ${script}`], {
        directory: folder,
        as: null,
      })
      assert.equal(execFileSync(program, words, { encoding: 'utf8' }), 'jobs\nshared\nshared')
      assert.equal(await readFile(join(folder, 'made'), 'utf8'), 'made\n')
      assert.equal(await readFile(join(hidden, 'shared', 'file'), 'utf8'), 'shared')
      await namespace.end()
    }
  })

  it('of each launcher outlive processes whose parent has ended, and that end then', async () => {
    for (const launcher of await usable()) {
      const folder = join(root, `orphans-${launcher.kind}`)
      await mkdir(folder, { recursive: true })
      const namespace = await Namespace.open({
        launcher,
        starter: spawnStarter,
        network: 'shared',
        folder,
        environment,
      })
      const [program = '', ...words] = namespace.enter(['sh', '-c', '(sleep 0.05 &) ; exit 0'], {
        directory: '/',
        as: null,
      })
      execFileSync(program, words, { stdio: 'ignore' })
      await new Promise((resolve) => setTimeout(resolve, 200))
      assert.equal(await namespace.tell('true'), 0, launcher.kind)
      await namespace.end()
    }
  })

  it('that cannot be made say why', async () => {
    const launcher = { kind: 'unshare', program: '/bin/false', nsenter: '/bin/false', user: null } as const
    await assert.rejects(
      Namespace.open({ launcher, starter: spawnStarter, network: 'shared', folder: root, environment }),
      (error) =>
        error instanceof SluiceError &&
        error.code === 'tool_missing' &&
        error.detail.startsWith('unshare cannot make namespaces here'),
    )
  })

  it('are words, the same for whoever reads them', () => {
    const user = { uid: 1000, gid: 100 }
    const bwrap = { kind: 'bwrap', program: '/usr/bin/bwrap', nsenter: '/usr/bin/nsenter', user } as const
    assert.equal(
      launchWords(bwrap, 'own', { script: 'true', args: [] }).join(' '),
      '/usr/bin/bwrap --dev-bind / / --proc /proc --unshare-pid --die-with-parent --cap-add ALL --unshare-user --uid 1000 --gid 100 --unshare-net -- sh -c true sluice',
    )
    assert.equal(
      enterWords(bwrap, { keeper: 7, directory: '/a', network: 'own', as: null }, ['true']).join(' '),
      '/usr/bin/nsenter --target 7 --user --preserve-credentials --mount --pid --net --wd=/proc/7/root/a -- true',
    )
  })
})

describe('a network of a job’s own', () => {
  it('has a loopback on which its services answer, and nothing else', async () => {
    const lab = await makeLab()
    try {
      const runner = lab.runner({ network: 'own' })
      const [launcher] = await usable()
      if (launcher?.kind !== 'bwrap') return assert.ok(readFileSync('/proc/net/dev', 'utf8').includes('lo'))
      const command = `exec node -e "require('net').createServer((s) => s.on('error', () => {}).end('hello')).listen(process.env.PORT, '127.0.0.1')"`
      const job = plan(['cat < /dev/tcp/127.0.0.1/$SERVICE_PORT; echo; tail -n +3 /proc/net/dev | wc -l'], {
        services: [service({ command })],
      })
      assert.equal((await runner.run(lab.request('run_1/job/network', job), never)).outcome, 'succeeded')
      assert.deepEqual((await logOf(runner, 'run_1/job/network')).slice(-2), ['hello', '1'])
    } finally {
      await lab.remove()
    }
  })
})
