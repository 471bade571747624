import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Lab, logOf, makeLab, never, plan, processesWith, service } from '../../../test/runner/lab.ts'
import { limits } from '../../core/limits.ts'
import { LastLines } from './last-lines.ts'
import { keyName } from '../key-name.ts'
import { kindOf, recipeOf } from './recipes.ts'
import { ServicePorts } from './ports.ts'

let lab: Lab

before(async () => {
  lab = await makeLab()
})
after(() => lab.remove())

/** Answers on $PORT as soon as it listens; the word finds it among the processes. */
const server = (word: string): string =>
  `exec node -e "require('net').createServer((s) => s.on('error', () => {}).end('hello ${word}')).listen(process.env.PORT, '127.0.0.1')" ${word}`

describe('services of a job', () => {
  it('answer before the first step, on ports of their own that the steps are told, and are gone after the last', async () => {
    for (const isolation of ['auto', 'none'] as const) {
      const word = `sluice-service-${isolation}-${process.pid}`
      const services = [
        service({ name: 'my-db', command: server(word), ports: [5432], exports: { URL: 'tcp://{host}:{port}/x' } }),
        service({
          name: 'other',
          command: server(`${word}-2`),
          healthCommand:
            'echo > /dev/tcp/$OTHER_HOST/$OTHER_PORT || exec bash -c "echo > /dev/tcp/$OTHER_HOST/$OTHER_PORT"',
        }),
      ]
      const job = plan(
        [
          'cat < /dev/tcp/$MY_DB_HOST/$MY_DB_PORT; echo; cat < /dev/tcp/$OTHER_HOST/$OTHER_PORT; echo; test $URL = tcp://127.0.0.1:$MY_DB_PORT/x; test $MY_DB_PORT_5432 = $MY_DB_PORT; test $OTHER_PORT != $MY_DB_PORT',
        ],
        { services },
      )
      const runner = lab.runner({ isolation })
      const { outcome, tail } = await runner.run(lab.request(`run_1/job/services-${isolation}`, job), never)
      assert.equal(outcome, 'succeeded', tail.join('\n'))
      assert.ok(tail.includes(`hello ${word}`) && tail.includes(`hello ${word}-2`), tail.join('\n'))
      assert.equal(processesWith(word), 0)
    }
  })

  it('keep their data where nobody could have put a link before', async () => {
    const key = 'run_1/job/foreseen'
    const label = createHash('sha256')
      .update(join(lab.stateDir, 'jobs', keyName(key)))
      .digest('hex')
      .slice(0, 16)
    const victim = join(lab.root, 'victim')
    const foreseen = join(tmpdir(), `sluice-services-${label}`)
    await mkdir(victim)
    await symlink(victim, foreseen)
    try {
      const job = plan(['true'], {
        services: [service({ name: 'one', command: server(`sluice-data-${process.pid}`) })],
      })
      const { outcome, tail } = await lab.runner({ isolation: 'none' }).run(lab.request(key, job), never)
      assert.equal(outcome, 'succeeded', tail.join('\n'))
      assert.deepEqual(await readdir(victim), [])
      assert.ok(existsSync(foreseen), 'a name that somebody else gave away')
    } finally {
      await rm(foreseen)
    }
  })

  it('that end, never answer or cannot be had fail the job before its first step, each with what to do', async () => {
    const runner = lab.runner({ isolation: 'none' })
    const cases = [
      [
        'ends',
        service({ command: 'echo broken config >&2; exit 2' }),
        'start_failed',
        'service service ended with exit code 2',
      ],
      [
        'sleeps',
        service({ command: 'sleep 60', startTimeoutMs: 60 }),
        'health_failed',
        'service service was not healthy within 60 ms',
      ],
      [
        'unknown',
        service({ image: 'example.org/none/such:1' }),
        'tool_missing',
        'service service needs example.org/none/such:1: no Docker engine is there',
      ],
    ] as const
    for (const [name, one, code, detail] of cases) {
      const job = plan(['echo never'], { services: [one] })
      const environment = {
        PATH: (process.env['PATH'] ?? '')
          .split(':')
          .filter((folder) => !folder.includes('local'))
          .join(':'),
      }
      const { outcome, problem, reason } = await lab
        .runner({ isolation: 'none', environment })
        .run(lab.request(`run_1/job/${name}`, job), never)
      assert.deepEqual(
        { outcome, code: problem?.code, detail: problem?.detail, reason },
        { outcome: 'failed', code, detail, reason: { kind: 'service_failure' } },
      )
      assert.ok(!(await logOf(runner, `run_1/job/${name}`)).includes('never'))
    }
  })
})

