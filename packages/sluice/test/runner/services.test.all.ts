/** PostgreSQL, Redis and MariaDB from the machine's own packages, as services of jobs. Installs them where they are missing (Debian, as root). */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import type { PlannedService } from '../../src/core/pipeline/job-plan.ts'
import { findProgram } from '../../src/lib/processes/find-program.ts'
import { type Lab, makeLab, never, plan, processesWith, service } from './lab.ts'

let lab: Lab

const path = `${process.env['PATH'] ?? ''}:/usr/sbin`

const missingPackages = (): readonly string[] => [
  ...(existsSync('/usr/lib/postgresql') ? [] : ['postgresql']),
  ...(findProgram('redis-server', path) === null ? ['redis-server'] : []),
  ...(findProgram('mariadbd', path) === null ? ['mariadb-server'] : []),
]

before(async () => {
  const packages = missingPackages()
  if (packages.length > 0) {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'ignore' })
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('apt-get', ['install', '-y', '-qq', ...packages], { stdio: 'ignore', env: environment })
  }
  lab = await makeLab()
})
after(() => lab.remove())

const cases: readonly (readonly [PlannedService, readonly string[], string])[] = [
  [
    service({
      name: 'db',
      image: 'postgres:16-alpine',
      env: { POSTGRES_USER: 'ada', POSTGRES_PASSWORD: "it's p@ss", POSTGRES_DB: 'shop' },
      ports: [5432],
      startTimeoutMs: 60_000,
    }),
    [
      'psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -c "create table t (a int); insert into t values (41 + 1)"',
      `test "$(psql "$DATABASE_URL" -tAc 'select a from t')" = 42`,
      '! PGPASSWORD=wrong psql -h 127.0.0.1 -p $DB_PORT -U ada shop -c "select 1"',
      'test $DB_PORT_5432 = $DB_PORT',
    ],
    'sluice-services',
  ],
  [
    service({ name: 'cache', image: 'redis:7', startTimeoutMs: 30_000 }),
    [
      'redis-cli -p $CACHE_PORT set a 42',
      'test "$(redis-cli -p $CACHE_PORT get a)" = 42',
      'test $REDIS_URL = redis://127.0.0.1:$CACHE_PORT',
    ],
    'redis-server',
  ],
  [
    service({
      name: 'mysql',
      image: 'mysql:8',
      env: { MYSQL_ROOT_PASSWORD: 'root', MYSQL_DATABASE: 'shop', MYSQL_USER: 'ada', MYSQL_PASSWORD: "it's" },
      startTimeoutMs: 120_000,
    }),
    [`test "$(mariadb -h 127.0.0.1 -P $MYSQL_PORT -u ada "-pit's" shop -Ne 'select 42')" = 42`],
    'mariadbd',
  ],
]

for (const isolation of ['auto', 'none'] as const) {
  describe(`services from the machine's own programs, isolation ${isolation}`, () => {
    for (const [one, steps, word] of cases) {
      it(`${one.image ?? ''} serves with its accounts and is gone after the job, data included`, async () => {
        const before = processesWith(word)
        const job = plan(steps, { services: [one], timeoutMs: 180_000 })
        const runner = lab.runner({ isolation, environment: { PATH: path, HOME: lab.root } })
        const { outcome, tail } = await runner.run(lab.request(`run_1/job/${one.name}-${isolation}`, job), never)
        assert.equal(outcome, 'succeeded', tail.join('\n'))
        assert.equal(processesWith(word), before)
        assert.deepEqual(
          execFileSync('sh', ['-c', 'ls -d /tmp/sluice-services-* 2>/dev/null || true'], { encoding: 'utf8' }),
          '',
        )
      })
    }
  })
}
