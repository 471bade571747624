import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { childrenOf, groupOf } from '../process-group.ts'
import { findProgram } from './find-program.ts'
import { ForkServer } from './fork-server.ts'
import { spawnStarter } from './spawn.ts'
import type { ProcessOrder, Started, Starter } from './started.ts'
import { ForkingStarter } from './starter.ts'

const path = process.env['PATH'] ?? ''
const perl = findProgram('perl', path)
const forking = new ForkingStarter({ path, graceMs: 500 })
after(() => forking.close())

const order = (script: string, over: Partial<ProcessOrder> = {}): ProcessOrder => ({
  program: '/bin/sh',
  argv: ['sh', '-c', script],
  env: { PATH: path },
  directory: '/',
  as: null,
  hasInput: false,
  ...over,
})

const startedBy = async (starter: Starter, ordered: ProcessOrder): Promise<Started> => {
  const started = await starter.start(ordered)
  assert.equal(started.kind, 'started', started.kind === 'unstartable' ? started.detail : '')
  return started.kind === 'started' ? started : assert.fail()
}

const outputOf = async (starter: Starter, ordered: ProcessOrder): Promise<string> => {
  const started = await startedBy(starter, ordered)
  const [output, errors] = await Promise.all([text(started.stdout), text(started.stderr), started.end])
  return output + errors
}

for (const [name, starter] of [
  ['spawn', spawnStarter],
  ['a fork server', forking],
] as const)
  describe(`processes started through ${name}`, () => {
    it('tell an exit code from a signal of the same number', async () => {
      const ends = await Promise.all(
        ['exit 0', 'exit 137', 'kill -9 $$'].map(async (script) => (await startedBy(starter, order(script))).end),
      )
      assert.deepEqual(ends, [
        { kind: 'exited', code: 0 },
        { kind: 'exited', code: 137 },
        { kind: 'signalled', signal: 'SIGKILL' },
      ])
    })

    it('get words, variables and folder as they were given', async () => {
      const env = { PATH: path, 'INPUT_A-B': 'two words', LINES: 'one\ntwo=é "\'$x', EMPTY: '' }
      const argv = ['called', '-c', 'pwd; printf "<%s>" "$0" "$@"; tr "\\0" "\\1" < /proc/$$/environ', 'a b', '', "c'd"]
      const [first = '', ...rest] = (await outputOf(starter, order('', { argv, env, directory: '/usr' }))).split('\n')
      assert.equal(first, '/usr')
      const said = rest.join('\n')
      assert.ok(said.startsWith("<a b><><c'd>"), said)
      for (const [variable, value] of Object.entries(env))
        assert.ok(said.includes(`${variable}=${value}\u0001`), variable)
    })

    it('lead a session, have nothing to read, and hold no descriptor but their own three', async () => {
      const listing = 'ls /proc/$$/fd'
      const [ids, pid = '', ...descriptors] = (
        await outputOf(starter, order(`cat; cut -d" " -f5,6 /proc/$$/stat; echo $$; ${listing}`))
      )
        .trim()
        .split('\n')
      assert.equal(ids, `${pid} ${pid}`)
      // What everybody here inherits, and what the shell holds itself, is the same without us.
      const usual = execFileSync('/bin/sh', ['-c', listing], { encoding: 'utf8' }).trim().split('\n')
      assert.deepEqual(descriptors, usual)
    })

    it('read what is written to their input, until it ends', async () => {
      const started = await startedBy(starter, order('cat', { hasInput: true }))
      started.stdin?.write('one\n')
      started.stdin?.end('two\n')
      assert.equal(await text(started.stdout), 'one\ntwo\n')
      assert.deepEqual(await started.end, { kind: 'exited', code: 0 })
    })

    it('that cannot be started say why', async () => {
      for (const over of [
        { program: '/no/such/program' },
        { directory: '/no/such/folder' },
        { env: { TOO_LONG: 'x'.repeat(200_000) } },
      ]) {
        const started = await starter.start(order('true', over))
        const refused = started.kind === 'started' ? await started.end : started
        assert.equal(refused.kind, 'unstartable')
        assert.match(refused.kind === 'unstartable' ? refused.detail : '', /ENOENT|No such file|E2BIG|too long/)
      }
    })

    it('are not started with a NUL byte, behind which something else would be theirs', async () => {
      for (const over of [
        { env: { PATH: path, A: 'secret\0LD_PRELOAD=/x' } },
        { argv: ['sh', '-c', 'true\0PATH=/x'] },
      ]) {
        const started = await starter.start(order('', over))
        assert.equal(started.kind, 'unstartable')
        assert.match(started.kind === 'unstartable' ? started.detail : '', /^[^:]* NUL byte in it$/)
        assert.doesNotMatch(started.kind === 'unstartable' ? started.detail : '', /secret/)
      }
    })

    it('end by a broken pipe, as from any shell', async () => {
      const started = await startedBy(starter, order('kill -PIPE $$; echo deaf'))
      assert.deepEqual(await started.end, { kind: 'signalled', signal: 'SIGPIPE' })
    })

    it('lose nothing of what they say, many at a time', async () => {
      const said = await Promise.all(
        Array.from({ length: 20 }, (_, index) => outputOf(starter, order(`yes ${index} | head -n 40000`))),
      )
      for (const [index, one] of said.entries()) assert.equal(one, `${index}\n`.repeat(40_000))
    })
  })