describe('containers of a job', () => {
  /** An engine that has what is in a file, and cannot remove it as often as there are lines in another. */
  const engine = async (name: string): Promise<{ readonly path: string; readonly has: () => string }> => {
    const path = join(lab.root, name)
    await mkdir(path)
    const [containers, failures] = [join(path, 'containers'), join(path, 'failures')]
    const docker = `#!/bin/sh
case "$1" in
  version) exit 0 ;;
  ps) [ -e '${path}/deaf' ] && exit 1; cat '${containers}' 2>/dev/null; exit 0 ;;
  run) echo 1234 > '${containers}'; exec sleep 60 ;;
  rm) if [ -s '${failures}' ]; then sed -i 1d '${failures}'; exit 1; fi; rm '${containers}' ;;
esac`
    await writeFile(join(path, 'docker'), docker, { mode: 0o755 })
    return { path, has: () => (existsSync(containers) ? readFileSync(containers, 'utf8').trim() : '') }
  }
  const job = (): ReturnType<typeof plan> =>
    plan(['true'], { services: [service({ image: 'example.org/some:1', startTimeoutMs: 300 })] })

  it('are removed in the end, however often that fails', async () => {
    const { path, has } = await engine('engine')
    await writeFile(join(path, 'failures'), '1\n'.repeat(20))
    const runner = lab.runner({ isolation: 'none', environment: { PATH: `${path}:${process.env['PATH']}` } })
    const key = 'run_1/job/containers'
    const unknown = { code: 'outcome_unknown' }
    await assert.rejects(runner.run(lab.request(key, job()), never), unknown)
    await assert.rejects(runner.stop(key, never), unknown)
    assert.equal(has(), '1234')
    await writeFile(join(path, 'failures'), '')
    // An engine that does not answer has not said that there are none.
    await writeFile(join(path, 'deaf'), '')
    await assert.rejects(runner.stop(key, never), unknown)
    await rm(join(path, 'deaf'))
    await runner.stop(key, never)
    assert.equal(has(), '')
    await writeFile(join(path, 'deaf'), '')
    await runner.stop(key, never)
  })

  it('that are going already are asked for again, and the job ends as it would', async () => {
    const { path, has } = await engine('engine-late')
    await writeFile(join(path, 'failures'), '1\n')
    const runner = lab.runner({ isolation: 'none', environment: { PATH: `${path}:${process.env['PATH']}` } })
    const { problem } = await runner.run(lab.request('run_1/job/going', job()), never)
    assert.deepEqual([problem?.code, has()], ['health_failed', ''])
  })
})

describe('the last lines of a service', () => {
  it('are whole, wherever the output was cut', () => {
    const lines = new LastLines()
    for (const part of ['a sec', 'ret\nnext', ' line\n\nla', 'st'] as const) lines.push(Buffer.from(part))
    assert.deepEqual(lines.texts(), ['a secret', 'next line', 'last'])
    for (const part of ['x'.repeat(limits.jobLogLineMax), ' long sec', 'ret', '\nnew']) lines.push(Buffer.from(part))
    assert.deepEqual(lines.texts(), ['a secret', 'next line', 'new'])
  })

  it('are masked as one text when the job tells them', async () => {
    const secret = 'first line of it\nsecond line of it'
    const command = `printf 'first line '; sleep 0.2; printf 'of it\\nsecond line of it\\n'; exit 2`
    const job = plan(['true'], { services: [service({ command })] })
    const request = lab.request('run_1/job/told', job, { secrets: { KEY: secret } })
    const { tail } = await lab.runner({ isolation: 'none' }).run(request, never)
    assert.deepEqual(
      tail.filter((line) => line.includes('line of it') || line.includes('first line')),
      [],
    )
  })
})

describe('recipes of services', () => {
  it('are known by the image, whoever publishes it', () => {
    const images = [
      'postgres:16-alpine',
      'docker.io/library/redis@sha256:00',
      'postgis/postgis:16',
      'mariadb',
      'valkey/valkey:8',
      'nginx:1',
    ]
    assert.deepEqual(images.map(kindOf), ['postgres', 'redis', 'postgres', 'mysql', 'redis', null])
  })

  it('have passwords in files, and in no words that other accounts could read', async () => {
    const path = join(lab.root, 'programs')
    await mkdir(path)
    const programs = ['mariadbd', 'mariadb', 'mariadb-admin', 'mariadb-install-db', 'initdb', 'postgres', 'pg_isready']
    for (const name of programs) await writeFile(join(path, name), '#!/bin/sh', { mode: 0o755 })
    const place = { port: 1, folder: '/folder of it', path }
    const password = "a pass'word"
    const env = {
      MYSQL_ROOT_PASSWORD: password,
      MYSQL_USER: 'ada',
      MYSQL_PASSWORD: password,
      POSTGRES_PASSWORD: password,
    }
    for (const kind of ['mysql', 'postgres'] as const) {
      const recipe = recipeOf(kind, service({ image: `${kind}:1`, env }), place)
      assert.ok(recipe !== null)
      const words = [...recipe.prepare, recipe.serve, recipe.isReady ?? [], ...recipe.finish].flat()
      assert.deepEqual(
        words.filter((word) => word.includes('pass')),
        words.filter((word) => word === '/folder of it/password'),
      )
      assert.ok(Object.values(recipe.files).some((text) => text.includes('a pass')))
    }
  })

  it('are not given where the programs are missing', () => {
    const place = { port: 1, folder: '/nowhere', path: '/nowhere' }
    assert.equal(recipeOf('redis', service({ image: 'redis:7' }), place), null)
  })
})

describe('ports of services', () => {
  it('are the preferred one while it is free, and never the same twice', async () => {
    const ports = new ServicePorts()
    const preferred = await ports.take(null)
    ports.release(preferred)
    assert.equal(await ports.take(preferred), preferred)
    const other = await ports.take(preferred)
    assert.notEqual(other, preferred)
  })
})