describe('a fork server', { skip: process.platform !== 'linux' || perl === null }, () => {
  const open = async (): Promise<ForkServer> =>
    (await ForkServer.open({ perl: perl ?? '', graceMs: 200 })) ?? assert.fail('no fork server')

  it('gives outputs that can be opened by name', async () => {
    const server = await open()
    assert.equal(await outputOf(server, order('echo out > /dev/stdout; echo err > /dev/stderr')), 'out\nerr\n')
    server.close()
  })

  it('that is killed is replaced; what it started is told to be lost', async () => {
    const starter = new ForkingStarter({ path, graceMs: 200 })
    const started = await startedBy(starter, order('sleep 60'))
    process.kill(parentOf(started.pid), 'SIGKILL')
    assert.deepEqual((await started.end).kind, 'lost')
    process.kill(-started.pid, 'SIGKILL')
    assert.equal(await outputOf(starter, order('echo again')), 'again\n')
    await starter.close()
  })

  it('has another in the place of a child that was killed while it waited', async () => {
    const server = await open()
    const first = await startedBy(server, order('sleep 60'))
    const waiting = (): readonly number[] => childrenOf(parentOf(first.pid)).filter((pid) => pid !== first.pid)
    const killed = new Set(waiting())
    for (const pid of killed) process.kill(pid, 'SIGKILL')
    while (waiting().some((pid) => killed.has(pid))) await sleep(1)
    assert.equal(await outputOf(server, order('echo there')), 'there\n')
    server.close()
    assert.equal(await text(first.stdout), '')
  })

  it('that is killed leaves no child behind that waits', { timeout: 20_000 }, async () => {
    const server = await open()
    const started = await startedBy(server, order('sleep 60'))
    const parent = parentOf(started.pid)
    const waiting = (): readonly number[] => childrenOf(parent).filter((pid) => pid !== started.pid)
    while (waiting().length < 2) await sleep(1)
    const left = waiting()
    process.kill(parent, 'SIGKILL')
    await started.end
    process.kill(-started.pid, 'SIGKILL')
    while (left.some(isAlive)) await sleep(5)
  })

  it(
    'ends what it started when this process is killed, even while it is asked for more',
    { timeout: 60_000 },
    async () => {
      const program = `
      import { ForkServer } from ${JSON.stringify(new URL('fork-server.ts', import.meta.url).href)}
      const server = await ForkServer.open({ perl: ${JSON.stringify(perl)}, graceMs: 200 })
      const order = { program: '/bin/sleep', argv: ['sleep', '600'], env: {}, directory: '/', as: null, hasInput: false }
      const { pid } = await server.start(order)
      process.stdout.write(String(pid))
      for (let more = 0; more < 200; more += 1) void server.start(order)
      setImmediate(() => process.kill(process.pid, 'SIGKILL'))`
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
      const pid = Number(stdout)
      assert.ok(pid > 0)
      while (isAlive(pid)) await sleep(5)
    },
  )

  it('ends what it started when it is let go: asked first, then killed', async () => {
    const server = await open()
    const mild = await startedBy(server, order('trap "echo asked; exit" TERM; echo up; while :; do sleep 0.01; done'))
    const deaf = await startedBy(server, order('trap "" TERM; echo up; while :; do sleep 0.01; done'))
    await Promise.all([mild, deaf].map(({ stdout }) => new Promise((heard) => void stdout.once('readable', heard))))
    server.close()
    assert.equal(await text(mild.stdout), 'up\nasked\n')
    assert.equal(await text(deaf.stdout), 'up\n')
  })

  it('ends those too whose leader went first', async () => {
    const server = await open()
    const script = `(trap "" TERM; echo up; while :; do sleep 0.01; done) & wait`
    const started = await startedBy(server, order(script))
    await new Promise((heard) => void started.stdout.once('readable', heard))
    server.close()
    // Ends when the last that holds it does.
    assert.equal(await text(started.stdout), 'up\n')
  })

  it('without descriptors starts nothing, and goes on', { timeout: 20_000 }, async () => {
    const module = new URL('fork-server.ts', import.meta.url).href
    const program = `
      import { closeSync, openSync } from 'node:fs'
      import { ForkServer } from ${JSON.stringify(module)}
      const server = await ForkServer.open({ perl: ${JSON.stringify(perl)}, graceMs: 200 })
      // It lives on and so keeps its descriptors; those that waited already find theirs.
      const order = { program: '/bin/cat', argv: ['cat'], env: {}, directory: '/', as: null, hasInput: true }
      const refusals = []
      for (let free = 0; free < 3; free += 1) {
        const held = []
        try { for (;;) held.push(openSync('/dev/null')) } catch {}
        for (const fd of held.slice(0, free)) closeSync(fd)
        const started = await Promise.all([order, order, order].map((one) => server.start(one)))
        refusals.push(started.at(-1).kind)
        for (const fd of held.slice(free)) closeSync(fd)
      }
      console.log(refusals.join(' '), (await server.start(order)).kind)
      server.close()`
    const limited = ['-c', 'ulimit -n 60; exec "$0" --input-type=module -e "$1"', process.execPath]
    const said = execFileSync('/bin/sh', [...limited, program], { encoding: 'utf8' })
    assert.equal(said.trim(), 'unstartable unstartable unstartable started')
  })

  it('opened ahead of time for somebody who never comes lets the process end', () => {
    const program = `
      import { ForkingStarter } from '${new URL('starter.ts', import.meta.url).href}'
      new ForkingStarter({ path: process.env.PATH, graceMs: 200 }).warm()`
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 10_000 })
  })

  it('that cannot be had is done without', async () => {
    assert.equal(await ForkServer.open({ perl: '/bin/false', graceMs: 200 }), null)
    assert.equal(await ForkServer.open({ perl: '/no/such/perl', graceMs: 200 }), null)
    const starter = new ForkingStarter({ path: '/no/such/folder', graceMs: 200 })
    assert.equal(await outputOf(starter, order('echo here')), 'here\n')
  })
})

const isAlive = (pid: number): boolean => groupOf(pid) !== null

const parentOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1])
